// Goal: the public file is always one whole picture, for readers of any kind, wherever the
// publisher dies. Method: readers and publishers in processes of their own, in step through pipes.
#include "models/publication.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>

#include "base/result_matchers.h"
#include "sql/duckdb/duckdb_database.h"
#include "store/scratch_folder.h"

namespace weir::models {
namespace {

namespace fs = std::filesystem;
using sql::DuckDbDatabase;

constexpr auto picture =
    "SELECT concat((SELECT cut FROM weir_published), ' ', (SELECT max(c) FROM a), ' ', (SELECT "
    "max(c) FROM b), ' ', (SELECT count(*) FROM a))";

/// A process that runs a body and can be spoken to: `tell` wakes its `wait`, and the reverse.
class OtherProcess {
public:
    explicit OtherProcess(const std::function<int(OtherProcess&)>& body) {
        EXPECT_EQ(::pipe(down_.data()), 0);
        EXPECT_EQ(::pipe(up_.data()), 0);
        id_ = ::fork();
        if (id_ == 0) {
            std::swap(down_, up_);
            ::_exit(body(*this));
        }
    }
    OtherProcess(const OtherProcess&) = delete;
    OtherProcess& operator=(const OtherProcess&) = delete;
    ~OtherProcess() {
        for (const int end : {down_[0], down_[1], up_[0], up_[1]}) {
            ::close(end);
        }
    }
    void tell() const { ASSERT_EQ(::write(down_[1], "x", 1), 1); }
    void wait() const {
        char letter = 0;
        ASSERT_EQ(::read(up_[0], &letter, 1), 1);
    }
    int end() const {
        int status = 0;
        ::waitpid(id_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    std::array<int, 2> down_{};
    std::array<int, 2> up_{};
    pid_t id_ = 0;
};

class PublicationTest : public ::testing::Test {
protected:
    fs::path published() const { return folder_.path() / "published" / "gold.duckdb"; }

    /// Builds gold for a cut, both tables alike, and publishes.
    Result<Publication> publish_cut(std::uint64_t cut,
                                    std::function<void(PublicationStep)> progress = nullptr) const {
        TRY_LET(const auto database, DuckDbDatabase::open(folder_.path() / "w.duckdb", {}));
        TRY_LET(const auto session, database.connect());
        TRY(session->execute(
            fmt::format("CREATE SCHEMA IF NOT EXISTS gold; CREATE OR REPLACE TABLE "
                        "gold.a AS SELECT {0} AS c FROM range({0} * 1000); CREATE "
                        "OR REPLACE TABLE gold.b AS SELECT {0} AS c",
                        cut)));
        return publish(*session, {.folder = folder_.path() / "published",
                                  .cut = {cut},
                                  .progress = std::move(progress)});
    }
    std::string read(const fs::path& file, const std::string& statement = picture) const {
        const auto database = DuckDbDatabase::open(file, {.read_only = true});
        if (!database) {
            return database.error().to_string();
        }
        const auto rows = (*database->connect())->query(statement);
        return rows ? rows->rows.at(0).at(0).value_or("null") : rows.error().to_string();
    }

    store::ScratchFolder folder_;
};

TEST_F(PublicationTest, TakesTurnsBetweenTwoFiles) {
    for (std::uint64_t cut = 1; cut <= 5; ++cut) {
        ASSERT_THAT(publish_cut(cut), IsOk());
        EXPECT_EQ(read(published()), fmt::format("{0} {0} {0} {0}000", cut));
    }
    const auto names = std::distance(fs::directory_iterator(published().parent_path()), {});
    EXPECT_EQ(names, 3) << "two files and the public name";
    struct stat status{};
    ASSERT_EQ(::stat(published().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0400U);
}

TEST_F(PublicationTest, TablesAreReadByTheirBareNameAndByTheFilesName) {
    ASSERT_THAT(publish_cut(2), IsOk());
    EXPECT_EQ(read(published(), "SELECT count(*) FROM gold.a"), "2000");
    EXPECT_EQ(read(published(), "SELECT count(*) FROM a"), "2000");
}

TEST_F(PublicationTest, LeavesOutTablesThatTheStaleFileHasAndDropsThoseThatAreGone) {
    ASSERT_THAT(publish_cut(7), IsOk());
    ASSERT_THAT(publish_cut(7), IsOk());
    const auto database = *DuckDbDatabase::open(folder_.path() / "w.duckdb", {});
    const auto session = *database.connect();
    ASSERT_THAT(session->execute("DROP TABLE gold.b; CREATE TABLE gold.d AS SELECT 1 AS c"),
                IsOk());
    const auto third = publish(*session, {.folder = folder_.path() / "published", .cut = {8}});
    ASSERT_THAT(third, IsOk());
    EXPECT_EQ(third->tables, 2U);
    EXPECT_EQ(third->copied, 1U);
    EXPECT_EQ(third->rows, 7001U);
    EXPECT_EQ(read(published(),
                   "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM "
                   "information_schema.tables"),
              "a d weir_published weir_published_table");
}

TEST_F(PublicationTest, AReaderKeepsItsPictureWhileTwoMoreArePublished) {
    const OtherProcess reader([&](const OtherProcess& parent) {
        parent.wait();
        const auto database = DuckDbDatabase::open(published(), {.read_only = true});
        const auto session = *database->connect();
        parent.tell();
        parent.wait();
        const auto rows = session->query(picture);
        return rows && rows->rows[0][0] == "1 1 1 1000" ? 0 : 1;
    });
    ASSERT_THAT(publish_cut(1), IsOk());
    reader.tell();
    reader.wait();
    for (std::uint64_t cut = 2; cut <= 4; ++cut) {
        ASSERT_THAT(publish_cut(cut), IsOk());
        EXPECT_EQ(read(published()), fmt::format("{0} {0} {0} {0}000", cut));
    }
    reader.tell();
    EXPECT_EQ(reader.end(), 0) << "the reader's picture changed under it";
}

TEST_F(PublicationTest, APublisherThatDiesAtAnyStepLeavesAWholeFileAndTheNextOneRepairs) {
    std::uint64_t cut = 1;
    ASSERT_THAT(publish_cut(cut), IsOk());
    for (const auto step :
         {PublicationStep::opened, PublicationStep::copied, PublicationStep::committed,
          PublicationStep::checkpointed, PublicationStep::swapped}) {
        const OtherProcess publisher([&](OtherProcess&) {
            const auto done = publish_cut(cut + 1, [&](PublicationStep reached) {
                if (reached == step) {
                    ::kill(::getpid(), SIGKILL);
                }
            });
            return done ? 0 : 1;
        });
        EXPECT_EQ(publisher.end(), -1);
        const std::uint64_t public_cut = step == PublicationStep::swapped ? cut + 1 : cut;
        EXPECT_EQ(read(published()), fmt::format("{0} {0} {0} {0}000", public_cut));
        cut += 2;
        ASSERT_THAT(publish_cut(cut), IsOk());
        EXPECT_EQ(read(published()), fmt::format("{0} {0} {0} {0}000", cut));
    }
}

TEST_F(PublicationTest, ADamagedStaleFileIsReplaced) {
    ASSERT_THAT(publish_cut(1), IsOk());
    ASSERT_THAT(publish_cut(2), IsOk());
    fs::permissions(folder_.path() / "published" / "gold-a.duckdb", fs::perms::owner_all);
    std::ofstream(folder_.path() / "published" / "gold-a.duckdb") << "torn";
    ASSERT_THAT(publish_cut(3), IsOk());
    EXPECT_EQ(read(published()), "3 3 3 3000");
}

TEST_F(PublicationTest, AForeignLogBesideThePublicNameIsNotReplayed) {
    ASSERT_THAT(publish_cut(1), IsOk());
    std::ofstream(published().string() + ".wal") << "torn";
    ASSERT_THAT(publish_cut(2), IsOk());
    EXPECT_EQ(read(published()), "2 2 2 2000");
}

TEST_F(PublicationTest, AnEmptySchemaIsAnErrorAndKeepsThePublicFile) {
    ASSERT_THAT(publish_cut(1), IsOk());
    const auto database = *DuckDbDatabase::open(folder_.path() / "empty.duckdb", {});
    const auto session = *database.connect();
    EXPECT_THAT(publish(*session, {.folder = folder_.path() / "published", .cut = {2}}),
                IsError(ErrorKind::not_found, ::testing::HasSubstr("run the models first")));
    EXPECT_EQ(read(published()), "1 1 1 1000");
}

}  // namespace
}  // namespace weir::models
