// Goal: a partitioned table is captured as its root, with the rows of every partition exactly once,
// and what the log does not tell of partitions is found.
// Method: a real server; partitions come, go, are emptied and rewritten; what is found is compared
// with what was done, and what landed with what the root has.
#include "capture/postgres/partitions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "capture/postgres/capture_fixture.h"
#include "capture/postgres/preflight.h"

namespace weir::capture::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PartitionsTest : public CaptureTest {
protected:
    void SetUp() override {
        CaptureTest::SetUp();
        run("CREATE TABLE claims.claim (id int, year int, note text, PRIMARY KEY (id, year)) "
            "PARTITION BY RANGE (year);"
            "CREATE TABLE claims.old PARTITION OF claims.claim FOR VALUES FROM (0) TO (2000) "
            "PARTITION BY HASH (id);"
            "CREATE TABLE claims.old_even PARTITION OF claims.old FOR VALUES WITH (MODULUS 2, "
            "REMAINDER 0);"
            // Another order of columns, and a hole among them.
            "CREATE TABLE claims.old_odd (gone int, note text, year int NOT NULL, id int NOT NULL);"
            "ALTER TABLE claims.old_odd DROP gone; ALTER TABLE claims.old ATTACH PARTITION "
            "claims.old_odd FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
            "CREATE TABLE claims.new PARTITION OF claims.claim FOR VALUES FROM (2000) TO (2100);"
            "INSERT INTO claims.claim SELECT i, 1990 + i % 20, repeat('n', 300) FROM "
            "generate_series(1, 1000) i");
        before_ = read();
    }

    std::vector<Partition> read() const {
        return read_partitions(*session, {{"claims", "claim"}}).value();
    }

    /// What the log has not told since the last time, one word a partition.
    std::vector<std::string> untold(const std::set<catalog::TableName>& truncated = {}) {
        const auto now = read();
        std::vector<std::string> words;
        const auto found = find_untold(*session, before_, now, truncated);
        EXPECT_THAT(found, IsOk());
        for (const UntoldChange& change : *found) {
            EXPECT_EQ(change.root.table, "claim");
            words.push_back(change.partition.table + " " + change.what);
        }
        before_ = now;
        return words;
    }

    /// The rows of the root after all that landed, by key.
    static std::map<std::string, std::string> replayed(const RecordingSink& sink) {
        std::map<std::string, std::string> rows;
        for (const WrittenRow& row : written_rows(sink.batches)) {
            EXPECT_EQ(row.table, "claims.claim");
            const auto key_of = [](const std::string& text) {
                return text.substr(0, text.find(" note"));
            };
            const auto at = row.text.find(" id[");
            if (row.text.find("TRUNCATE") != std::string::npos) {
                rows.clear();
            } else if (row.text.find("DELETE") != std::string::npos) {
                rows.erase(key_of(row.text.substr(at)));
            } else {
                const auto begin = row.text.rfind(" id[");
                rows[key_of(row.text.substr(begin))] = row.text.substr(begin);
            }
        }
        return rows;
    }

    std::vector<Partition> before_;
};

TEST_F(PartitionsTest, TheSnapshotHasTheRowsOfAllPartitionsByChunksOfEach) {
    RecordingSink sink;
    const auto read = snapshot(sink);
    ASSERT_EQ(contracts.size(), 1U);
    EXPECT_EQ(contracts[0]->name.table, "claim");
    EXPECT_EQ(replayed(sink).size(), 1000U);
    EXPECT_EQ(written_rows(sink.batches).size(), 1000U);
    std::map<std::uint64_t, int> chunks;
    for (const auto& chunk : read->plan().chunks) {
        ++chunks[chunk.storage];
    }
    EXPECT_EQ(chunks.size(), 3U);
    EXPECT_GT(chunks.begin()->second, 1);
    EXPECT_EQ(read->partitions().value(), before_);
}

TEST_F(PartitionsTest, TheStreamTellsTheRootWhateverThePartitionAndMovesRowsBetweenThem) {
    RecordingSink sink;
    snapshot(sink);
    run("UPDATE claims.claim SET year = 2050 WHERE id IN (1, 2);"
        "UPDATE claims.claim SET note = 'short' WHERE id = 3;"
        "INSERT INTO claims.old_even VALUES (2002, 1, 'straight into a partition')");
    run("CREATE TABLE claims.newest PARTITION OF claims.claim FOR VALUES FROM (2100) TO (2200);"
        "INSERT INTO claims.claim VALUES (5000, 2150, 'new'); UPDATE claims.claim SET year = 2160 "
        "WHERE id = 4; DELETE FROM claims.claim WHERE id = 5");
    stream(options, sink);
    EXPECT_EQ(fmt::format("{}", replayed(sink).size()), ask("SELECT count(*) FROM claims.claim"));
    EXPECT_TRUE(sink.contracts.empty());
    EXPECT_THAT(untold(), IsEmpty());
    RecordingSink truncated;
    run("TRUNCATE claims.claim");
    stream(options, truncated);
    EXPECT_TRUE(replayed(truncated).empty());
    EXPECT_THAT(untold({{"claims", "claim"}}), IsEmpty());
}

