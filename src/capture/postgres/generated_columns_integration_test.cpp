// Goal: stored generated columns are captured of a server that publishes them (from PostgreSQL 18
// on), virtual ones of none, and publishing never makes the source's own
// statements fail, also where the server (from PostgreSQL 18 on) would refuse them.
// Method: a real server of either kind; the source goes on writing after what weir did.
#include "capture/postgres/generated_columns.h"

#include <gmock/gmock.h>

#include "capture/postgres/capture_fixture.h"
#include "capture/postgres/preflight.h"

namespace weir::capture::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;

class GeneratedColumnsTest : public CaptureTest {
protected:
    bool publishes_stored() const { return session->server_version() >= 180'000; }

    void expect_refused(const std::string& object) const {
        const auto found = check_source(*session, options, false);
        ASSERT_THAT(found, IsOk());
        EXPECT_THAT(*found, ElementsAre(Field(&Finding::object, object)));
        EXPECT_THAT(PostgresSnapshot::begin(options, PostgresSnapshot::Mode::with_slot, 1, {}),
                    IsError(ErrorKind::unsupported, HasSubstr("a generated column is part of")));
    }
};

TEST_F(GeneratedColumnsTest,
       StoredOnesAreCapturedWhereTheServerPublishesThemAndVirtualOnesNowhere) {
    const std::string more = publishes_stored() ? ", v int GENERATED ALWAYS AS (a * 3)" : "";
    run("CREATE TABLE claims.line (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) "
        "STORED" +
        more + "); INSERT INTO claims.line VALUES (1, 1)");
    RecordingSink sink;
    snapshot(sink);
    run("INSERT INTO claims.line VALUES (2, 2); UPDATE claims.line SET a = 3; DELETE FROM "
        "claims.line WHERE id = 1");
    stream(options, sink);
    EXPECT_TRUE(sink.contracts.empty());
    const auto rows = written_rows(sink.batches);
    ASSERT_EQ(rows.size(), 5U);
    const bool stored = publishes_stored();
    EXPECT_EQ(contracts.at(0)->columns.size(), stored ? 3U : 2U);
    EXPECT_THAT(rows[0].text, EndsWith(stored ? " a[integer]:1 g[integer]:2" : " a[integer]:1"));
    EXPECT_THAT(rows[2].text, EndsWith(stored ? " a[integer]:3 g[integer]:6" : " a[integer]:3"));
}

TEST_F(GeneratedColumnsTest, OneInTheKeyIsCapturedOrRefusedBeforeItIsPublished) {
    run("CREATE TABLE claims.line (a int, g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY "
        "(a, g)); INSERT INTO claims.line VALUES (1)");
    if (publishes_stored()) {
        RecordingSink sink;
        snapshot(sink);
    } else {
        expect_refused("claims.line.g");
    }
    run("UPDATE claims.line SET a = 2");
}

TEST_F(GeneratedColumnsTest, AStoredOneUnderFullIdentityIsInTheOldRowOrLeftOut) {
    run("CREATE TABLE claims.line (a int, g int GENERATED ALWAYS AS (a * 2) STORED); ALTER TABLE "
        "claims.line REPLICA IDENTITY FULL; INSERT INTO claims.line VALUES (1)");
    RecordingSink read;
    snapshot(read);
    run("UPDATE claims.line SET a = 2; DELETE FROM claims.line");
    RecordingSink sink;
    stream(options, sink);
    const auto rows = written_rows(sink.batches);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].text, std::string("table claims.line: DELETE: a[integer]:2") +
                                (publishes_stored() ? " g[integer]:4" : ""));
}

TEST_F(GeneratedColumnsTest, AVirtualOneUnderFullIdentityIsRefused) {
    if (!publishes_stored()) {
        EXPECT_FALSE(
            session->execute("CREATE TABLE claims.line (a int, v int GENERATED ALWAYS AS "
                             "(a * 2))"));
        return;
    }
    run("CREATE TABLE claims.line (a int, v int GENERATED ALWAYS AS (a * 2)); ALTER TABLE "
        "claims.line REPLICA IDENTITY FULL; INSERT INTO claims.line VALUES (1)");
    expect_refused("claims.line.v");
    run("UPDATE claims.line SET a = 2; DELETE FROM claims.line");
}

TEST_F(GeneratedColumnsTest, APublicationThatWasMadeOtherwiseIsSetRight) {
    run("CREATE TABLE claims.line (id int PRIMARY KEY); CREATE PUBLICATION weir FOR TABLE "
        "claims.line WITH (publish = 'insert')");
    RecordingSink before;
    snapshot(before);
    run("INSERT INTO claims.line VALUES (1); UPDATE claims.line SET id = 2; DELETE FROM "
        "claims.line; TRUNCATE claims.line");
    RecordingSink sink;
    stream(options, sink);
    EXPECT_EQ(written_rows(sink.batches).size(), 4U);
}

}  // namespace
}  // namespace weir::capture::postgres
