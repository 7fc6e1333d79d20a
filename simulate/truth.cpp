#include "simulate/truth.h"

#include <fmt/format.h>

#include <iterator>

namespace weir::simulate {

Truth Truth::of(const Model& model) {
    Truth truth;
    for (const Table table : all_tables) {
        Fingerprint& fingerprint = truth[table];
        for_each_row(model, table, [&](const Row& row) { fingerprint.add(row); });
    }
    return truth;
}

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

}  // namespace weir::simulate
