#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger.h"

namespace weir::ledger {

/// A landed cut with its list of files; for the snapshot's cut, the lists of all its chunks.
struct LandedCut {
    CutLanded entry;
    std::vector<std::pair<FileList, Epoch>> files;
    /// Tables of a snapshot's cut whose chunks are of several readings.
    std::set<catalog::TableName> pieced = {};
};

struct RefinedCut {
    CutRefined entry;
    Epoch epoch{};
};

/// All that a pipeline has committed, as a fold over the ledger's entries: the only progress state.
/// A value; `apply` is pure.
struct PipelineState {
    TreeSize applied{};
    std::string pipeline;
    std::map<Stage, Epoch> epochs;
    std::map<std::pair<catalog::TableName, catalog::SchemaVersion>, SchemaChanged> contracts;

    std::optional<SourceIdentified> source;   // As identified last.
    std::optional<SnapshotStarted> snapshot;  // The last attempt.
    std::optional<SnapshotResumed> resumed;   // Its last reading after the first.
    std::map<std::pair<catalog::TableName, std::uint32_t>, std::pair<ChunkLanded, Epoch>> chunks;
    bool snapshot_complete = false;  // All chunks of the last attempt have landed.

    change::Position position;  // Of the last landed cut or `position advanced`.
    std::map<CutNumber, LandedCut> landed;
    std::map<CutNumber, RefinedCut> refined;
    CutNumber loaded{};
    std::optional<ModelsBuilt> models;
    std::map<std::string, ChecksRun> checks;  // The last of each suite.
    CutNumber published{};

    /// The last reading of the last attempt. REQUIRES: there is one.
    const SnapshotReading& reading() const;
    /// Rows of the last attempt's chunks.
    std::uint64_t chunk_rows() const;
    CutNumber last_landed() const;
    CutNumber last_refined() const;
    /// The newest contract of each table.
    std::map<catalog::TableName, SchemaChanged> current_contracts() const;

    /// Fails with `corrupt` if the entry cannot follow what was applied: a cut that leaves a gap or
    /// goes back, a refined cut that did not land, an epoch that does not rise.
    Status apply(const Entry& entry);
};

/// Reads the ledger from the start, or goes on from where `state` stands.
Status catch_up(PipelineState& state, Ledger& ledger);

}  // namespace weir::ledger
