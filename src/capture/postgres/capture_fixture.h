#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result_matchers.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/moment.h"
#include "capture/postgres/postgres_snapshot.h"
#include "capture/postgres/postgres_source.h"
#include "capture/postgres/private_server.h"
#include "capture/postgres/replication_slot.h"
#include "store/scratch_folder.h"

namespace weir::capture::postgres {

using Contracts = std::vector<std::shared_ptr<const catalog::TableContract>>;

/// Keeps all batches.
class RecordingSink final : public change::ChangeSink {
public:
    Status schema_changed(std::shared_ptr<const catalog::TableContract> contract) override {
        contracts.push_back(std::move(contract));
        return {};
    }
    Status write(const change::ChangeBatch& batch) override {
        batches.push_back(batch);
        return {};
    }
    Status set_aside(const catalog::TableName& table, change::AsideReason reason,
                     std::string_view /*detail*/) override {
        aside.emplace(table, reason);
        return {};
    }

    std::map<catalog::TableName, change::AsideReason> aside;
    Contracts contracts;
    std::vector<change::ChangeBatch> batches;
};

/// Ends a cut after so many transactions, or when nothing more comes after one, or when the silent
/// log has been read up to `until`.
class CountingBoundary final : public change::CutBoundary {
public:
    CountingBoundary(std::uint64_t transactions, change::Position until)
        : transactions_(transactions), until_(until) {}
    bool ends_here(const change::CutProgress& progress) override {
        silent_ = progress.transactions == seen_ ? silent_ + 1 : 0;
        seen_ = progress.transactions;
        return seen_ >= transactions_ || progress.position >= until_ || (seen_ > 0 && silent_ > 3);
    }

private:
    std::uint64_t transactions_;
    change::Position until_;
    std::uint64_t seen_ = 0;
    int silent_ = 0;  // Questions in a row without a new transaction.
};

/// A landed row in words: the change as test_decoding writes it, and where it stands.
struct WrittenRow {
    std::int64_t position = 0;
    std::int64_t ordinal = 0;
    std::int64_t transaction = 0;
    std::string table;
    std::string text{};
    std::string unchanged{};
    std::string untyped{};