TEST_F(PartitionsTest, ATableThatWasAttachedWithRowsIsFoundAndAnEmptyOneIsNot) {
    run("CREATE TABLE claims.full (LIKE claims.new INCLUDING ALL); INSERT INTO claims.full VALUES "
        "(1, 2100, 'not in the log');"
        "CREATE TABLE claims.empty (LIKE claims.new INCLUDING ALL)");
    run("ALTER TABLE claims.claim ATTACH PARTITION claims.full FOR VALUES FROM (2100) TO (2200)");
    run("ALTER TABLE claims.claim ATTACH PARTITION claims.empty FOR VALUES FROM (2200) TO (2300);"
        "INSERT INTO claims.claim VALUES (7, 2200, 'in the log')");
    EXPECT_THAT(untold(), ElementsAre("full was attached with rows"));
    run("CREATE TABLE claims.at_once (LIKE claims.new INCLUDING ALL); INSERT INTO claims.at_once "
        "VALUES (1, 2300, 'not in the log'); ALTER TABLE claims.claim ATTACH PARTITION "
        "claims.at_once FOR VALUES FROM (2300) TO (2400)");
    run("CREATE TABLE claims.made PARTITION OF claims.claim FOR VALUES FROM (2400) TO (2500);"
        "INSERT INTO claims.claim VALUES (8, 2400, 'in the log')");
    EXPECT_THAT(untold(), ElementsAre("at_once was attached with rows"));
}

TEST_F(PartitionsTest, ATreeThatWasAttachedWithRowsIsFound) {
    run("CREATE TABLE claims.tree (LIKE claims.new INCLUDING ALL) PARTITION BY LIST (year);"
        "CREATE TABLE claims.leaf PARTITION OF claims.tree DEFAULT");
    run("INSERT INTO claims.tree VALUES (1, 2100, 'not in the log')");
    run("ALTER TABLE claims.claim ATTACH PARTITION claims.tree FOR VALUES FROM (2100) TO (2200)");
    EXPECT_THAT(untold(), ElementsAre("leaf was attached with rows"));
}

TEST_F(PartitionsTest, APartitionThatGoesOrIsEmptiedByItselfIsFoundAndARewriteIsNot) {
    run("TRUNCATE claims.old_odd");
    run("VACUUM FULL claims.new");
    EXPECT_THAT(untold(), ElementsAre("old_odd was emptied by a TRUNCATE of its own"));
    run("ALTER TABLE claims.claim DETACH PARTITION claims.new");
    run("DROP TABLE claims.old");
    auto found = untold();
    std::ranges::sort(found);
    EXPECT_THAT(found,
                ElementsAre("new was detached or dropped", "old_even was detached or dropped",
                            "old_odd was detached or dropped"));
}

TEST_F(PartitionsTest, TheLogDoesNotTellTheTruncateOfAPartition) {
    RecordingSink sink;
    snapshot(sink);
    RecordingSink streamed;
    run("TRUNCATE claims.new");
    stream(options, streamed);
    EXPECT_TRUE(streamed.batches.empty()) << "the server tells it by now: docs/postgres.md";
}

TEST_F(PartitionsTest, APartitionedTableWithoutAKeyOrWithAPartitionWithoutIdentityIsAnAppendLog) {
    run("CREATE TABLE claims.event (id int) PARTITION BY RANGE (id);"
        "CREATE TABLE claims.event_1 PARTITION OF claims.event DEFAULT; ALTER TABLE claims.event "
        "REPLICA IDENTITY FULL; INSERT INTO claims.event VALUES (1)");
    EXPECT_THAT(check_source(*session, options, false).value(),
                ElementsAre(Field(&Finding::object, "claims.event")));
    run("ALTER TABLE claims.new REPLICA IDENTITY NOTHING");
    EXPECT_THAT(check_source(*session, options, false).value(),
                ElementsAre(Field(&Finding::object, "claims.claim"),
                            Field(&Finding::object, "claims.event")));
    RecordingSink sink;
    snapshot(sink);
    run("UPDATE claims.event SET id = 2; DELETE FROM claims.event; UPDATE claims.claim SET note = "
        "'x'; DELETE FROM claims.claim; INSERT INTO claims.event VALUES (3)");
    RecordingSink streamed;
    stream(options, streamed);
    EXPECT_TRUE(streamed.contracts.empty()) << "what the log says of the root is not the whole";
    EXPECT_EQ(written_rows(streamed.batches).size(), 1U);
}

TEST_F(PartitionsTest, IdentitiesOfPartitionsMayBeWiderThanTheRoots) {
    run("ALTER TABLE claims.claim ALTER note SET STORAGE EXTERNAL; ALTER TABLE claims.new ALTER "
        "note SET STORAGE EXTERNAL; ALTER TABLE claims.new REPLICA IDENTITY FULL; INSERT INTO "
        "claims.claim VALUES (1, 2050, repeat('x', 9000)), (1, 1950, repeat('y', 9000))");
    RecordingSink sink;
    snapshot(sink);
    run("UPDATE claims.claim SET id = 9000 WHERE id = 1");
    run("ALTER TABLE claims.claim REPLICA IDENTITY FULL");
    run("UPDATE claims.claim SET id = 9001 WHERE id = 9000");
    stream(options, sink);
    for (const WrittenRow& row : written_rows(sink.batches)) {
        const bool known = row.text.find("note[text]:null") == std::string::npos;
        EXPECT_TRUE(known || row.unchanged == "'note'") << row.text.substr(0, 200);
    }
}

TEST_F(PartitionsTest, ATableIsNotCapturedTwice) {
    options.tables = {"claims.claim", "claims.old_even"};
    EXPECT_THAT(PostgresSnapshot::begin(options, PostgresSnapshot::Mode::with_slot, 1, {}),
                IsError(ErrorKind::invalid, HasSubstr("as a partition of another one")));
    options.tables = {"claims.old_even"};
    RecordingSink sink;
    snapshot(sink);
    EXPECT_EQ(contracts.at(0)->name.table, "old_even");
}

}  // namespace
}  // namespace weir::capture::postgres
