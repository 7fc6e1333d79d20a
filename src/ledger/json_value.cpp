#include "ledger/json_value.h"

#include <limits>

#include "ledger/digest_text.h"
#include "ledger/entry_fields.h"
#include "ledger/time_text.h"

namespace weir::ledger {
namespace {

constexpr std::uint64_t count_max = (std::uint64_t{1} << 53U) - 1;  // What every JSON reader holds.

/// A reader of values may find a text that its type cannot mean: the ledger's bytes are at fault.
template <typename T>
Status assign(T& value, Result<T> parsed) {
    if (!parsed) {
        return fail(ErrorKind::corrupt, "{}", parsed.error().message());
    }
    value = *std::move(parsed);
    return {};
}

template <typename T>
Status write_object(Json& out, const T& value) {
    out = Json::object();
    FieldWriter writer(out);
    visit_fields(writer, value);
    return writer.status();
}

template <typename T>
Status read_object(const Json& in, T& value) {
    if (!in.is_object()) {
        return fail(ErrorKind::corrupt, "not an object");
    }
    FieldReader reader(in);
    visit_fields(reader, value);
    return reader.status();
}

}  // namespace

Result<std::string> canonical_text(const Json& value) {
    try {
        // Names here are ASCII, so the map's order is that of RFC 8785; numbers are whole.
        return value.dump();
    } catch (const Json::exception& error) {
        return fail(ErrorKind::invalid, "cannot write JSON: a text is not UTF-8, id={}", error.id);
    }
}

Result<Json> parse_json(std::string_view text) {
    Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded()) {
        return fail(ErrorKind::corrupt, "the text is not JSON, bytes={}", text.size());
    }
    return value;
}

Status write_value(Json& out, bool value) {
    out = value;
    return {};
}

Status write_value(Json& out, std::uint32_t value) {
    out = value;
    return {};
}

Status write_value(Json& out, std::uint64_t value) {
    if (value > count_max) {
        return fail(ErrorKind::invalid, "a count is past 2^53-1, count={}", value);
    }
    out = value;
    return {};
}

Status write_value(Json& out, const std::string& value) {
    out = value;
    return {};
}

Status write_value(Json& out, CutNumber value) {
    return write_value(out, value.value);
}

Status write_value(Json& out, Epoch value) {
    return write_value(out, value.value);
}

Status write_value(Json& out, Stage value) {
    out = to_string(value);
    return {};
}

Status write_value(Json& out, change::AsideReason value) {
    out = to_string(value);
    return {};
}

Status write_value(Json& out, Timestamp value) {
    TRY_LET(out, format_time(value));
    return {};
}

Status write_value(Json& out, change::Position value) {
    out = value.to_string();
    return {};
}

Status write_value(Json& out, const Digest& value) {
    out = to_hex(value);
    return {};
}

Status write_value(Json& out, const catalog::TableName& value) {
    out = value.to_string();
    return {};
}

Status write_value(Json& out, catalog::SchemaVersion value) {
    return write_value(out, value.number);
}

Status write_value(Json& out, const DataFile& value) {
    return write_object(out, value);
}

Status write_value(Json& out, const FileList& value) {
    if (const auto* const files = std::get_if<std::vector<DataFile>>(&value)) {
        return write_value(out, *files);
    }
    return write_object(out, std::get<Manifest>(value));
}

Status write_value(Json& out, const Run& value) {
    return write_object(out, value);
}

Status read_value(const Json& in, bool& value) {
    if (!in.is_boolean()) {
        return fail(ErrorKind::corrupt, "not true or false");
    }
    value = in.get<bool>();
    return {};
}

Status read_value(const Json& in, std::uint32_t& value) {
    std::uint64_t wide = 0;
    TRY(read_value(in, wide));
    if (wide > std::numeric_limits<std::uint32_t>::max()) {
        return fail(ErrorKind::corrupt, "the count does not fit 32 bits, count={}", wide);
    }
    value = static_cast<std::uint32_t>(wide);
    return {};
}

Status read_value(const Json& in, std::uint64_t& value) {
    if (!in.is_number_unsigned() || in.get<std::uint64_t>() > count_max) {
        return fail(ErrorKind::corrupt, "not a count from 0 to 2^53-1");
    }
    value = in.get<std::uint64_t>();
    return {};
}

Status read_value(const Json& in, std::string& value) {
    if (!in.is_string()) {
        return fail(ErrorKind::corrupt, "not a string");
    }
    value = in.get<std::string>();
    return {};
}

Status read_value(const Json& in, CutNumber& value) {
    return read_value(in, value.value);
}

Status read_value(const Json& in, Epoch& value) {
    return read_value(in, value.value);
}

Status read_value(const Json& in, Stage& value) {
    for (const Stage stage : all_stages) {
        if (in.is_string() && in.get_ref<const std::string&>() == to_string(stage)) {
            value = stage;
            return {};
        }
    }
    return fail(ErrorKind::corrupt, "not a stage");
}

Status read_value(const Json& in, change::AsideReason& value) {
    for (const change::AsideReason reason : change::all_aside_reasons) {
        if (in.is_string() && in.get_ref<const std::string&>() == to_string(reason)) {
            value = reason;
            return {};
        }
    }
    return fail(ErrorKind::corrupt, "not a reason to set a table aside");
}

Status read_value(const Json& in, Timestamp& value) {
    std::string text;
    TRY(read_value(in, text));
    return assign(value, parse_time(text));
}

Status read_value(const Json& in, change::Position& value) {
    std::string text;
    TRY(read_value(in, text));
    return assign(value, change::Position::parse(text));
}

Status read_value(const Json& in, Digest& value) {
    std::string text;
    TRY(read_value(in, text));
    return assign(value, parse_digest(text));
}

Status read_value(const Json& in, catalog::TableName& value) {
    std::string text;
    TRY(read_value(in, text));
    return assign(value, catalog::TableName::parse(text));
}

Status read_value(const Json& in, catalog::SchemaVersion& value) {
    return read_value(in, value.number);
}

Status read_value(const Json& in, DataFile& value) {
    return read_object(in, value);
}

Status read_value(const Json& in, FileList& value) {
    if (in.is_array()) {
        return read_value(in, value.emplace<std::vector<DataFile>>());
    }
    return read_object(in, value.emplace<Manifest>());
}

Status read_value(const Json& in, Run& value) {
    return read_object(in, value);
}

}  // namespace weir::ledger
