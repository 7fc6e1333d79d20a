#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/data_read.h"
#include "app/pipeline.h"
#include "app/query_service.h"
#include "base/sha256.h"
#include "sql/duckdb/duckdb_database.h"
#include "sql/read_only.h"

namespace weir::app {
namespace {

void print(Report& report, const sql::Rows& rows) {
    nlohmann::json list = nlohmann::json::array();
    report.line(fmt::format("{}", fmt::join(rows.columns, "\t")));
    for (const auto& row : rows.rows) {
        std::string text;
        nlohmann::json object;
        for (std::size_t column = 0; column < row.size(); ++column) {
            text += (column == 0 ? "" : "\t") + row[column].value_or("NULL");
            object[rows.columns[column]] =
                row[column] ? nlohmann::json(*row[column]) : nlohmann::json();
        }
        report.line(text);
        list.push_back(std::move(object));
    }
    report.result({{"rows", list}});
}

/// Opens the file itself: nobody else has it.
Result<sql::Rows> ask_file(Pipeline& pipeline, const std::string& statement) {
    TRY_LET(const auto database,
            sql::DuckDbDatabase::open(pipeline.folders().warehouse_file(), {.read_only = true}));
    TRY_LET(const auto session, database.connect());
    TRY_LET(sql::Rows rows, sql::query_read_only(*session, statement));
    TRY(record_data_read(pipeline, statement, rows.rows.size()));
    return rows;
}

}  // namespace

Status record_data_read(Pipeline& pipeline, const std::string& statement, std::uint64_t rows) {
    const passwd* user = ::getpwuid(::geteuid());
    const ledger::DataRead read{
        .principal = user != nullptr ? user->pw_name : fmt::format("uid {}", ::geteuid()),
        .statement = sha256(statement),
        .rows = rows};
    constexpr int tries = 20;
    for (int tried = 0;; ++tried) {
        TRY_LET(const ledger::Lease lease, pipeline.ledger().take_lease(ledger::Stage::operate));
        const auto appended = pipeline.ledger().append(lease, std::vector<ledger::EntryBody>{read});
        if (appended) {
            return {};
        }
        // Somebody else's query took the lease in between.
        if (appended.error().kind() != ErrorKind::denied || tried == tries) {
            return std::unexpected(appended.error());
        }
    }
}

Status query(CommandContext& context, const std::string& statement) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const PipelineFolders folders(configuration.store);
    TRY_LET(auto rows, ask_running(folders.query_socket(), statement));
    if (!rows) {
        const SystemClock clock;
        TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
        TRY_LET(rows, ask_file(*pipeline, statement));
    }
    print(context.report, *rows);
    return {};
}

}  // namespace weir::app
