#include "ledger/head.h"

#include <charconv>

#include "base/byte_text.h"
#include "base/line.h"
#include "ledger/key_rotation.h"
#include "ledger/tile.h"

namespace weir::ledger {
namespace {

constexpr std::string_view first_line = "weir ledger head v2";

Result<std::uint64_t> take_count(std::string_view& rest) {
    TRY_LET(const std::string_view line, take_line(rest));
    std::uint64_t count = 0;
    std::from_chars(line.data(), line.data() + line.size(), count);
    if (std::to_string(count) != line) {
        return fail(ErrorKind::corrupt, "a count of the head is not a plain 64-bit decimal");
    }
    return count;
}

/// Takes all that stands before the signed checkpoint.
Result<Tail> take_tail(std::string_view& rest) {
    TRY_LET(const std::string_view version, take_line(rest));
    if (version != first_line) {
        return fail(ErrorKind::corrupt, "the head's first line is not \"{}\"", first_line);
    }
    TRY_LET(const std::uint64_t before, take_count(rest));
    TRY_LET(const std::uint64_t bytes, take_count(rest));
    if (bytes > rest.size()) {
        return fail(ErrorKind::corrupt, "the head is torn");
    }
    TRY_LET(auto entries, parse_bundle(std::as_bytes(std::span(rest.substr(0, bytes)))));
    rest.remove_prefix(bytes);
    return Tail{.before = {before}, .entries = std::move(entries)};
}

}  // namespace

std::string format_head(const Head& head) {
    std::vector<std::byte> bundle;
    for (const std::string& entry : head.tail.entries) {
        append_to_bundle(bundle, entry);
    }
    return fmt::format("{}\n{}\n{}\n{}{}", first_line, head.tail.before.entries, bundle.size(),
                       as_text(bundle), head.note);
}

Result<Head> open_head(std::string_view text, std::span<const VerifyingKey> trusted) {
    std::string_view rest = text;
    TRY_LET(Tail tail, take_tail(rest));
    Head head{.checkpoint = {}, .note = std::string(rest), .tail = std::move(tail)};
    TRY_LET(head.checkpoint, open_checkpoint(rest, trusted));
    if (head.tail.after() != head.checkpoint.size) {
        return fail(ErrorKind::corrupt, "the head's entries do not end at its size, size={}",
                    head.checkpoint.size.entries);
    }
    return head;
}

Result<VersionedHead> read_head(const store::ObjectStore& store,
                                std::span<const VerifyingKey> trusted) {
    const auto object = store.read(head_key);
    if (!object && object.error().kind() == ErrorKind::not_found) {
        TRY_LET(const auto remains, store.list("ledger/tile/"));
        if (!remains.empty() || store.stat(checkpoint_key)) {
            return fail(ErrorKind::corrupt, "the ledger has tiles and no head, path={}", head_key);
        }
        return fail(ErrorKind::not_found, "there is no ledger here, path={}", head_key);
    }
    if (!object) {
        return std::unexpected(object.error());
    }
    TRY_LET(Head head, open_head(as_text(object->bytes), trusted).with(std::string(head_key)));
    return VersionedHead{.head = std::move(head), .version = object->version};
}

Result<Tail> read_unverified_tail(const store::ObjectStore& store) {
    TRY_LET(const auto object, store.read(head_key));
    std::string_view rest = as_text(object.bytes);
    return take_tail(rest).with(std::string(head_key));
}

Result<std::optional<CheckpointNote>> read_checkpoint(const store::ObjectStore& store) {
    TRY_LET(const auto object, store::read_if_present(store, checkpoint_key));
    if (!object) {
        return std::nullopt;
    }
    return CheckpointNote{.note = std::string(as_text(object->bytes)), .version = object->version};
}

Result<std::vector<VerifyingKey>> checkpoint_keys(const Tail& tail,
                                                  std::span<const VerifyingKey> trusted) {
    TRY_LET(const auto changes, find_key_changes(tail.entries, tail.before.entries));
    if (changes.empty()) {
        return std::vector(trusted.begin(), trusted.end());
    }
    TRY_LET(const KeyHistory history, KeyHistory::follow(changes, trusted));
    return std::vector(history.keys().begin(), history.keys().end());
}

Result<Checkpoint> open_public(const CheckpointNote& note, std::span<const VerifyingKey> trusted) {
    return open_checkpoint(note.note, trusted).with(std::string(checkpoint_key));
}

}  // namespace weir::ledger
