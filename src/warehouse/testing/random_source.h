#pragma once

#include <arrow/type.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/testing/source_change.h"

namespace weir::warehouse::testing {

/// How the log of a random table names old rows, and what befalls it.
struct RandomTable {
    std::string name;
    catalog::RowIdentity identity = catalog::RowIdentity::key;
    bool with_key = true;
    bool lossy = false;  // Some changes are lost, as into quarantine; then nothing is unchanged.
};

/// One table of a source that changes at random, within what PostgreSQL's log can say. The same
/// seed makes the same changes.
class RandomSource {
public:
    RandomSource(RandomTable table, std::uint64_t seed) : table_(std::move(table)), random_(seed) {
        contract_ = contract_of(1);
    }

    std::vector<SourceChange> changes(std::int64_t cuts) {
        for (std::int64_t cut = 1; cut <= cuts; ++cut) {
            cut_ = cut;
            cut == 1 && chance(50) ? snapshot() : transactions();
        }
        if (table_.lossy) {
            std::erase_if(changes_, [this](const auto&) { return chance(15); });
        }
        return std::move(changes_);
    }
    std::vector<std::shared_ptr<const catalog::TableContract>> contracts() const {
        std::vector<std::shared_ptr<const catalog::TableContract>> all;
        for (std::uint32_t version = 1; version <= contract_->version.number; ++version) {
            all.push_back(contract_of(version));
        }
        return all;
    }

private:
    static catalog::Column column(std::uint32_t id, std::string name,
                                  std::shared_ptr<arrow::DataType> type, bool in_key = false) {
        return {.id = id,
                .name = std::move(name),
                .source_type = "",
                .landed_type = std::move(type),
                .nullable = !in_key,
                .in_key = in_key,
                .tags = {}};
    }

    // Version 2 adds `op`, renames the texts crosswise, drops the amount; version 3 widens.
    std::shared_ptr<const catalog::TableContract> contract_of(std::uint32_t version) const {
        catalog::TableContract contract{.name = {.schema = "Claims", .table = table_.name},
                                        .version = {version},
                                        .identity = table_.identity,
                                        .columns = {}};
        auto& columns = contract.columns;
        columns.push_back(
            column(1, "id", version < 3 ? arrow::int32() : arrow::int64(), table_.with_key));
        columns.push_back(column(2, "part \"x\"", arrow::utf8(), table_.with_key));
        columns.push_back(column(4, version < 2 ? "note" : "body", arrow::utf8()));
        columns.push_back(column(5, version < 2 ? "body" : "note", arrow::utf8()));
        if (version < 2) {
            columns.push_back(column(6, "valid_from", arrow::decimal128(12, 2)));
        } else {
            columns.push_back(
                column(7, "op", version < 3 ? arrow::decimal128(9, 2) : arrow::decimal128(12, 3)));
        }
        return std::make_shared<catalog::TableContract>(std::move(contract));
    }

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    bool chance(std::uint64_t percent) { return below(100) < percent; }

    void put(Row& row, std::uint32_t id, std::string text) {
        row.erase(id);
        if (chance(85)) {
            row[id] = std::move(text);
        }
    }

    void change_values(Row& row) {
        const std::uint64_t range = table_.with_key ? 1000 : 2;
        put(row, 4, std::string(below(2), 'n') + std::to_string(below(range)));
        put(row, 5, chance(20) ? "" : "b" + std::to_string(below(range)));
        row.erase(contract_->version.number < 2 ? 7U : 6U);
        put(row, contract_->version.number < 2 ? 6 : 7, std::to_string(below(range)) + ".5");
    }

    void choose_key(Row& row) {
        row[1] = std::to_string(below(table_.with_key ? 6 : 2));
        row[2] = chance(50) ? "p|\\'" : "";
    }

    bool is_taken(const Row& row, const Row* except) const {
        return table_.with_key && std::ranges::any_of(rows_, [&](const Row& other) {
                   return &other != except && other.at(1) == row.at(1) && other.at(2) == row.at(2);
               });
    }

    Row carried_before(const Row& row) const {
        return table_.identity == catalog::RowIdentity::full ? visible(row)
                                                             : Row{{1, row.at(1)}, {2, row.at(2)}};
    }

    Row visible(const Row& row) const {
        Row kept;
        for (const catalog::Column& one : contract_->columns) {
            if (const auto found = row.find(one.id); found != row.end()) {
                kept.insert(*found);
            }
        }
        return kept;
    }

