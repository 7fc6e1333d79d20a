#include "ledger/entry.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "ledger/entry_fields.h"
#include "ledger/json_value.h"

namespace weir::ledger {
namespace {

constexpr std::size_t entry_bytes_max = 4096;

/// In the order of `EntryBody`'s alternatives.
constexpr std::array<std::string_view, std::variant_size_v<EntryBody>> kinds = {
    "pipeline created",  "lease taken",     "schema changed", "snapshot started",
    "snapshot resumed",  "chunk landed",    "cut landed",     "position advanced",
    "cut refined",       "cuts loaded",     "models built",   "checks run",
    "published",         "reconciled",      "data read",      "source identified",
    "reading requested", "table set aside", "log lost",       "key rotated"};

template <std::size_t... Index>
EntryBody make_body(std::size_t kind, std::index_sequence<Index...> /*all*/) {
    EntryBody body;
    const auto make = [&body, kind]<std::size_t Candidate>() {
        if (kind == Candidate) {
            body.emplace<Candidate>();
        }
    };
    (make.template operator()<Index>(), ...);
    return body;
}

Result<EntryBody> body_of_kind(std::string_view name) {
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        if (kinds[kind] == name) {
            return make_body(kind, std::make_index_sequence<kinds.size()>());
        }
    }
    return fail(ErrorKind::unsupported,
                "the entry is of a kind that this release does not know; use a later one");
}

Result<Entry> entry_from_json(const Json& object) {
    if (!object.is_object()) {
        return fail(ErrorKind::corrupt, "the entry is not an object");
    }
    FieldReader reader(object);
    std::string kind;
    reader("kind", kind);
    TRY(reader.status());
    Entry entry;
    TRY_LET(entry.body, body_of_kind(kind));
    reader("run", entry.run);
    std::visit([&reader](auto& body) { visit_fields(reader, body); }, entry.body);
    TRY(Status(reader.status()).with(std::move(kind)));
    return entry;
}

template <typename Body>
bool is_about_one(const Body& body, CutNumber first, CutNumber last) {
    if constexpr (std::is_same_v<Body, CutsLoaded>) {
        return body.from < last && first <= body.to;
    } else if constexpr (requires { body.cut; }) {
        return first <= body.cut && body.cut <= last;
    } else {
        return false;
    }
}

}  // namespace

std::string_view to_string(Stage stage) {
    switch (stage) {
        case Stage::capture: return "capture";
        case Stage::refine: return "refine";
        case Stage::load: return "load";
        case Stage::model: return "model";
        case Stage::quality: return "quality";
        case Stage::publish: return "publish";
        case Stage::operate: return "operate";
    }
    std::unreachable();
}

std::string stored_key(std::string_view path, Epoch epoch) {
    return fmt::format("{}-e{}.parquet", path, epoch.value);
}

std::string bound_name(std::string_view path) {
    std::string name;
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        if (part.find('=') == std::string_view::npos) {
            name += name.empty() ? "" : "/";
            name += part;
        }
        path.remove_prefix(std::min(path.size(), part.size() + 1));
    }
    return name;
}

std::string sealed_key(std::string_view path, Epoch epoch) {
    return stored_key(path, epoch) + ".sealed";
}

bool is_about(const EntryBody& body, CutNumber first, CutNumber last) {
    return std::visit([&](const auto& one) { return is_about_one(one, first, last); }, body);
}

std::string_view kind_of(const EntryBody& body) {
    return kinds[body.index()];
}

Result<std::string> format_entry(const Entry& entry) {
    Json object = Json::object();
    FieldWriter writer(object);
    writer("kind", std::string(kind_of(entry.body)));
    writer("run", entry.run);
    std::visit([&writer](const auto& body) { visit_fields(writer, body); }, entry.body);
    const auto task = [&entry] {
        return fmt::format("cannot write entry {}", kind_of(entry.body));
    };
    TRY(Status(writer.status()).with(task()));
    TRY_LET(std::string text, canonical_text(object).with(task()));
    if (text.size() > entry_bytes_max) {
        return fail(ErrorKind::invalid, "{}: it is too long, bytes={}, max={}", task(), text.size(),
                    entry_bytes_max);
    }
    return text;
}

Result<Entry> parse_entry(std::string_view text) {
    constexpr auto task = "cannot read entry";
    if (text.size() > entry_bytes_max) {
        return fail(ErrorKind::corrupt, "{}: it is too long, bytes={}, max={}", task, text.size(),
                    entry_bytes_max);
    }
    TRY_LET(const Json object, parse_json(text).with(task));
    TRY_LET(Entry entry, entry_from_json(object).with(task));
    // One entry has one text: another order, spelling or field is another text.
    const auto again = format_entry(entry);
    if (!again || *again != text) {
        return fail(ErrorKind::corrupt, "{}: it is not in canonical form, kind={}", task,
                    kind_of(entry.body));
    }
    return entry;
}

}  // namespace weir::ledger
