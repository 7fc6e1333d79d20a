#include "ledger/key_rotation.h"

#include <algorithm>

#include "base/base64.h"
#include "ledger/key_file.h"

namespace weir::ledger {
namespace {

constexpr std::string_view first_line = "weir ledger key rotation v1";
/// How a canonical entry of the kind shows; row values are never in entries, so it means this.
constexpr std::string_view kind_mark = R"("kind":"key rotated")";

bool equal(const VerifyingKey& left, const VerifyingKey& right) {
    return left.name() == right.name() && left.key() == right.key();
}

/// What both keys sign. A checkpoint's first line is an origin without spaces, so that neither text
/// can stand for the other.
std::string rotation_text(std::string_view before, std::string_view after) {
    return fmt::format("{}\n{}\n{}\n", first_line, before, after);
}

Status check_signature(const VerifyingKey& key, std::string_view text, std::string_view signature) {
    TRY_LET(const auto bytes, decode_base64(signature));
    if (!key.verifies(text, bytes)) {
        return fail(ErrorKind::corrupt, "the signature does not fit the keys, key={}",
                    format_verifier_key(key));
    }
    return {};
}

/// A key's text has one spelling, or two texts would be one entry.
Result<VerifyingKey> open_key(const std::string& text) {
    const auto key = parse_verifier_key(text);
    if (!key || format_verifier_key(*key) != text) {
        return fail(ErrorKind::corrupt, "the entry has no verifier key");
    }
    return *key;
}

}  // namespace

Result<KeyRotated> rotate_key(const SigningKey& before, const SigningKey& after) {
    if (before.verifying_key().name() != after.verifying_key().name() ||
        equal(before.verifying_key(), after.verifying_key())) {
        return fail(ErrorKind::invalid,
                    "cannot rotate key: the next key is the same one or another ledger's, key={}",
                    after.verifying_key().name());
    }
    KeyRotated body{.before = format_verifier_key(before.verifying_key()),
                    .after = format_verifier_key(after.verifying_key()),
                    .before_signature = {},
                    .after_signature = {}};
    const std::string text = rotation_text(body.before, body.after);
    TRY_LET(const Signature old_signature, before.sign(text));
    TRY_LET(const Signature new_signature, after.sign(text));
    body.before_signature = encode_base64(old_signature);
    body.after_signature = encode_base64(new_signature);
    return body;
}

Result<KeyChange> open_key_rotation(std::uint64_t entry, const KeyRotated& body) {
    TRY_LET(VerifyingKey before, open_key(body.before));
    TRY_LET(VerifyingKey after, open_key(body.after));
    if (before.name() != after.name() || equal(before, after)) {
        return fail(ErrorKind::corrupt, "the keys are the same one or of two ledgers, key={}",
                    body.after);
    }
    const std::string text = rotation_text(body.before, body.after);
    TRY(check_signature(before, text, body.before_signature));
    TRY(check_signature(after, text, body.after_signature));
    return KeyChange{.entry = entry, .before = std::move(before), .after = std::move(after)};
}

Result<std::vector<KeyChange>> find_key_changes(std::span<const std::string> texts,
                                                std::uint64_t first) {
    std::vector<KeyChange> changes;
    for (std::size_t index = 0; index < texts.size(); ++index) {
        if (!texts[index].contains(kind_mark)) {
            continue;
        }
        const auto where = [&] { return fmt::format("entry {}", first + index); };
        TRY_LET(const Entry entry, parse_entry(texts[index]).with(where()));
        if (const auto* const body = std::get_if<KeyRotated>(&entry.body)) {
            TRY_LET(KeyChange change, open_key_rotation(first + index, *body).with(where()));
            changes.push_back(std::move(change));
        }
    }
    return changes;
}

Result<KeyHistory> KeyHistory::follow(std::span<const KeyChange> changes,
                                      std::span<const VerifyingKey> trusted) {
    KeyHistory history;
    for (const KeyChange& change : changes) {
        if (history.keys_.empty()) {
            history.keys_.push_back(change.before);
        }
        if (!equal(history.keys_.back(), change.before)) {
            return fail(ErrorKind::corrupt,
                        "entry {}: the key that hands over is not the one that signs, key={}",
                        change.entry, format_verifier_key(change.before));
        }
        history.keys_.push_back(change.after);
        history.entries_.push_back(change.entry);
    }
    if (changes.empty()) {
        history.keys_.assign(trusted.begin(), trusted.end());
        return history;
    }
    for (const VerifyingKey& key : trusted) {
        if (std::ranges::any_of(history.keys_, [&](const auto& own) { return equal(own, key); })) {
            return history;
        }
    }
    return fail(ErrorKind::denied, "no trusted key is among those that have signed, keys={}",
                history.keys_.size());
}

std::span<const VerifyingKey> KeyHistory::keys_at(TreeSize size) const {
    if (entries_.empty()) {
        return keys_;
    }
    const auto reign = std::ranges::lower_bound(entries_, size.entries) - entries_.begin();
    return std::span(keys_).subspan(static_cast<std::size_t>(reign), 1);
}

Result<Checkpoint> KeyHistory::open(std::string_view note) const {
    TRY_LET(const Checkpoint checkpoint, open_checkpoint(note, keys_));
    auto again = open_checkpoint(note, keys_at(checkpoint.size));
    if (!again && again.error().kind() == ErrorKind::denied) {
        return fail(ErrorKind::corrupt,
                    "the checkpoint is signed by a key that did not sign at its size, size={}",
                    checkpoint.size.entries);
    }
    return again;
}

}  // namespace weir::ledger
