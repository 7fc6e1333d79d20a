#include "simulate/truth.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "simulate/origin_rows.h"

namespace weir::simulate {

void Truth::add(Table table, const Row& row) {
    fingerprints_[index(table)].add(row);
    if (table == Table::member && row.size() < shape(table).columns.size()) {
        members_with_email_.add(Row(row).null());
    }
}

void Truth::remove(Table table, const Row& row) {
    fingerprints_[index(table)].remove(row);
    if (table == Table::member && row.size() < shape(table).columns.size()) {
        members_with_email_.remove(Row(row).null());
    }
}

void Truth::add_email() {
    fingerprints_[index(Table::member)] = members_with_email_;
    members_with_email_ = {};
}

Truth& Truth::operator+=(const Truth& other) {
    for (const Table table : all_tables) {
        fingerprints_[index(table)] += other.of(table);
    }
    members_with_email_ += other.members_with_email_;
    return *this;
}

Truth truth_of(const Origin& origin, std::size_t threads) {
    const std::vector<OriginPart> parts = parts_of(origin);
    std::atomic<std::size_t> next = 0;
    std::vector<Truth> sums(std::max<std::size_t>(threads, 1));
    {
        std::vector<std::jthread> workers;
        for (Truth& sum : sums) {
            workers.emplace_back([&] {
                for (std::size_t at = next++; at < parts.size(); at = next++) {
                    for_each_row(origin, parts[at],
                                 [&](const Row& row) { sum.add(parts[at].table, row); });
                }
            });
        }
    }
    Truth truth;
    for (const Truth& sum : sums) {
        truth += sum;
    }
    return truth;
}

}  // namespace weir::simulate