    friend bool operator==(const WrittenRow&, const WrittenRow&) = default;
};

inline std::string sql_text(std::string_view text) {
    std::string written = "'";
    for (const char letter : text) {
        written += letter == '\'' ? "''" : std::string(1, letter);
    }
    return written + "'";
}

inline std::string written_value(const arrow::Array& values, std::int64_t row) {
    const auto scalar = values.GetScalar(row).ValueOrDie();
    if (!scalar->is_valid) {
        return "null";
    }
    if (scalar->type->id() == arrow::Type::STRING) {
        return sql_text(scalar->ToString());
    }
    if (scalar->type->id() == arrow::Type::TIMESTAMP) {
        const auto micros = static_cast<const arrow::TimestampScalar&>(*scalar).value;
        return sql_text(format_timestamp(micros - days_1970_to_2000 * micros_per_day) + "+00");
    }
    return scalar->ToString();
}

/// Writes an image as test_decoding does: of an old row without its nulls.
inline std::string written_image(const catalog::TableContract& contract,
                                 const arrow::StructArray& image, std::int64_t row,
                                 const std::string& unchanged, bool old) {
    std::string text;
    for (std::size_t column = 0; column < contract.columns.size(); ++column) {
        const auto& [id, name, source_type, landed, nullable, in_key, tags, missing] =
            contract.columns[column];
        std::string value = written_value(*image.field(static_cast<int>(column)), row);
        if (old && value == "null") {
            continue;
        }
        if (unchanged.find("'" + name + "'") != std::string::npos) {
            value = "unchanged-toast-datum";
        }
        const std::string type = source_type.substr(0, source_type.find('('));
        text += fmt::format(" {}[{}]:{}", name, type, value);
    }
    return text;
}

inline std::string written_list(const arrow::ListArray& list, std::int64_t row) {
    std::string text;
    if (list.IsNull(row)) {
        return text;
    }
    const auto values = list.value_slice(row);
    for (std::int64_t index = 0; index < values->length(); ++index) {
        const auto scalar = values->GetScalar(index).ValueOrDie();
        text += fmt::format("{}'{}'", text.empty() ? "" : ",", scalar->ToString());
    }
    return text;
}

// One column after the other. NOLINTNEXTLINE(readability-function-size)
inline WrittenRow written_row(const change::ChangeBatch& batch, std::int64_t row) {
    using change::LandedColumn;
    const auto column = [&](LandedColumn which) {
        return batch.rows->column(static_cast<int>(which));
    };
    const auto number = [&](LandedColumn which) {
        return static_cast<const arrow::Int64Array&>(*column(which)).Value(row);
    };
    const auto image = [&](LandedColumn which) -> const arrow::StructArray& {
        return static_cast<const arrow::StructArray&>(*column(which));
    };
    WrittenRow written{.position = number(LandedColumn::commit_position),
                       .ordinal = number(LandedColumn::ordinal),
                       .transaction = number(LandedColumn::transaction_id),
                       .table = batch.contract->name.schema + "." + batch.contract->name.table};
    written.unchanged =
        written_list(static_cast<const arrow::ListArray&>(*column(LandedColumn::unchanged)), row);
    written.untyped =
        written_list(static_cast<const arrow::ListArray&>(*column(LandedColumn::untyped)), row);
    const std::string op = column(LandedColumn::op)->GetScalar(row).ValueOrDie()->ToString();
    const auto& before = image(LandedColumn::before_image);
    const auto& after = image(LandedColumn::after_image);
    const std::string old =
        before.IsNull(row) ? "" : written_image(*batch.contract, before, row, "", true);
    const std::string now =
        after.IsNull(row) ? ""
                          : written_image(*batch.contract, after, row, written.unchanged, false);
    const std::map<std::string, std::string> texts{
        {"r", now},
        {"c", "INSERT:" + now},
        {"u", "UPDATE:" + (old.empty() ? now : " old-key:" + old + " new-tuple:" + now)},
        {"d", "DELETE:" + old},
        {"t", "TRUNCATE:"}};
    written.text = "table " + written.table + ": " + texts.at(op);
    return written;
}

/// All rows in log order.
inline std::vector<WrittenRow> written_rows(const std::vector<change::ChangeBatch>& batches) {
    std::vector<WrittenRow> rows;
    for (const change::ChangeBatch& batch : batches) {
        // Arrow's own check knows no 24:00:00, which docs/types.md keeps.
        const arrow::Status valid = batch.rows->ValidateFull();
        EXPECT_TRUE(valid.ok() || valid.message().find("86400000000") != std::string::npos)
            << valid.message();
        EXPECT_TRUE(batch.rows->schema()->Equals(*change::landed_schema(*batch.contract), true));
        for (std::int64_t row = 0; row < batch.rows->num_rows(); ++row) {
            rows.push_back(written_row(batch, row));
        }
    }
    std::ranges::sort(rows, {}, [](const WrittenRow& row) {
        return std::tuple(row.position, row.table.empty() ? 0 : row.ordinal, row.table);
    });
    return rows;
}

/// One private server for all tests of a program, and a database of its own for each.
class CaptureTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder = std::make_unique<store::ScratchFolder>();
        auto started = PrivateServer::start(
            {.folder = folder->path(),
             .settings = {"logical_decoding_work_mem = 64kB", "shared_buffers = 64MB",
                          "max_connections = 30", "synchronous_commit = on",
                          "max_prepared_transactions = 5"}});
        ASSERT_THAT(started, IsOk());
        server = std::make_unique<PrivateServer>(*std::move(started));
    }
    static void TearDownTestSuite() {
        server.reset();
        folder.reset();
    }

    void SetUp() override {
        auto admin = Connection::open(server->url());
        ASSERT_THAT(admin, IsOk());
        database =
            std::string("t_") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
        ASSERT_THAT(admin->execute("CREATE DATABASE " + admin->quote_identifier(database)), IsOk());
        options = {.url = server->url(database),
                   .tables = {"claims.*"},
                   .slot = "main_slot",
                   .chunk_blocks = 4,
                   .spool_folder = folder->path() / "spool"};
        session = std::make_unique<Connection>(Connection::open(options.url).value());
        run("CREATE SCHEMA claims");
    }
    void TearDown() override {
        session.reset();
        auto admin = Connection::open(server->url(database)).value();
        EXPECT_THAT(admin.execute("SELECT pg_terminate_backend(active_pid) FROM "
                                  "pg_replication_slots WHERE active_pid IS NOT NULL"),
                    IsOk());
        const auto slots = admin.query("SELECT slot_name FROM pg_replication_slots").value();
        for (const auto& row : slots) {
            // The server frees the slot of a reader that has just gone in its own time.
            Status dropped = drop_slot(admin, *row[0]);
            while (!dropped && dropped.error().kind() == ErrorKind::conflict) {
                dropped = drop_slot(admin, *row[0]);
            }
            EXPECT_THAT(dropped, IsOk());
        }
    }

    void run(const std::string& statements) const {
        ASSERT_THAT(session->execute(statements), IsOk()) << statements;
    }
    std::string ask(const std::string& statement) const {
        const auto rows = session->query(statement);
        EXPECT_THAT(rows, IsOk()) << statement;
        return rows && !rows->empty() ? (*rows)[0][0].value_or("null") : std::string();
    }

    /// Publishes, makes the slot, reads the snapshot into `sink`.
    std::unique_ptr<PostgresSnapshot> snapshot(
        RecordingSink& sink, PostgresSnapshot::Mode mode = PostgresSnapshot::Mode::with_slot) {
        auto begun = PostgresSnapshot::begin(options, mode, 1, {});
        EXPECT_THAT(begun, IsOk());
        if (!begun) {
            return nullptr;
        }
        for (const change::SnapshotChunk& chunk : (*begun)->plan().chunks) {
            EXPECT_THAT((*begun)->read_chunk(chunk, 0, sink, {}), IsOk());
        }
        start = (*begun)->plan().position;
        contracts.clear();
        for (const auto& table : (*begun)->tables()) {
            contracts.push_back(table->contract);
        }
        return *std::move(begun);
    }

    /// Reads from `start` to the end of the log as it is now, in cuts of so many transactions.
    void stream(const PostgresOptions& with, RecordingSink& sink,
                std::uint64_t transactions = 1'000'000) {
        auto source = PostgresSource::open(with, start, contracts, clock);
        ASSERT_THAT(source, IsOk());
        run("SELECT pg_logical_emit_message(true, 'weir', 'end')");
        const auto until = (*source)->source_end();
        ASSERT_THAT(until, IsOk());
        for (change::Position position = start; position < *until;) {
            CountingBoundary boundary(transactions, *until);
            const auto cut = (*source)->read_cut(boundary, sink, {});
            ASSERT_THAT(cut, IsOk());
            position = cut->position;
        }
    }

    /// What test_decoding says of the same log; transactions without changes left out.
    std::vector<std::string> decoded(const std::string& slot) const {
        const auto rows = session->query("SELECT data FROM pg_logical_slot_get_changes('" + slot +
                                         "', NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', "
                                         "'1') WHERE data LIKE 'table %'");
        EXPECT_THAT(rows, IsOk());
        std::vector<std::string> lines;
        for (const auto& row : rows.value()) {
            lines.push_back(*row[0]);
        }
        return lines;
    }

    static inline std::unique_ptr<store::ScratchFolder> folder;
    static inline std::unique_ptr<PrivateServer> server;
    std::string database;
    PostgresOptions options;
    std::unique_ptr<Connection> session;
    SystemClock clock;
    change::Position start;
    Contracts contracts;
};

}  // namespace weir::capture::postgres
