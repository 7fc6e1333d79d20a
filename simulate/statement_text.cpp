#include "simulate/statement_text.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace weir::simulate {

void StatementText::close() {
    if (open_insert_) {
        text_ += ";\n";
        open_insert_.reset();
    }
}

void StatementText::insert(Table table, const Row& row) {
    if (open_insert_ == table) {
        text_ += ", ";
    } else {
        close();
        fmt::format_to(std::back_inserter(text_), "INSERT INTO claims.{} (", shape(table).name);
        for (std::size_t at = 0; at < row.size(); ++at) {
            text_ += at == 0 ? "" : ", ";
            text_ += shape(table).columns[at];
        }
        text_ += ") VALUES ";
        open_insert_ = table;
    }
    row.append_literals(text_);
}

void StatementText::update(Table table, const Row& before, const Row& after) {
    close();
    fmt::format_to(std::back_inserter(text_), "UPDATE claims.{} SET ", shape(table).name);
    bool first = true;
    for (std::size_t at = 0; at < after.size(); ++at) {
        if (!after.same_value(before, at)) {
            fmt::format_to(std::back_inserter(text_), "{}{} = ", first ? "" : ", ",
                           shape(table).columns[at]);
            after.append_literal(text_, at);
            first = false;
        }
    }
    where_key(table, before);
}

void StatementText::remove(Table table, const Row& row) {
    close();
    fmt::format_to(std::back_inserter(text_), "DELETE FROM claims.{}", shape(table).name);
    where_key(table, row);
}

void StatementText::where_key(Table table, const Row& row) {
    for (std::size_t at = 0; at < shape(table).key_columns; ++at) {
        fmt::format_to(std::back_inserter(text_), "{}{} = ", at == 0 ? " WHERE " : " AND ",
                       shape(table).columns[at]);
        row.append_literal(text_, at);
    }
    text_ += ";\n";
}

void StatementText::add(std::string_view statement) {
    close();
    text_ += statement;
    text_ += ";\n";
}

std::string StatementText::finish() && {
    close();
    return std::move(text_);
}

}  // namespace weir::simulate
