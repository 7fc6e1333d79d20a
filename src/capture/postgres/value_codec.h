#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weir::capture::postgres {

/// PostgreSQL's number of a type: pg_type.oid.
struct TypeOid {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(TypeOid, TypeOid) = default;
};

/// How a value arrives: PostgreSQL's text output, or what the type's send function writes.
enum class ValueForm { text, binary };

/// What came of a value.
enum class Fit {
    stored,
    outside,    // The landed type cannot hold it.
    malformed,  // The bytes are no value of the source type.
    no_memory,
};

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

    /// Appends a value to `builder`, which has `landed_type`; nothing if it is not stored.
    Fit append(std::span<const std::byte> value, ValueForm form,
               arrow::ArrayBuilder& builder) const {
        return (form == ValueForm::binary ? read_binary_ : read_text_)(value, shape_, builder);
    }
    /// Writes PostgreSQL's text of a value that `append` found to be outside; bytes that are no
    /// UTF-8 as bytea's escape format does.
    std::string text_of(std::span<const std::byte> value, ValueForm form) const;

    /// Of a decimal; nothing to other types.
    struct DecimalShape {
        std::int32_t precision = 0;
        std::int32_t scale = 0;
    };
    using Read = Fit (*)(std::span<const std::byte> value, const DecimalShape& shape,
                         arrow::ArrayBuilder& builder);

private:
    /// `read_binary` is null where the binary form is not read.
    ValueCodec(std::shared_ptr<arrow::DataType> type, Read read_text, Read read_binary)
        : landed_type_(std::move(type)),
          reads_binary_(read_binary != nullptr),
          read_text_(read_text),
          read_binary_(reads_binary_ ? read_binary : read_text) {}

    static ValueCodec create_numeric(std::int32_t type_modifier);

    std::shared_ptr<arrow::DataType> landed_type_;
    DecimalShape shape_;
    bool reads_binary_;
    Read read_text_;
    Read read_binary_;
};

}  // namespace weir::capture::postgres
