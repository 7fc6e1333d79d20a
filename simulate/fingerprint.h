#pragma once

#include <cstdint>
#include <string>

#include "simulate/row.h"

namespace weir::simulate {

/// What docs/formats/canonical_text.md calls a table's fingerprint: it forgets the order of rows,
/// and a row can be taken out again. A value.
class Fingerprint {
public:
    void add(const Row& row);
    /// Takes out a row. REQUIRES: it is in.
    void remove(const Row& row);

    /// Adds the rows of a disjoint set.
    Fingerprint& operator+=(const Fingerprint& other);

    std::int64_t count() const { return count_; }
    std::string low() const;   // Decimal.
    std::string high() const;  // Decimal.

    bool operator==(const Fingerprint&) const = default;

private:
    // Sums of 60-bit numbers over more rows than 16 would not fit in 64 bits.
    __extension__ using Sum = unsigned __int128;

    std::int64_t count_ = 0;
    Sum low_ = 0;
    Sum high_ = 0;
};

}  // namespace weir::simulate
