#include "sql/duckdb/duckdb_error.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace weir::sql {
namespace {

// Messages of these types quote row values, in either kind of quotes or bare.
constexpr std::array data_errors{
    DUCKDB_ERROR_OUT_OF_RANGE,    DUCKDB_ERROR_CONVERSION,    DUCKDB_ERROR_DECIMAL,
    DUCKDB_ERROR_MISMATCH_TYPE,   DUCKDB_ERROR_INVALID_TYPE,  DUCKDB_ERROR_CONSTRAINT,
    DUCKDB_ERROR_INVALID_INPUT,   DUCKDB_ERROR_EXPRESSION,    DUCKDB_ERROR_INVALID,
    DUCKDB_ERROR_OBJECT_SIZE,     DUCKDB_ERROR_EXECUTOR,      DUCKDB_ERROR_INDEX,
    DUCKDB_ERROR_DIVIDE_BY_ZERO,  DUCKDB_ERROR_SERIALIZATION, DUCKDB_ERROR_UNKNOWN_TYPE,
    DUCKDB_ERROR_NOT_IMPLEMENTED,
};

bool speaks_of_data(duckdb_error_type type) {
    return std::ranges::find(data_errors, type) != data_errors.end();
}

bool is_word(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

bool is_digit(char letter) {
    return std::isdigit(static_cast<unsigned char>(letter)) != 0;
}

// A value may hold its own quote mark, so a cut goes to the last mark of the line, not the next.
std::string without_quoted(std::string_view text, char mark) {
    const std::size_t first = text.find(mark);
    const std::size_t last = text.rfind(mark);
    if (first == std::string_view::npos) {
        return std::string(text);
    }
    return std::string(text.substr(0, first)) + "<value>" + std::string(text.substr(last + 1));
}

// Numbers inside words, as in INT32, are type names and stay.
std::string without_numbers(std::string_view text) {
    std::string kept;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (!is_digit(text[index]) || (index > 0 && is_word(text[index - 1]))) {
            kept += text[index];
            continue;
        }
        while (index + 1 < text.size() && (is_word(text[index + 1]) || text[index + 1] == '.')) {
            ++index;
        }
        kept += "<value>";
    }
    return kept;
}

bool is_lock(std::string_view message) {
    return message.contains("Could not set lock") || message.contains("Conflicting lock");
}

bool is_full_disk(std::string_view message) {
    return message.contains("No space left") || message.contains("max_temp_directory_size") ||
           message.contains("Disk quota");
}

ErrorKind kind_of_io(std::string_view message) {
    if (message.contains("does not exist") || message.contains("No files found") ||
        message.contains("No such file")) {
        return ErrorKind::not_found;
    }
    if (message.contains("ermission denied")) {
        return ErrorKind::denied;
    }
    if (message.contains("not a valid DuckDB database") || message.contains("Corrupt") ||
        message.contains("checksum")) {
        return ErrorKind::corrupt;
    }
    return ErrorKind::unavailable;
}

ErrorKind kind_of(duckdb_error_type type, std::string_view message) {
    switch (type) {
        case DUCKDB_ERROR_TRANSACTION:
            return message.contains("read-only") ? ErrorKind::denied : ErrorKind::conflict;
        case DUCKDB_ERROR_IO: return kind_of_io(message);
        case DUCKDB_ERROR_SERIALIZATION: return ErrorKind::corrupt;
        case DUCKDB_ERROR_PERMISSION: return ErrorKind::denied;
        case DUCKDB_ERROR_INTERRUPT: return ErrorKind::cancelled;
        case DUCKDB_ERROR_OUT_OF_MEMORY:
        case DUCKDB_ERROR_NETWORK:
        case DUCKDB_ERROR_HTTP:
        case DUCKDB_ERROR_CONNECTION:
        case DUCKDB_ERROR_FATAL: return ErrorKind::unavailable;
        case DUCKDB_ERROR_NOT_IMPLEMENTED:
        case DUCKDB_ERROR_MISSING_EXTENSION:
        case DUCKDB_ERROR_AUTOLOAD: return ErrorKind::unsupported;
        case DUCKDB_ERROR_INTERNAL:
        case DUCKDB_ERROR_NULL_POINTER: return ErrorKind::internal;
        default: return ErrorKind::invalid;
    }
}

}  // namespace

std::string without_values(duckdb_error_type type, std::string_view message) {
    std::string text(message.substr(0, message.find('\n')));
    text = without_quoted(text, '\'');
    if (!speaks_of_data(type)) {
        return text;
    }
    return without_numbers(without_quoted(text, '"'));
}

Error translate_duckdb_error(duckdb_error_type type, std::string_view message) {
    if (is_lock(message)) {
        return {ErrorKind::conflict,
                "the warehouse file is locked: another process holds it; ask it by `weir query`"};
    }
    if (is_full_disk(message)) {
        return {ErrorKind::unavailable,
                "no space is left for the warehouse: free disk space and start again"};
    }
    if (type == DUCKDB_ERROR_OUT_OF_MEMORY) {
        return {ErrorKind::unavailable,
                "DuckDB is out of memory: raise its memory limit or free its spill directory"};
    }
    return {kind_of(type, message), "DuckDB says: " + without_values(type, message)};
}

}  // namespace weir::sql
