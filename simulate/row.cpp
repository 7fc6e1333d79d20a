#include "simulate/row.h"

#include <charconv>

#include "base/assert.h"

namespace weir::simulate {
namespace {

void append_number(std::string& out, std::int64_t value) {
    char digits[20];
    const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
    WEIR_ASSERT(error == std::errc());
    out.append(digits, end);
}

// Puts a backslash before what ends a value; most values have nothing of the kind.
void append_escaped(std::string& out, std::string_view value, std::string_view special) {
    while (true) {
        const std::size_t at = value.find_first_of(special);
        out += value.substr(0, at);
        if (at == std::string_view::npos) {
            return;
        }
        out += '\\';
        const char c = value[at];
        out += c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c;
        value.remove_prefix(at + 1);
    }
}

}  // namespace

Row& Row::clear() {
    bytes_.clear();
    nulls_ = 0;
    size_ = 0;
    return *this;
}

Row& Row::end_value() {
    WEIR_ASSERT(size_ < size_max);
    ends_[size_++] = bytes_.size();
    return *this;
}

Row& Row::text(std::string_view value) {
    bytes_ += value;
    return end_value();
}

Row& Row::number(std::int64_t value) {
    append_number(bytes_, value);
    return end_value();
}

Row& Row::money(Cents value) {
    if (value < 0) {
        bytes_ += '-';
        value = -value;
    }
    append_number(bytes_, value / 100);
    bytes_ += '.';
    bytes_ += static_cast<char>('0' + value / 10 % 10);
    bytes_ += static_cast<char>('0' + value % 10);
    return end_value();
}

Row& Row::boolean(bool value) {
    bytes_ += value ? 't' : 'f';
    return end_value();
}

Row& Row::date(Day value) {
    append_date(bytes_, value);
    return end_value();
}

Row& Row::moment(Micros value) {
    append_moment(bytes_, value);
    return end_value();
}

Row& Row::null() {
    nulls_ |= 1U << size_;
    return end_value();
}

std::string_view Row::operator[](std::size_t at) const {
    WEIR_ASSERT(at < size_);
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(bytes_).substr(begin, ends_[at] - begin);
}

bool Row::same_value(const Row& other, std::size_t at) const {
    return is_null(at) == other.is_null(at) && (*this)[at] == other[at];
}

void Row::append_copy(std::string& out) const {
    for (std::size_t at = 0; at < size_; ++at) {
        if (at > 0) {
            out += '\t';
        }
        if (is_null(at)) {
            out += "\\N";
        } else {
            append_escaped(out, (*this)[at], "\\\t\n\r");
        }
    }
    out += '\n';
}

void Row::append_literal(std::string& out, std::size_t at) const {
    if (is_null(at)) {
        out += "NULL";
        return;
    }
    out += '\'';
    for (const char c : (*this)[at]) {
        out.append(c == '\'' ? 2 : 1, c);
    }
    out += '\'';
}

void Row::append_literals(std::string& out) const {
    for (std::size_t at = 0; at < size_; ++at) {
        out += at == 0 ? "(" : ", ";
        append_literal(out, at);
    }
    out += ')';
}

void Row::append_canonical(std::string& out) const {
    for (std::size_t at = 0; at < size_; ++at) {
        if (at > 0) {
            out += '|';
        }
        if (is_null(at)) {
            out += "\\N";
            continue;
        }
        // No value holds a control character, so escaping them differently does not arise.
        append_escaped(out, (*this)[at], "\\|");
    }
}

}  // namespace weir::simulate
