#include "simulate/truth.h"

<<<<<<< HEAD
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
=======
#include <fmt/format.h>

#include <iterator>

namespace weir::simulate {

Truth Truth::of(const Model& model) {
    Truth truth;
    for (const Table table : all_tables) {
        Fingerprint& fingerprint = truth[table];
        for_each_row(model, table, [&](const Row& row) { fingerprint.add(row); });
>>>>>>> simulate2
    }
    return truth;
}

<<<<<<< HEAD
=======
std::string Truth::to_json(std::int64_t transaction_number, bool has_email) const {
    std::string out;
    fmt::format_to(std::back_inserter(out), "{{\"transaction\": {}, \"tables\": {{",
                   transaction_number);
    for (const Table table : all_tables) {
        const Fingerprint& fingerprint = (*this)[table];
        auto columns = shape(table).columns;
        if (table == Table::member && !has_email) {
            columns = columns.first(columns.size() - 1);
        }
        fmt::format_to(std::back_inserter(out),
                       "{}\n  \"claims.{}\": {{\"count\": {}, \"low\": \"{}\", \"high\": \"{}\", "
                       "\"columns\": [\"{}\"]}}",
                       table == Table::plan ? "" : ",", shape(table).name, fingerprint.count(),
                       fingerprint.low(), fingerprint.high(), fmt::join(columns, "\", \""));
    }
    out += "}}\n";
    return out;
}

>>>>>>> simulate2
}  // namespace weir::simulate