    void emit(char op, std::optional<Row> before, const Row& old_row, const Row& after,
              std::set<std::uint32_t> unchanged = {}) {
        changes_.push_back({.op = op,
                            .cut = cut_,
                            .position = position_,
                            .ordinal = ordinal_++,
                            .time_us = time_us_,
                            .contract = contract_,
                            .before = std::move(before),
                            .old_row = visible(old_row),
                            .after = visible(after),
                            .unchanged = std::move(unchanged)});
    }

    void insert(char op) {
        Row row;
        choose_key(row);
        change_values(row);
        if (!is_taken(row, nullptr)) {
            rows_.push_back(row);
            emit(op, std::nullopt, {}, row);
        }
    }

    // The two texts are long values: untouched, the log leaves them out unless they are null.
    std::set<std::uint32_t> left_out(const Row& old_row, const Row& row) {
        std::set<std::uint32_t> ids;
        for (const std::uint32_t id : {4U, 5U}) {
            if (!table_.lossy && row.contains(id) && old_row.contains(id) &&
                row.at(id) == old_row.at(id) && chance(80)) {
                ids.insert(id);
            }
        }
        return ids;
    }

    void replace(Row& stored, const Row& row) {
        const bool moved = stored.at(1) != row.at(1) || stored.at(2) != row.at(2);
        const bool carries = moved || table_.identity == catalog::RowIdentity::full;
        emit('u', carries ? std::optional(carried_before(stored)) : std::nullopt, stored, row,
             left_out(stored, row));
        stored = row;
    }

    void update() {
        Row& stored = rows_[below(rows_.size())];
        Row row = stored;
        change_values(row);
        for (const std::uint32_t id : {4U, 5U}) {
            if (chance(60)) {
                row.erase(id);
                if (stored.contains(id)) {
                    row[id] = stored.at(id);
                }
            }
        }
        if (chance(30)) {
            choose_key(row);
        }
        if (!is_taken(row, &stored)) {
            replace(stored, row);
        }
    }

    // Two rows exchange their keys by way of a third one.
    void swap_keys() {
        Row& one = rows_[below(rows_.size())];
        Row& other = rows_[below(rows_.size())];
        Row away = one;
        away[1] = "99";
        if (&one == &other || is_taken(away, nullptr)) {
            return;
        }
        const Row first = one;
        const Row second = other;
        replace(one, away);
        move_to(other, first);
        move_to(one, second);
    }
    void move_to(Row& stored, const Row& place) {
        Row row = stored;
        row[1] = place.at(1);
        row[2] = place.at(2);
        replace(stored, row);
    }

    void remove() {
        const auto index = static_cast<std::ptrdiff_t>(below(rows_.size()));
        const Row row = rows_[static_cast<std::size_t>(index)];
        rows_.erase(rows_.begin() + index);
        emit('d', carried_before(row), row, {});
    }

    void truncate() {
        rows_.clear();
        emit('t', std::nullopt, {}, {});
    }

    void change_shape() {
        contract_ = contract_of(contract_->version.number + 1);
        for (Row& row : rows_) {
            row = visible(row);
        }
    }

    void change() {
        const std::uint64_t kind = below(100);
        if (kind < 3) {
            truncate();
        } else if (kind < 5 && contract_->version.number < 3) {
            change_shape();
        } else if (rows_.empty() || kind < 35) {
            insert('c');
        } else if (kind < 75) {
            update();
        } else if (kind < 85) {
            swap_keys();
        } else {
            remove();
        }
    }

    void next_transaction() {
        position_ += 1 + static_cast<std::int64_t>(below(50));
        ordinal_ = static_cast<std::int64_t>(below(3));
        // The source's clock is set back now and then.
        time_us_ += chance(25) ? -static_cast<std::int64_t>(below(3'000'000))
                               : static_cast<std::int64_t>(below(2'000'000));
    }

    void transactions() {
        for (std::uint64_t count = below(4); count > 0; --count) {
            next_transaction();
            for (std::uint64_t changes = 1 + below(8); changes > 0; --changes) {
                change();
            }
        }
    }

    void snapshot() {
        next_transaction();
        for (std::uint64_t count = below(12); count > 0; --count) {
            insert('r');
        }
    }

    RandomTable table_;
    std::mt19937_64 random_;
    std::shared_ptr<const catalog::TableContract> contract_;
    std::vector<Row> rows_;
    std::vector<SourceChange> changes_;
    std::int64_t cut_ = 0;
    std::int64_t position_ = 1000;
    std::int64_t ordinal_ = 0;
    std::int64_t time_us_ = 1'700'000'000'000'000;
};

}  // namespace weir::warehouse::testing
