// Goal: `weir check` names what keeps a source from being captured, with a remedy that works.
// Method: a real server; each obstacle is made, found, mended as the finding says, and gone.
#include "capture/postgres/preflight.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "capture/postgres/capture_fixture.h"

namespace weir::capture::postgres {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Severity = Finding::Severity;

class PreflightTest : public CaptureTest {
protected:
    std::vector<Finding> findings(const std::string& user = "") const {
        const std::string url = user.empty() ? options.url
                                             : fmt::format("postgres://{}@127.0.0.1:{}/{}", user,
                                                           server->port(), database);
        Connection connection = Connection::open(url).value();
        const auto found = check_source(connection, options, false);
        EXPECT_THAT(found, IsOk());
        return found.value_or(std::vector<Finding>());
    }

    static auto finding(Severity severity, const std::string& object, const std::string& message,
                        const std::string& remedy) {
        return AllOf(Field(&Finding::severity, severity), Field(&Finding::object, object),
                     Field(&Finding::message, HasSubstr(message)),
                     Field(&Finding::remedy, HasSubstr(remedy)));
    }
};

TEST_F(PreflightTest, ASourceThatIsReadyHasNoFindings) {
    run("CREATE TABLE claims.claim (id int PRIMARY KEY)");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(PreflightTest, ATableWithoutIdentityIsSaidToBeAnAppendLogAndTheRemedyWorks) {
    run("CREATE TABLE claims.event (id int)");
    const auto found = findings();
    ASSERT_THAT(found, ElementsAre(finding(Severity::warning, "claims.event", "an append log",
                                           "ALTER TABLE \"claims\".\"event\" REPLICA IDENTITY "
                                           "FULL")));
    run("ALTER TABLE \"claims\".\"event\" REPLICA IDENTITY FULL");
    EXPECT_THAT(findings(), IsEmpty());
    run("ALTER TABLE claims.event REPLICA IDENTITY NOTHING");
    EXPECT_THAT(findings(), ElementsAre(Field(&Finding::object, "claims.event")));
}

TEST_F(PreflightTest, ADeferrableKeyIsNoIdentity) {
    run("CREATE TABLE claims.event (id int PRIMARY KEY DEFERRABLE)");
    EXPECT_THAT(findings(), ElementsAre(Field(&Finding::object, "claims.event")));
}

TEST_F(PreflightTest, ARoleThatMayNotReadIsToldWhatToGrant) {
    run("CREATE TABLE claims.claim (id int PRIMARY KEY); DROP ROLE IF EXISTS reader; CREATE ROLE "
        "reader LOGIN");
    EXPECT_THAT(findings("reader"),
                ElementsAre(finding(Severity::error, "role", "may not read the log", "REPLICATION"),
                            finding(Severity::error, "claims.claim", "may not use the table's",
                                    "GRANT USAGE ON SCHEMA \"claims\" TO"),
                            finding(Severity::error, "claims.claim", "may not read the table",
                                    "GRANT SELECT ON \"claims\".\"claim\" TO")));
    run("ALTER ROLE reader REPLICATION; GRANT USAGE ON SCHEMA claims TO reader; GRANT SELECT ON "
        "\"claims\".\"claim\" TO reader");
    EXPECT_THAT(findings("reader"), IsEmpty());
    run("DROP OWNED BY reader; DROP ROLE reader");
}

TEST_F(PreflightTest, ARoleToWhichAManagedServiceGaveReplicationMayReadTheLog) {
    run("CREATE TABLE claims.claim (id int PRIMARY KEY); CREATE ROLE rds_replication; CREATE ROLE "
        "reader LOGIN IN ROLE rds_replication; GRANT USAGE ON SCHEMA claims TO reader; GRANT "
        "SELECT ON claims.claim TO reader");
    EXPECT_THAT(findings("reader"), IsEmpty());
    run("DROP OWNED BY reader; DROP ROLE reader, rds_replication");
}

TEST_F(PreflightTest, ARoleThatMayNotFlushTheLogIsToldWhatToGrant) {
    const std::string flush = "FUNCTION " + flush_function(*session).value();
    run("CREATE TABLE claims.claim (id int PRIMARY KEY); DROP ROLE IF EXISTS reader; CREATE ROLE "
        "reader LOGIN REPLICATION; GRANT USAGE ON SCHEMA claims TO reader; GRANT SELECT ON "
        "claims.claim TO reader; REVOKE EXECUTE ON " +
        flush + " FROM PUBLIC");
    EXPECT_THAT(findings("reader"), ElementsAre(finding(Severity::error, "role", "flush its log",
                                                        "GRANT EXECUTE ON " + flush)));
    run("GRANT EXECUTE ON " + flush + " TO reader");
    EXPECT_THAT(findings("reader"), IsEmpty());
    run("DROP OWNED BY reader; DROP ROLE reader");
}

TEST_F(PreflightTest, WhatAPatternLeavesOutIsSaid) {
    run("CREATE TABLE claims.claim (id int PRIMARY KEY);"
        "CREATE UNLOGGED TABLE claims.scratch (id int PRIMARY KEY);"
        "CREATE TABLE claims.parted (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE UNLOGGED TABLE claims.part PARTITION OF claims.parted DEFAULT");
    EXPECT_THAT(findings(),
                ElementsAre(finding(Severity::warning, "claims.parted",
                                    "one of its partitions is foreign", ""),
                            finding(Severity::warning, "claims.scratch", "it is unlogged", "")));
}

TEST_F(PreflightTest, AColumnNamedAsOursIsRefused) {
    run("CREATE TABLE claims.claim (id int PRIMARY KEY, _op text);"
        "CREATE TABLE claims.line (id int PRIMARY KEY, _note text)");
    EXPECT_THAT(
        findings(),
        ElementsAre(
            finding(Severity::error, "claims.claim", "the name of one of weir's own", "rename"),
            finding(Severity::error, "claims.line._note", "begins with an underscore", "rename")));
}

TEST(Preflight, AServerWithoutALogicalLogIsToldHowToGetOne) {
    const store::ScratchFolder folder;
    auto server =
        PrivateServer::start({.folder = folder.path(),
                              .settings = {"wal_level = replica", "max_replication_slots = 0"}});
    ASSERT_THAT(server, IsOk());
    Connection connection = Connection::open(server->url()).value();
    ASSERT_THAT(connection.execute("CREATE TABLE public.claim (id int PRIMARY KEY)"), IsOk());
    const PostgresOptions options{.url = server->url(), .tables = {"public.*"}};
    const auto found = check_source(connection, options, false);
    ASSERT_THAT(found, IsOk());
    EXPECT_THAT(*found, ElementsAre(Field(&Finding::remedy, HasSubstr("wal_level = logical")),
                                    Field(&Finding::remedy, HasSubstr("max_replication_slots"))));
    EXPECT_THAT(check_source(connection, options, true).value(), IsEmpty());
}

TEST_F(PreflightTest, TagsOfTheConfigurationAreInTheContract) {
    run("CREATE TABLE claims.member (id int PRIMARY KEY, ssn text)");
    options.tags = {{"claims.member.ssn", {"phi.ssn"}}};
    RecordingSink sink;
    snapshot(sink);
    ASSERT_EQ(contracts.size(), 1U);
    EXPECT_THAT(contracts[0]->columns[0].tags, ElementsAre("phi.unclassified"));
    EXPECT_THAT(contracts[0]->columns[1].tags, ElementsAre("phi.ssn"));

    options.tags["claims.member.city"] = {"phi.geo.city"};
    options.tags["claims.member.id"] = {"phi.member_id"};
    run("ALTER TABLE claims.member ADD city text; INSERT INTO claims.member VALUES (1, 'a', 'b')");
    stream(options, sink);
    ASSERT_FALSE(sink.contracts.empty());
    const auto& newest = *sink.contracts.back();
    EXPECT_EQ(newest.version.number, 2U);
    EXPECT_THAT(newest.columns[0].tags, ElementsAre("phi.member_id"));
    EXPECT_THAT(newest.columns[2].tags, ElementsAre("phi.geo.city"));
}

}  // namespace
}  // namespace weir::capture::postgres
