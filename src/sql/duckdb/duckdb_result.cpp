#include "sql/duckdb/duckdb_result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.h"
#include "sql/duckdb/duckdb_error.h"

namespace weir::sql {
namespace {

std::string text_at(duckdb_type type, void* data, idx_t row) {
    switch (type) {
        case DUCKDB_TYPE_VARCHAR: {
            duckdb_string_t& text = static_cast<duckdb_string_t*>(data)[row];
            return {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
        }
        case DUCKDB_TYPE_BOOLEAN: return static_cast<bool*>(data)[row] ? "true" : "false";
        case DUCKDB_TYPE_BIGINT: return std::to_string(static_cast<std::int64_t*>(data)[row]);
        default:
            WEIR_ASSERT(false && "columns of a result are checked before it is read");
            return {};
    }
}

std::optional<std::string> value_at(duckdb_vector vector, duckdb_type type, idx_t row) {
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    if (validity != nullptr && !duckdb_validity_row_is_valid(validity, row)) {
        return std::nullopt;
    }
    return text_at(type, duckdb_vector_get_data(vector), row);
}

}  // namespace

bool DuckDbResult::prints(duckdb_type type) {
    return type == DUCKDB_TYPE_VARCHAR || type == DUCKDB_TYPE_BOOLEAN || type == DUCKDB_TYPE_BIGINT;
}

Error DuckDbResult::error() {
    const char* message = duckdb_result_error(&result_);
    return translate_duckdb_error(duckdb_result_error_type(&result_),
                                  message == nullptr ? "no reason given" : message);
}

void DuckDbResult::take_chunk(duckdb_data_chunk chunk, Rows& rows) {
    const idx_t columns = duckdb_data_chunk_get_column_count(chunk);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
        auto& values = rows.rows.emplace_back();
        for (idx_t column = 0; column < columns; ++column) {
            values.push_back(value_at(duckdb_data_chunk_get_vector(chunk, column),
                                      duckdb_column_type(&result_, column), row));
        }
    }
}

Result<Rows> DuckDbResult::rows() {
    Rows rows;
    for (idx_t column = 0; column < duckdb_column_count(&result_); ++column) {
        rows.columns.emplace_back(duckdb_column_name(&result_, column));
    }
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result_)) {
        take_chunk(chunk, rows);
        duckdb_destroy_data_chunk(&chunk);
    }
    if (duckdb_result_error(&result_) != nullptr) {
        return std::unexpected(error());
    }
    return rows;
}

}  // namespace weir::sql
