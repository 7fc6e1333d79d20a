#include <string>
#include <string_view>

#include "sql/sql_session.h"

namespace weir::sql {
namespace {

std::string quote(std::string_view text, char mark) {
    std::string quoted(1, mark);
    for (const char letter : text) {
        quoted += letter;
        if (letter == mark) {
            quoted += mark;
        }
    }
    return quoted + mark;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
    return quote(name, '"');
}

std::string quote_literal(std::string_view text) {
    return quote(text, '\'');
}

}  // namespace weir::sql
