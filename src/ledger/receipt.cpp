#include "ledger/receipt.h"

#include <algorithm>

#include "ledger/json_value.h"
#include "ledger/key_file.h"
#include "ledger/key_rotation.h"
#include "ledger/tlog_proof.h"

namespace weir::ledger {
namespace {

constexpr std::string_view format_name = "weir receipt v1";

Json json_of(const std::variant<CutNumber, ReceiptFile>& subject) {
    if (const auto* const cut = std::get_if<CutNumber>(&subject)) {
        return {{"cut", cut->value}};
    }
    const auto& file = std::get<ReceiptFile>(subject);
    return {{"bytes", file.bytes}, {"path", file.path}, {"sha256", to_hex(file.sha256)}};
}

Status read_subject(const Json& object, std::variant<CutNumber, ReceiptFile>& subject) {
    FieldReader reader(object);
    if (object.contains("cut")) {
        reader("cut", subject.emplace<CutNumber>());
    } else {
        auto& file = subject.emplace<ReceiptFile>();
        reader("bytes", file.bytes);
        reader("path", file.path);
        reader("sha256", file.sha256);
    }
    return reader.status();
}

Status read_entries(const Json& list, std::vector<ProvenEntry>& entries) {
    for (const Json& item : list) {
        ProvenEntry& entry = entries.emplace_back();
        FieldReader reader(item);
        reader("entry", entry.entry);
        reader("proof", entry.proof);
        TRY(reader.status());
    }
    return {};
}

Result<Receipt> receipt_from_json(const Json& object) {
    FieldReader reader(object);
    Receipt receipt;
    std::string format;
    reader("format", format);
    reader("manifest", receipt.manifest);
    reader("verifier_key", receipt.verifier_key);
    TRY(reader.status());
    if (!object.contains("subject") || !object.contains("entries")) {
        return fail(ErrorKind::corrupt, "the receipt has no subject or no entries");
    }
    TRY(read_subject(object["subject"], receipt.subject));
    TRY(read_entries(object["entries"], receipt.entries));
    return receipt;
}

/// Entries whose proofs were verified, and the one checkpoint of all these proofs.
struct Proven {
    std::string note;
    Checkpoint checkpoint;
    std::vector<std::pair<std::uint64_t, Entry>> entries;
    std::vector<KeyChange> key_changes;
};

Status prove(const ProvenEntry& proven, const VerifyingKey& key, Proven& into) {
    TRY_LET(const TlogProof proof, parse_tlog_proof(proven.proof));
    TRY_LET(into.checkpoint, check_tlog_proof(proof, proven.entry, key));
    // A signature that nobody checks would be bytes that anybody may change.
    if (std::ranges::count(proof.checkpoint, '\n') != 5 ||
        (!into.note.empty() && into.note != proof.checkpoint)) {
        return fail(ErrorKind::corrupt, "the proofs have not one checkpoint with one signature");
    }
    into.note = proof.checkpoint;
    TRY_LET(Entry entry, parse_entry(proven.entry));
    if (const auto* const body = std::get_if<KeyRotated>(&entry.body)) {
        TRY_LET(KeyChange change, open_key_rotation(proof.inclusion.index, *body));
        into.key_changes.push_back(std::move(change));
    } else {
        into.entries.emplace_back(proof.inclusion.index, std::move(entry));
    }
    return {};
}

Result<Proven> prove_all(const Receipt& receipt, const VerifyingKey& key) {
    Proven proven;
    for (std::size_t index = 0; index < receipt.entries.size(); ++index) {
        TRY(prove(receipt.entries[index], key, proven).with(fmt::format("proof {}", index + 1)));
    }
    const auto rises = [](const auto& left, const auto& right) { return left >= right; };
    const auto index_of = [](const auto& entry) { return entry.first; };
    if (std::ranges::adjacent_find(proven.entries, rises, index_of) != proven.entries.end()) {
        return fail(ErrorKind::corrupt, "the entries of the receipt are not in order");
    }
    return proven;
}

Status check_keys(const Proven& proven, const VerifyingKey& key,
                  const std::optional<VerifyingKey>& trusted) {
    const VerifyingKey& anchor = trusted ? *trusted : key;
    TRY_LET(const KeyHistory keys, KeyHistory::follow(proven.key_changes, {&anchor, 1}));
    auto opened = open_checkpoint(proven.note, keys.keys_at(proven.checkpoint.size));
    return opened ? Status{} : std::unexpected(std::move(opened).error());
}

/// Entries of a cut: those about it, and the chunks of its snapshot's attempt.
Status check_cut(const Proven& proven, CutNumber cut) {
    const CutLanded* landed = nullptr;
    for (const auto& [index, entry] : proven.entries) {
        const auto* const body = std::get_if<CutLanded>(&entry.body);
        landed = body != nullptr && body->cut == cut ? body : landed;
    }
    if (landed == nullptr) {
        return fail(ErrorKind::corrupt, "no entry of the receipt says that the cut landed, cut={}",
                    cut.value);
    }
    for (const auto& [index, entry] : proven.entries) {
        const auto* const chunk = std::get_if<ChunkLanded>(&entry.body);
        const bool is_chunk = chunk != nullptr && chunk->attempt == landed->snapshot_attempt;
        if (!is_chunk && !is_about(entry.body, cut, cut)) {
            return fail(ErrorKind::corrupt, "entry {} is not about the cut, cut={}", index,
                        cut.value);
        }
    }
    return {};
}

/// The files of a list that is in the entry or, if `manifest` is its text, in the manifest.
Result<std::vector<DataFile>> files_of(const FileList& list,
                                       const std::optional<std::string>& manifest) {
    if (const auto* const files = std::get_if<std::vector<DataFile>>(&list)) {
        return manifest ? std::vector<DataFile>{} : *files;
    }
    const auto& named = std::get<Manifest>(list);
    if (!manifest || sha256(*manifest) != named.sha256) {
        return std::vector<DataFile>{};
    }
    return parse_manifest(named, *manifest);
}

Status check_file(const Proven& proven, const ReceiptFile& file,
                  const std::optional<std::string>& manifest) {
    if (proven.entries.size() == 1) {
        const Entry& entry = proven.entries.front().second;
        for (const NamedList& list : lists_of(entry.body)) {
            TRY_LET(const auto files, files_of(list.files, manifest));
            for (const DataFile& named : files) {
                if (receipt_file(named, entry.run.epoch, list) == file) {
                    return {};
                }
            }
        }
    }
    return fail(ErrorKind::corrupt, "the receipt's entry does not name its file, path={}",
                file.path);
}

}  // namespace

Result<std::string> format_receipt(const Receipt& receipt) {
    Json entries = Json::array();
    for (const ProvenEntry& entry : receipt.entries) {
        entries.push_back({{"entry", entry.entry}, {"proof", entry.proof}});
    }
    Json object = {{"format", format_name},
                   {"entries", std::move(entries)},
                   {"subject", json_of(receipt.subject)},
                   {"verifier_key", receipt.verifier_key}};
    TRY(write_value(object["manifest"], receipt.manifest));
    TRY_LET(const std::string text, canonical_text(object).with("cannot write receipt"));
    return text + "\n";
}

Result<Receipt> parse_receipt(std::string_view text) {
    constexpr auto task = "cannot read receipt";
    TRY_LET(const Json object, parse_json(text).with(task));
    TRY_LET(Receipt receipt, receipt_from_json(object).with(task));
    const auto again = format_receipt(receipt);
    if (!again || *again != text) {
        return fail(ErrorKind::corrupt, "{}: it is not as weir writes it, in canonical form", task);
    }
    return receipt;
}

Result<ReceiptVerdict> check_receipt(const Receipt& receipt,
                                     const std::optional<VerifyingKey>& trusted) {
    const auto key = parse_verifier_key(receipt.verifier_key);
    if (!key || format_verifier_key(*key) != receipt.verifier_key) {
        return fail(ErrorKind::corrupt, "the receipt has no verifier key");
    }
    TRY_LET(Proven proven, prove_all(receipt, *key));
    TRY(check_keys(proven, *key, trusted));
    if (const auto* const cut = std::get_if<CutNumber>(&receipt.subject)) {
        if (receipt.manifest) {
            return fail(ErrorKind::corrupt, "the receipt of a cut has a manifest");
        }
        TRY(check_cut(proven, *cut));
    } else {
        TRY(check_file(proven, std::get<ReceiptFile>(receipt.subject), receipt.manifest));
    }
    return ReceiptVerdict{.checkpoint = std::move(proven.checkpoint),
                          .entries = std::move(proven.entries)};
}

ReceiptFile receipt_file(const DataFile& file, Epoch epoch, const NamedList& list) {
    return {.path = object_key(file, epoch, list), .bytes = file.bytes, .sha256 = file.sha256};
}

}  // namespace weir::ledger
