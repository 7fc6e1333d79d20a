// Goal: generated columns are captured of no server, and publishing never makes the source's own
// statements fail, also where the server (from PostgreSQL 18 on) would refuse them.
// Method: a real server of either kind; the source goes on writing after what weir did.
#include "capture/postgres/generated_columns.h"

#include <gmock/gmock.h>

#include "capture/postgres/capture_fixture.h"
#include "capture/postgres/preflight.h"

namespace weir::capture::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

class GeneratedColumnsTest : public CaptureTest {
protected:
    bool counts_all_columns() const { return session->server_version() >= 180'000; }

    void expect_refused(const std::string& object) const {
        const auto found = check_source(*session, options, false);
        ASSERT_THAT(found, IsOk());
        EXPECT_THAT(*found, ElementsAre(Field(&Finding::object, object)));
        EXPECT_THAT(PostgresSnapshot::begin(options, PostgresSnapshot::Mode::with_slot, 1, {}),
                    IsError(ErrorKind::unsupported, HasSubstr("a generated column is part of")));
    }
};

TEST_F(GeneratedColumnsTest, AreLeftOutOfSnapshotAndStream) {
    const std::string more = counts_all_columns() ? ", v int GENERATED ALWAYS AS (a * 3)" : "";
    run("CREATE TABLE claims.line (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) "
        "STORED" +
        more + "); INSERT INTO claims.line VALUES (1, 1)");
    RecordingSink sink;
    snapshot(sink);
    run("INSERT INTO claims.line VALUES (2, 2); UPDATE claims.line SET a = 3; DELETE FROM "
        "claims.line WHERE id = 1");
    stream(options, sink);
    EXPECT_TRUE(sink.contracts.empty());
    ASSERT_EQ(contracts.at(0)->columns.size(), 2U);
    EXPECT_EQ(written_rows(sink.batches).size(), 5U);
}

TEST_F(GeneratedColumnsTest, OneInTheKeyIsRefusedBeforeItIsPublished) {
    run("CREATE TABLE claims.line (a int, g int GENERATED ALWAYS AS (a * 2) STORED, PRIMARY KEY "
        "(a, g)); INSERT INTO claims.line VALUES (1)");
    expect_refused("claims.line.g");
    run("UPDATE claims.line SET a = 2");
}

TEST_F(GeneratedColumnsTest, OneUnderFullIdentityIsRefusedWhereTheServerWouldRefuseUpdates) {
    run("CREATE TABLE claims.line (a int, g int GENERATED ALWAYS AS (a * 2) STORED); ALTER TABLE "
        "claims.line REPLICA IDENTITY FULL; INSERT INTO claims.line VALUES (1)");
    if (counts_all_columns()) {
        expect_refused("claims.line.g");
    } else {
        RecordingSink sink;
        snapshot(sink);
    }
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
