#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ledger/inclusion_proof.h"

namespace weir::ledger {

/// That an entry is in a log, for somebody who has only the log's key: C2SP `tlog-proof`
/// (docs/formats/receipt.md). A value.
struct TlogProof {
    InclusionProof inclusion;
    std::string checkpoint;  // Signed.

    friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

std::string format_tlog_proof(const TlogProof& proof);
/// Reads exactly what `format_tlog_proof` writes. Fails with `corrupt`; with `unsupported` if there
/// is a line of extra data, which nothing would vouch for.
Result<TlogProof> parse_tlog_proof(std::string_view text);

/// Returns the checkpoint in which the entry was proven to be. Fails as `open_checkpoint` does, and
/// with `corrupt` if the proof does not lead to the signed root.
Result<Checkpoint> check_tlog_proof(const TlogProof& proof, std::string_view entry,
                                    const VerifyingKey& key);

}  // namespace weir::ledger
