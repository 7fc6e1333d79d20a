#include "simulate/transcript.h"

#include <utility>

#include "base/assert.h"

namespace weir::simulate {

Transcript::Transcript(std::optional<Truth> truth) : truth_(std::move(truth)) {
    begin();
}

void Transcript::begin() {
    sql_.clear();
    expected_.clear();
    in_insert_ = false;
    statement("BEGIN", -1);
}

void Transcript::statement(std::string_view sql, std::int64_t rows) {
    end();
    sql_ += sql;
    end_statement(rows);
}

void Transcript::end_statement(std::int64_t rows) {
    sql_ += ";\n";
    expected_.push_back(rows);
}

void Transcript::end() {
    if (std::exchange(in_insert_, false)) {
        sql_ += ";\n";
    }
}

void Transcript::insert(Table table, const Row& row) {
    if (truth_) {
        truth_->add(table, row);
    }
    ++rows_;
    if (in_insert_ && insert_table_ == table) {
        sql_ += ",\n";
        ++expected_.back();
    } else {
        end();
        sql_.append("INSERT INTO claims.").append(shape(table).name).append(" VALUES ");
        expected_.push_back(1);
        in_insert_ = true;
        insert_table_ = table;
    }
    row.append_literals(sql_);
}

void Transcript::update(Table table, const Row& before, const Row& after) {
    WEIR_ASSERT(before.size() == after.size());
    std::string_view glue = " SET ";
    for (std::size_t at = 0; at < after.size(); ++at) {
        if (after.same_value(before, at)) {
            continue;
        }
        if (glue == " SET ") {
            end();
            sql_.append("UPDATE claims.").append(shape(table).name);
        }
        sql_.append(std::exchange(glue, ", ")).append(shape(table).columns[at]).append(" = ");
        after.append_literal(sql_, at);
    }
    if (glue == ", ") {
        where_key(table, before);
        end_statement(1);
        follow(table, before, after);
    }
}

void Transcript::remove(Table table, const Row& row) {
    end();
    sql_.append("DELETE FROM claims.").append(shape(table).name);
    where_key(table, row);
    end_statement(1);
    if (truth_) {
        truth_->remove(table, row);
    }
    ++rows_;
}

void Transcript::where_key(Table table, const Row& row) {
    for (std::size_t at = 0; at < shape(table).key_columns; ++at) {
        sql_.append(at == 0 ? " WHERE " : " AND ").append(shape(table).columns[at]).append(" = ");
        row.append_literal(sql_, at);
    }
}

void Transcript::follow(Table table, const Row& before, const Row& after) {
    if (truth_) {
        truth_->remove(table, before);
        truth_->add(table, after);
    }
    ++rows_;
}

void Transcript::add_email_column() {
    statement("ALTER TABLE claims.member ADD COLUMN email text", -1);
    if (truth_) {
        truth_->add_email();
    }
}

Transcript::Mark Transcript::savepoint() {
    statement("SAVEPOINT attempt", -1);
    return mark();
}

void Transcript::rollback_to_savepoint(const Mark& mark) {
    statement("ROLLBACK TO SAVEPOINT attempt", -1);
    truth_ = mark.truth;
    rows_ = mark.rows;
}

void Transcript::rollback(const Mark& begin) {
    statement("ROLLBACK", -1);
    statement("BEGIN", -1);
    truth_ = begin.truth;
    rows_ = begin.rows;
}

}  // namespace weir::simulate
