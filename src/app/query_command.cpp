#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/operate.h"
#include "app/pipeline.h"
#include "app/query_service.h"
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

Status query(CommandContext& context, const std::string& statement) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const PipelineFolders folders(configuration.state);
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
