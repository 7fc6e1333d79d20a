#pragma once

#include <array>
#include <cstdint>

#include "simulate/fingerprint.h"
#include "simulate/origin.h"
#include "simulate/row.h"
#include "simulate/table.h"

namespace weir::simulate {

/// The fingerprint of every table, kept up row by row. A value.
class Truth {
public:
    void add(Table table, const Row& row);
    void remove(Table table, const Row& row);
    /// `member` gets its column `email`, null in every row.
    void add_email();

    const Fingerprint& of(Table table) const { return fingerprints_[index(table)]; }

    Truth& operator+=(const Truth& other);
    bool operator==(const Truth&) const = default;

private:
    std::array<Fingerprint, table_count> fingerprints_;
    // The members as they will look with one more column: adding it changes the text of every row.
    Fingerprint members_with_email_;
};

/// Computes the truth of the origin from its rows, on `threads` threads.
Truth truth_of(const Origin& origin, std::size_t threads);

}  // namespace weir::simulate
