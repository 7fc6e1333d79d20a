#include "sql/duckdb/duckdb_session.h"

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sql/duckdb/duckdb_error.h"
#include "sql/duckdb/duckdb_result.h"

namespace weir::sql {
namespace {

struct DestroyStatement {
    void operator()(duckdb_prepared_statement statement) const {
        duckdb_destroy_prepare(&statement);
    }
};
using Statement = std::unique_ptr<_duckdb_prepared_statement, DestroyStatement>;

struct DestroyAppender {
    void operator()(duckdb_appender appender) const { duckdb_appender_destroy(&appender); }
};
using Appender = std::unique_ptr<_duckdb_appender, DestroyAppender>;

struct DestroySchema {
    void operator()(duckdb_arrow_converted_schema schema) const {
        duckdb_destroy_arrow_converted_schema(&schema);
    }
};
using ConvertedSchema = std::unique_ptr<_duckdb_arrow_converted_schema, DestroySchema>;

// duckdb_prepare gives a text that begins with the type's name, but no type.
duckdb_error_type type_of_text(std::string_view text) {
    if (text.starts_with("Conversion") || text.starts_with("Invalid Input") ||
        text.starts_with("Out of Range")) {
        return DUCKDB_ERROR_CONVERSION;
    }
    return text.starts_with("IO Error") ? DUCKDB_ERROR_IO : DUCKDB_ERROR_BINDER;
}

Result<Statement> prepare(duckdb_connection connection, const std::string& text) {
    duckdb_prepared_statement made = nullptr;
    const duckdb_state state = duckdb_prepare(connection, text.c_str(), &made);
    Statement statement(made);
    if (state == DuckDBError) {
        const char* message = duckdb_prepare_error(statement.get());
        const std::string_view said = message == nullptr ? "no reason given" : message;
        return std::unexpected(translate_duckdb_error(type_of_text(said), said));
    }
    return statement;
}

std::vector<std::string> column_names(const Statement& statement) {
    std::vector<std::string> names;
    for (idx_t column = 0; column < duckdb_prepared_statement_column_count(statement.get());
         ++column) {
        const char* name = duckdb_prepared_statement_column_name(statement.get(), column);
        names.emplace_back(name == nullptr ? "" : name);
        duckdb_free(const_cast<char*>(name));
    }
    return names;
}

bool prints(const Statement& statement) {
    for (idx_t column = 0; column < duckdb_prepared_statement_column_count(statement.get());
         ++column) {
        if (!DuckDbResult::prints(duckdb_prepared_statement_column_type(statement.get(), column))) {
            return false;
        }
    }
    return true;
}

std::string as_text(std::string_view statement) {
    const std::size_t last = statement.find_last_not_of(" \t\r\n;");
    return "SELECT COLUMNS(*)::VARCHAR FROM (\n" + std::string(statement.substr(0, last + 1)) +
           "\n)";
}

// A statement whose values DuckDB itself turns into text, if they are not text yet.
Result<Statement> prepare_as_text(duckdb_connection connection, std::string_view text,
                                  Statement statement) {
    if (prints(statement)) {
        return statement;
    }
    if (duckdb_prepared_statement_type(statement.get()) != DUCKDB_STATEMENT_TYPE_SELECT) {
        return fail(ErrorKind::unsupported,
                    "cannot print what this statement returns: only SELECT may return other "
                    "types than text, bigint and boolean");
    }
    return prepare(connection, as_text(text));
}

Status check(duckdb_error_data made, std::string_view task) {
    if (made == nullptr) {
        return {};
    }
    Status status;
    if (duckdb_error_data_has_error(made)) {
        status = std::unexpected(translate_duckdb_error(duckdb_error_data_error_type(made),
                                                        duckdb_error_data_message(made))
                                     .with(std::string(task)));
    }
    duckdb_destroy_error_data(&made);
    return status;
}

Status check(const Appender& appender, duckdb_state state) {
    return state == DuckDBSuccess ? Status()
                                  : check(duckdb_appender_error_data(appender.get()), "append");
}

Result<Appender> make_appender(duckdb_connection connection, std::string_view schema,
                               std::string_view table) {
    const bool temporary = schema == "temp";
    const std::string schema_name(temporary ? "main" : schema);
    const std::string table_name(table);
    duckdb_appender made = nullptr;
    const duckdb_state state = duckdb_appender_create_ext(
        connection, temporary ? "temp" : nullptr, schema_name.c_str(), table_name.c_str(), &made);
    Appender appender(made);
    TRY(check(appender, state));
    return appender;
}

Result<ConvertedSchema> convert_schema(duckdb_connection connection, const arrow::Schema& schema) {
    ArrowSchema exported{};
    if (const arrow::Status status = arrow::ExportSchema(schema, &exported); !status.ok()) {
        return fail(ErrorKind::internal, "cannot hand a schema to DuckDB: {}", status.message());
    }
    duckdb_arrow_converted_schema made = nullptr;
    Status status = check(duckdb_schema_from_arrow(connection, &exported, &made), "schema");
    ConvertedSchema converted(made);
    if (exported.release != nullptr) {
        exported.release(&exported);
    }
    TRY(std::move(status));
    return converted;
}

Status append_slice(duckdb_connection connection, const Appender& appender,
                    const ConvertedSchema& schema, const arrow::RecordBatch& slice) {
    ArrowArray exported{};
    if (const arrow::Status status = arrow::ExportRecordBatch(slice, &exported); !status.ok()) {
        return fail(ErrorKind::internal, "cannot hand rows to DuckDB: {}", status.message());
    }
    duckdb_data_chunk chunk = nullptr;
    Status status =
        check(duckdb_data_chunk_from_arrow(connection, &exported, schema.get(), &chunk), "rows");
    if (exported.release != nullptr) {
        exported.release(&exported);
    }
    if (status) {
        status = check(appender, duckdb_append_data_chunk(appender.get(), chunk));
    }
    duckdb_destroy_data_chunk(&chunk);
    return status;
}

Status append_rows(duckdb_connection connection, std::string_view schema, std::string_view table,
                   const arrow::RecordBatch& rows) {
    TRY_LET(const Appender appender, make_appender(connection, schema, table));
    TRY_LET(const ConvertedSchema converted, convert_schema(connection, *rows.schema()));
    const auto slice_rows = static_cast<std::int64_t>(duckdb_vector_size());
    for (std::int64_t from = 0; from < rows.num_rows(); from += slice_rows) {
        TRY(append_slice(connection, appender, converted, *rows.Slice(from, slice_rows)));
    }
    return check(appender, duckdb_appender_close(appender.get()));
}

}  // namespace

Result<std::uint64_t> DuckDbSession::execute(std::string_view statements) {
    DuckDbResult result;
    const std::string text(statements);
    if (duckdb_query(connection_.get(), text.c_str(), result.get()) == DuckDBError) {
        return std::unexpected(result.error());
    }
    return duckdb_rows_changed(result.get());
}

Result<Rows> DuckDbSession::query(std::string_view statement) {
    TRY_LET(Statement prepared, prepare(connection_.get(), std::string(statement)));
    auto names = column_names(prepared);
    TRY_LET(const Statement printing,
            prepare_as_text(connection_.get(), statement, std::move(prepared)));
    DuckDbResult result;
    if (duckdb_execute_prepared(printing.get(), result.get()) == DuckDBError) {
        return std::unexpected(result.error());
    }
    TRY_LET(Rows rows, result.rows());
    rows.columns = std::move(names);
    return rows;
}

Status DuckDbSession::append(std::string_view schema, std::string_view table,
                             const arrow::RecordBatch& rows) {
    return append_rows(connection_.get(), schema, table, rows)
        .with(fmt::format("cannot append to {}.{}", schema, table));
}

}  // namespace weir::sql
