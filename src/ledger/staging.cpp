#include "ledger/staging.h"

#include <algorithm>
#include <charconv>

#include "base/line.h"
#include "base/sha256.h"
#include "ledger/tile.h"

namespace weir::ledger {
namespace {

constexpr std::string_view first_line = "weir ledger staging v1";

Result<TreeSize> take_size(std::string_view& rest) {
    TRY_LET(const std::string_view line, take_line(rest));
    TreeSize size;
    std::from_chars(line.data(), line.data() + line.size(), size.entries);
    if (std::to_string(size.entries) != line) {
        return fail(ErrorKind::corrupt, "the size is not a plain 64-bit decimal");
    }
    return size;
}

Result<StagedTail> parse_tail(std::string_view text) {
    TRY_LET(const std::string_view line, take_line(text));
    if (line != first_line) {
        return fail(ErrorKind::unsupported, "the staging object is of another version");
    }
    StagedTail tail;
    TRY_LET(tail.before, take_size(text));
    TRY_LET(tail.entries, parse_bundle(std::as_bytes(std::span(text))));
    return tail;
}

}  // namespace

std::vector<std::byte> format_tail(const StagedTail& tail) {
    const std::string header = fmt::format("{}\n{}\n", first_line, tail.before.entries);
    const auto header_bytes = std::as_bytes(std::span(header));
    std::vector<std::byte> bytes(header_bytes.begin(), header_bytes.end());
    for (const std::string& entry : tail.entries) {
        append_to_bundle(bytes, entry);
    }
    return bytes;
}

std::string staging_key(TreeSize after, std::span<const std::byte> bytes) {
    return fmt::format("{}{}-{}", staging_prefix, after.entries, to_hex(sha256(bytes)));
}

std::optional<TreeSize> staged_size(std::string_view key) {
    if (!key.starts_with(staging_prefix)) {
        return std::nullopt;
    }
    const std::string_view name = key.substr(staging_prefix.size());
    TreeSize size;
    std::from_chars(name.data(), name.data() + name.size(), size.entries);
    const std::string start = fmt::format("{}-", size.entries);
    if (!name.starts_with(start) || name.size() != start.size() + 2 * sizeof(Digest) ||
        name.find_first_not_of("0123456789abcdef", start.size()) != std::string_view::npos) {
        return std::nullopt;
    }
    return size;
}

Result<StagedTail> read_tail(const store::ObjectStore& store, const std::string& key) {
    TRY_LET(const auto object, store.read(key));
    const auto size = staged_size(key);
    if (!size || staging_key(*size, object.bytes) != key) {
        return fail(ErrorKind::corrupt, "the staging object was changed, path={}", key);
    }
    std::string text(object.bytes.size(), '\0');
    std::transform(object.bytes.begin(), object.bytes.end(), text.begin(),
                   [](std::byte byte) { return static_cast<char>(byte); });
    TRY_LET(StagedTail tail, parse_tail(text).with(key));
    if (tail.after() != *size) {
        return fail(ErrorKind::corrupt, "the staging object has not the size of its name, path={}",
                    key);
    }
    return tail;
}

}  // namespace weir::ledger
