#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "simulate/fingerprint.h"
#include "simulate/model.h"
#include "simulate/table.h"

namespace weir::simulate {

/// The fingerprints of all tables, kept up to date row by row. A value.
class Truth {
public:
    /// Computes from every row of the model: seconds per million lines.
    static Truth of(const Model& model);

    Fingerprint& operator[](Table table) { return fingerprints_[index(table)]; }
    const Fingerprint& operator[](Table table) const { return fingerprints_[index(table)]; }
    bool operator==(const Truth&) const = default;

    /// Returns the text of a truth file (docs/formats/truth.md).
    std::string to_json(std::int64_t transaction_number, bool has_email) const;

private:
    std::array<Fingerprint, table_count> fingerprints_;
};

}  // namespace weir::simulate
