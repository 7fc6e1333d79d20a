#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::capture::postgres {

/// PostgreSQL's number of a type: pg_type.oid.
struct TypeOid {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(TypeOid, TypeOid) = default;
};

/// How a value arrives: PostgreSQL's text output, or what the type's send function writes.
enum class ValueForm { text, binary };

/// What came of a value: stored, or outside what the landed type can hold.
enum class Fit { stored, outside };

/// Reads the values of one column type into the Arrow builder of its landed type
/// (docs/types.md). A value; any thread may use it.
class ValueCodec {
public:
    /// A type without a binary form that weir reads is landed as PostgreSQL's text. `type` is a
    /// base type (domains resolved); an enum is `enum_type`.
    static ValueCodec create(TypeOid type, std::int32_t type_modifier, bool enum_type = false);

    /// The codec of a stored contract's column whose type the server no longer knows.
    static ValueCodec create_for(const std::shared_ptr<arrow::DataType>& landed_type);

    const std::shared_ptr<arrow::DataType>& landed_type() const { return landed_type_; }
    /// Whether the type's binary form can be read; otherwise ask the server for text.
    bool reads_binary() const { return reads_binary_; }

    /// Appends a value to `builder`, which has `landed_type`. Of a value outside the type nothing
    /// is appended. Fails with `corrupt` if the bytes are no value of the source type.
    Result<Fit> append(std::span<const std::byte> value, ValueForm form,
                       arrow::ArrayBuilder& builder) const;
    /// Writes PostgreSQL's text of a value that `append` found to be outside; bytes that are no
    /// UTF-8 as bytea's escape format does.
    std::string text_of(std::span<const std::byte> value, ValueForm form) const;

private:
    enum class Kind {
        boolean,
        int16,
        int32,
        int64,
        float32,
        float64,
        decimal,
        numeric_text,
        text,
        bytes,
        date,
        time,
        timestamp,
        uuid,
        jsonb,
    };

    ValueCodec(Kind kind, std::shared_ptr<arrow::DataType> type, bool reads_binary)
        : kind_(kind), landed_type_(std::move(type)), reads_binary_(reads_binary) {}

    Result<Fit> append_text(std::string_view text, arrow::ArrayBuilder& builder) const;
    Result<Fit> append_binary(std::span<const std::byte> value, arrow::ArrayBuilder& builder) const;

    Kind kind_;
    std::shared_ptr<arrow::DataType> landed_type_;
    bool reads_binary_;
    std::int32_t precision_ = 0;
    std::int32_t scale_ = 0;
};

}  // namespace weir::capture::postgres
