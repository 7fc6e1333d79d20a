#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/entry.h"

namespace weir::ledger {

// Values of the ledger as JSON (docs/formats/ledger.md, "Entries"). Each `write_value` has its
// `read_value`; writing fails with `invalid`, reading with `corrupt`.

using Json = nlohmann::json;

/// Writes canonical JSON (RFC 8785). Fails with `invalid` on text that is not UTF-8.
Result<std::string> canonical_text(const Json& value);
/// Reads JSON. Fails with `corrupt`.
Result<Json> parse_json(std::string_view text);

Status write_value(Json& out, bool value);
Status write_value(Json& out, std::uint32_t value);
Status write_value(Json& out, std::uint64_t value);
Status write_value(Json& out, const std::string& value);
Status write_value(Json& out, CutNumber value);
Status write_value(Json& out, Epoch value);
Status write_value(Json& out, Stage value);
Status write_value(Json& out, change::AsideReason value);
Status write_value(Json& out, Timestamp value);
Status write_value(Json& out, change::Position value);
Status write_value(Json& out, const Digest& value);
Status write_value(Json& out, const catalog::TableName& value);
Status write_value(Json& out, catalog::SchemaVersion value);
Status write_value(Json& out, const DataFile& value);
Status write_value(Json& out, const FileList& value);
Status write_value(Json& out, const Run& value);

Status read_value(const Json& in, bool& value);
Status read_value(const Json& in, std::uint32_t& value);
Status read_value(const Json& in, std::uint64_t& value);
Status read_value(const Json& in, std::string& value);
Status read_value(const Json& in, CutNumber& value);
Status read_value(const Json& in, Epoch& value);
Status read_value(const Json& in, Stage& value);
Status read_value(const Json& in, change::AsideReason& value);
Status read_value(const Json& in, Timestamp& value);
Status read_value(const Json& in, change::Position& value);
Status read_value(const Json& in, Digest& value);
Status read_value(const Json& in, catalog::TableName& value);
Status read_value(const Json& in, catalog::SchemaVersion& value);
Status read_value(const Json& in, DataFile& value);
Status read_value(const Json& in, FileList& value);
Status read_value(const Json& in, Run& value);

template <typename T>
Status write_value(Json& out, const std::optional<T>& value) {
    out = nullptr;
    return value ? write_value(out, *value) : Status{};
}

template <typename T>
Status read_value(const Json& in, std::optional<T>& value) {
    value.reset();
    return in.is_null() ? Status{} : read_value(in, value.emplace());
}

template <typename T>
Status write_value(Json& out, const std::vector<T>& value) {
    out = Json::array();
    for (const T& item : value) {
        TRY(write_value(out.emplace_back(), item));
    }
    return {};
}

template <typename T>
Status read_value(const Json& in, std::vector<T>& value) {
    if (!in.is_array()) {
        return fail(ErrorKind::corrupt, "not a list");
    }
    value.clear();
    for (const Json& item : in) {
        TRY(read_value(item, value.emplace_back()));
    }
    return {};
}

/// Writes the fields it is shown into an object; `status` has the first failure.
class FieldWriter {
public:
    explicit FieldWriter(Json& object) : object_(object) {}

    template <typename T>
    void operator()(const char* name, const T& value) {
        if (status_) {
            status_ = write_value(object_[name], value).with(name);
        }
    }
    const Status& status() const { return status_; }

private:
    Json& object_;
    Status status_;
};

/// Reads the fields it is shown out of an object; `status` has the first failure.
class FieldReader {
public:
    explicit FieldReader(const Json& object) : object_(object) {}

    template <typename T>
    void operator()(const char* name, T& value) {
        if (status_) {
            status_ = read(name, value).with(name);
        }
    }
    const Status& status() const { return status_; }

private:
    template <typename T>
    Status read(const char* name, T& value) const {
        const auto field = object_.find(name);
        if (field == object_.end()) {
            return fail(ErrorKind::corrupt, "the field is missing");
        }
        return read_value(*field, value);
    }

    const Json& object_;
    Status status_;
};

}  // namespace weir::ledger
