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

/// A landed cut with its list of files; of an attempt's cut, the lists of all its chunks, too.
struct LandedCut {
    CutLanded entry;
    std::vector<std::pair<FileList, Epoch>> files;
    /// Tables of an attempt's cut whose chunks are of several readings.
    std::set<catalog::TableName> pieced = {};
    /// Tables that were set aside and come back with this cut, which brings all their changes since
    /// the cut named here.
    std::map<catalog::TableName, CutNumber> returned = {};
    SnapshotReading reading = {};  // The attempt's first.
};

/// A time in which a table's changes were not loaded.
struct Absence {
    CutNumber since{};                          // The first cut that is not loaded.
    std::optional<CutNumber> until = {};        // The cut that brought the table back.
    TableSetAside entry = {};                   // The last, if there were several.
    std::optional<std::uint32_t> attempt = {};  // That ran when it was last set aside.
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
    std::uint64_t chunks_expected = 0;  // Of the last attempt.
    bool snapshot_open = false;         // The last attempt has no cut yet.
    std::map<catalog::TableName, std::vector<Absence>> absences;
    std::set<catalog::TableName> requested;  // To be read again, and not set aside since.

    change::Position position;  // Of the last landed cut or `position advanced`.
    std::map<CutNumber, LandedCut> landed;
    std::map<CutNumber, RefinedCut> refined;
    CutNumber loaded{};
    std::optional<ModelsBuilt> models;
    std::map<std::string, ChecksRun> checks;  // The last of each suite.
    CutNumber published{};
    std::optional<KeyRotated> key_rotated;  // The last one.

    /// The last reading of the last attempt. REQUIRES: there is one.
    const SnapshotReading& reading() const;
    /// All chunks of the open attempt have landed.
    bool snapshot_complete() const { return snapshot_open && chunks.size() == chunks_expected; }
    /// Whether the open attempt's cut will have this table's chunks: it was not set aside since.
    bool counts(const catalog::TableName& table) const;
    /// Rows of the last attempt's chunks that count.
    std::uint64_t chunk_rows() const;
    /// Tables that are set aside now.
    std::map<catalog::TableName, Absence> aside() const;
    /// Whether this cut's changes of the table are loaded with a later cut, or wait for one.
    bool is_aside(const catalog::TableName& table, CutNumber cut) const;
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
