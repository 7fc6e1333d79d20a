#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulate/calendar.h"

namespace weir::simulate {

using Cents = std::int64_t;

/// The values of one row, each as the text that docs/formats/canonical_text.md names; PostgreSQL
/// reads the same text (in UTC). Made to be cleared and filled again: it keeps its memory. One
/// thread.
class Row {
public:
    Row& clear();
    Row& text(std::string_view value);
    Row& number(std::int64_t value);
    Row& money(Cents value);  // Two digits after the point.
    Row& boolean(bool value);
    Row& date(Day value);
    Row& moment(Micros value);
    Row& null();

    std::size_t size() const { return size_; }
    bool is_null(std::size_t at) const { return (nulls_ >> at & 1U) != 0; }
    /// Returns a view into this row, valid until it is changed; empty for a null.
    std::string_view operator[](std::size_t at) const;
    bool same_value(const Row& other, std::size_t at) const;

    /// Appends the row in the text form of COPY, with its newline.
    void append_copy(std::string& out) const;
    /// Appends one value as an SQL literal: quoted, or NULL.
    void append_literal(std::string& out, std::size_t at) const;
    /// Appends `('1', NULL, ...)`.
    void append_literals(std::string& out) const;
    /// Appends the row as docs/formats/canonical_text.md says.
    void append_canonical(std::string& out) const;

private:
    static constexpr std::size_t size_max = 24;

    Row& end_value();

    std::string bytes_;
    std::array<std::size_t, size_max> ends_{};
    std::uint32_t nulls_ = 0;  // Bit i is set if value i is null.
    std::size_t size_ = 0;
};

}  // namespace weir::simulate
