#pragma once

#include <array>
#include <cstdint>
<<<<<<< HEAD

#include "simulate/fingerprint.h"
#include "simulate/origin.h"
#include "simulate/row.h"
=======
#include <string>

#include "simulate/fingerprint.h"
#include "simulate/model.h"
>>>>>>> simulate2
#include "simulate/table.h"

namespace weir::simulate {

<<<<<<< HEAD
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

=======
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

>>>>>>> simulate2
}  // namespace weir::simulate
