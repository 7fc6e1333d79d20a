#include "ledger/tlog_proof.h"

#include <algorithm>
#include <charconv>

#include "base/base64.h"
#include "base/line.h"

namespace weir::ledger {
namespace {

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view index_word = "index ";
constexpr std::size_t hashes_max = 64;  // A tree has 2^64 leaves at most.

Result<std::uint64_t> take_index(std::string_view& rest) {
    TRY_LET(std::string_view line, take_line(rest));
    if (line.starts_with("extra ")) {
        return fail(ErrorKind::unsupported, "the proof has extra data");
    }
    if (!line.starts_with(index_word)) {
        return fail(ErrorKind::corrupt, "the proof does not name an index");
    }
    line.remove_prefix(index_word.size());
    std::uint64_t index = 0;
    std::from_chars(line.data(), line.data() + line.size(), index);
    if (std::to_string(index) != line) {
        return fail(ErrorKind::corrupt, "the proof's index is not a plain 64-bit decimal");
    }
    return index;
}

Result<Digest> decode_hash(std::string_view line) {
    TRY_LET(const auto bytes, decode_base64(line));
    Digest hash{};
    if (bytes.size() != hash.size()) {
        return fail(ErrorKind::corrupt, "a hash of the proof has not 32 bytes, bytes={}",
                    bytes.size());
    }
    std::ranges::copy(bytes, hash.begin());
    return hash;
}

}  // namespace

std::string format_tlog_proof(const TlogProof& proof) {
    std::string text = fmt::format("{}\n{}{}\n", first_line, index_word, proof.inclusion.index);
    for (const Digest& hash : proof.inclusion.path) {
        text += encode_base64(hash) + "\n";
    }
    return text + "\n" + proof.checkpoint;
}

Result<TlogProof> parse_tlog_proof(std::string_view text) {
    TRY_LET(const std::string_view version, take_line(text));
    if (version != first_line) {
        return fail(ErrorKind::corrupt, "the proof's first line is not \"{}\"", first_line);
    }
    TlogProof proof;
    TRY_LET(proof.inclusion.index, take_index(text));
    while (true) {
        TRY_LET(const std::string_view line, take_line(text));
        if (line.empty()) {
            proof.checkpoint = text;
            return proof;
        }
        if (proof.inclusion.path.size() == hashes_max) {
            return fail(ErrorKind::corrupt, "the proof has too many hashes, max={}", hashes_max);
        }
        TRY_LET(proof.inclusion.path.emplace_back(), decode_hash(line));
    }
}

Result<Checkpoint> check_tlog_proof(const TlogProof& proof, std::string_view entry,
                                    const VerifyingKey& key) {
    TRY_LET(Checkpoint checkpoint, open_checkpoint(proof.checkpoint, {&key, 1}));
    TRY_LET(const RootHash root, root_of(leaf_hash(entry), proof.inclusion, checkpoint.size));
    if (root != checkpoint.root) {
        return fail(ErrorKind::corrupt,
                    "the entry is not in the log: its proof does not lead to the signed root, "
                    "index={}, size={}",
                    proof.inclusion.index, checkpoint.size.entries);
    }
    return checkpoint;
}

}  // namespace weir::ledger
