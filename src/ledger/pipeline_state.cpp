#include "ledger/pipeline_state.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "ledger/key_rotation.h"

namespace weir::ledger {
namespace {

/// Applies one entry; each overload is one row of "what may follow what" in docs/formats/ledger.md.
class Follow {
public:
    Follow(PipelineState& state, const Run& run) : state_(state), run_(run) {}

    Status operator()(const PipelineCreated& body) const {
        if (state_.applied.entries != 0) {
            return refuse("the pipeline exists already");
        }
        state_.pipeline = body.pipeline;
        return {};
    }

    Status operator()(const LeaseTaken& /*body*/) const {
        Epoch& epoch = state_.epochs[run_.stage];
        if (run_.epoch <= epoch) {
            return refuse(fmt::format("the epoch does not rise, epoch={}, before={}",
                                      run_.epoch.value, epoch.value));
        }
        epoch = run_.epoch;
        return {};
    }

    Status operator()(const SchemaChanged& body) const {
        const SchemaChanged* const newest = newest_contract(body.table);
        if (newest != nullptr &&
            (body.version < newest->version ||
             (body.version == newest->version && body.contract != newest->contract))) {
            return refuse(fmt::format("the schema version does not rise, version={}, newest={}",
                                      body.version.number, newest->version.number));
        }
        state_.contracts.insert_or_assign({body.table, body.version}, body);
        return {};
    }

    Status operator()(const SnapshotStarted& body) const {
        const std::uint32_t before = state_.snapshot ? state_.snapshot->attempt : 0;
        const bool has_work = state_.landed.empty() || !state_.aside().empty();
        if (body.attempt != before + 1 || !has_work) {
            return refuse(fmt::format("no snapshot attempt can begin here, attempt={}, before={}",
                                      body.attempt, before));
        }
        // The stream may be past a reading by the time that is told; the tables are set aside
        // already.
        state_.snapshot = body;
        state_.resumed.reset();
        state_.chunks.clear();
        state_.chunks_expected = body.chunks;
        state_.snapshot_open = true;
        return {};
    }

    Status operator()(const SnapshotResumed& body) const {
        if (!runs(body.attempt)) {
            return refuse(
                fmt::format("no such snapshot attempt is running, attempt={}", body.attempt));
        }
        if (body.reading.position < state_.reading().position) {
            return refuse(fmt::format("the reading goes back, position={}, before={}",
                                      body.reading.position.to_string(),
                                      state_.reading().position.to_string()));
        }
        for (const catalog::TableName& table : body.restarted) {
            forget_chunks(table);
        }
        state_.resumed = body;
        state_.chunks_expected = body.chunks;
        return {};
    }

    Status operator()(const ChunkLanded& body) const {
        if (!runs(body.attempt)) {
            return refuse(fmt::format("the chunk is of no running snapshot attempt, attempt={}",
                                      body.attempt));
        }
        if (body.position != state_.reading().position) {
            return refuse(fmt::format("the chunk is of another reading, position={}, reading={}",
                                      body.position.to_string(),
                                      state_.reading().position.to_string()));
        }
        if (!state_.landed.empty() && !is_aside(body.table)) {
            return refuse(fmt::format("the chunk is of a table that is not set aside, table={}",
                                      body.table.to_string()));
        }
        if (state_.snapshot_complete() ||
            !state_.chunks.emplace(std::pair(body.table, body.chunk), std::pair(body, run_.epoch))
                 .second) {
            return refuse(fmt::format("the chunk landed already, table={}, chunk={}",
                                      body.table.to_string(), body.chunk));
        }
        return {};
    }

    Status operator()(const LogLost& body) const {
        if (body.before != state_.position || state_.landed.empty()) {
            return refuse(fmt::format("the lost log begins elsewhere, before={}, position={}",
                                      body.before.to_string(), state_.position.to_string()));
        }
        // Another server's positions may be lower; what waits for a table from before is not used.
        state_.position = body.position;
        state_.source = body.source;
        state_.snapshot_open = false;
        state_.chunks.clear();
        for (auto& [table, absences] : state_.absences) {
            if (!absences.back().until) {
                absences.back().since = {state_.last_landed().value + 1};
            }
        }
        return {};
    }

    Status operator()(const ReadingRequested& body) const {
        state_.requested.insert(body.table);
        return {};
    }

    Status operator()(const TableSetAside& body) const {
        if (body.chunks > (state_.snapshot_open ? state_.chunks_expected : 0)) {
            return refuse(fmt::format("more chunks are given up than there are, table={}",
                                      body.table.to_string()));
        }
        if (body.chunks > 0) {
            forget_chunks(body.table);
            state_.chunks_expected -= body.chunks;
        }
        state_.requested.erase(body.table);
        std::vector<Absence>& absences = state_.absences[body.table];
        if (absences.empty() || absences.back().until) {
            absences.push_back({.since = {state_.last_landed().value + 1}, .entry = body});
        }
        absences.back().entry = body;
        absences.back().attempt.reset();
        if (state_.snapshot_open) {
            absences.back().attempt = state_.snapshot->attempt;
        }
        return {};
    }

    Status operator()(const CutLanded& body) const {
        TRY(next_after(state_.last_landed(), body.cut));
        LandedCut landed{.entry = body, .files = {}};
        if (body.snapshot_attempt) {
            TRY(check_snapshot(*body.snapshot_attempt));
            if (body.position < state_.reading().position) {
                return refuse("the snapshot's cut ends before its last reading");
            }
        }
        TRY(advance(body.position));
        if (body.snapshot_attempt) {
            landed.reading = state_.snapshot->reading;
            add_chunks(landed);
            bring_back(landed);
            state_.snapshot_open = false;
            state_.chunks.clear();
        }
        landed.files.emplace_back(body.files, run_.epoch);
        state_.landed.emplace(body.cut, std::move(landed));
        return {};
    }

    Status operator()(const PositionAdvanced& body) const { return advance(body.position); }

    Status operator()(const CutRefined& body) const {
        TRY(next_after(state_.last_refined(), body.cut));
        TRY(check_landed(body.cut));
        if (body.read != body.refined + body.quarantined + body.deduplicated) {
            return refuse(
                fmt::format("rows were dropped: read={}, refined={}, quarantined={}, "
                            "deduplicated={}",
                            body.read, body.refined, body.quarantined, body.deduplicated));
        }
        state_.refined.emplace(body.cut, RefinedCut{.entry = body, .epoch = run_.epoch});
        return {};
    }

    Status operator()(const CutsLoaded& body) const {
        const bool follows = body.from == state_.loaded || body.from == CutNumber{};
        if (!follows || body.to < body.from || body.to > state_.last_refined()) {
            return refuse(fmt::format(
                "the load does not follow, from={}, to={}, loaded={}, "
                "refined={}",
                body.from.value, body.to.value, state_.loaded.value, state_.last_refined().value));
        }
        state_.loaded = body.to;
        return {};
    }

    Status operator()(const ModelsBuilt& body) const {
        TRY(check_landed(body.cut));
        state_.models = body;
        return {};
    }

    Status operator()(const ChecksRun& body) const {
        TRY(check_landed(body.cut));
        state_.checks.insert_or_assign(body.suite, body);
        return {};
    }

    Status operator()(const Published& body) const {
        TRY(check_landed(body.cut));
        state_.published = body.cut;
        return {};
    }

    Status operator()(const Reconciled& body) const { return check_landed(body.cut); }
    Status operator()(const DataRead& /*body*/) const { return {}; }

    Status operator()(const KeyRotated& body) const {
        TRY(open_key_rotation(state_.applied.entries, body));
        if (state_.key_rotated && state_.key_rotated->after != body.before) {
            return refuse(fmt::format("the key that hands over is not the one that signs, key={}",
                                      body.before));
        }
        state_.key_rotated = body;
        return {};
    }

    Status operator()(const SourceIdentified& body) const {
        const auto& before = state_.source;
        // A snapshot may be taken of any server; what follows it is of the same one.
        const bool follows = !before || state_.landed.empty() ||
                             (body.system == before->system && body.timeline > before->timeline);
        if (!follows) {
            return refuse(fmt::format(
                "the source is another one, system={}, timeline={}, system before={}, timeline "
                "before={}",
                body.system, body.timeline, before->system, before->timeline));
        }
        state_.source = body;
        return {};
    }

private:
    static std::unexpected<Error> refuse(std::string_view reason) {
        return fail(ErrorKind::corrupt, "{}", reason);
    }

    static Status next_after(CutNumber last, CutNumber cut) {
        if (cut.value != last.value + 1) {
            return refuse(fmt::format("the cut does not follow the last one, cut={}, last={}",
                                      cut.value, last.value));
        }
        return {};
    }

    Status check_landed(CutNumber cut) const {
        if (cut > state_.last_landed()) {
            return refuse(fmt::format("the cut has not landed, cut={}, landed={}", cut.value,
                                      state_.last_landed().value));
        }
        return {};
    }

    /// Versions come in rising order, so the newest is the last one of its table.
    const SchemaChanged* newest_contract(const catalog::TableName& table) const {
        constexpr catalog::SchemaVersion last{std::numeric_limits<std::uint32_t>::max()};
        const auto beyond = state_.contracts.upper_bound({table, last});
        if (beyond == state_.contracts.begin() || std::prev(beyond)->first.first != table) {
            return nullptr;
        }
        return &std::prev(beyond)->second;
    }

    bool is_aside(const catalog::TableName& table) const {
        const auto found = state_.absences.find(table);
        return found != state_.absences.end() && !found->second.back().until;
    }

    bool runs(std::uint32_t attempt) const {
        return state_.snapshot_open && attempt == state_.snapshot->attempt;
    }

    Status check_snapshot(std::uint32_t attempt) const {
        if (!runs(attempt) || !state_.snapshot_complete()) {
            return refuse(fmt::format("the snapshot is not whole, attempt={}, chunks={}", attempt,
                                      state_.chunks.size()));
        }
        return {};
    }

    void forget_chunks(const catalog::TableName& table) const {
        std::erase_if(state_.chunks, [&](const auto& chunk) { return chunk.first.first == table; });
    }

    void add_chunks(LandedCut& landed) const {
        std::map<catalog::TableName, change::Position> positions;
        for (const auto& [key, chunk] : state_.chunks) {
            if (!state_.counts(key.first)) {
                continue;
            }
            landed.files.emplace_back(chunk.first.files, chunk.second);
            const auto [first, added] = positions.emplace(key.first, chunk.first.position);
            if (first->second != chunk.first.position) {
                landed.pieced.insert(key.first);
            }
        }
    }

    /// Ends the absence of the tables whose chunks are in the cut. Every table has a chunk.
    void bring_back(LandedCut& landed) const {
        for (const auto& [table, absence] : state_.aside()) {
            const auto first = state_.chunks.lower_bound({table, 0});
            if (first == state_.chunks.end() || first->first.first != table ||
                !state_.counts(table)) {
                continue;
            }
            landed.returned.emplace(table, absence.since);
            state_.absences[table].back().until = landed.entry.cut;
        }
    }

    Status check_position(change::Position position) const {
        if (position < state_.position) {
            return refuse(fmt::format("the position goes back, position={}, before={}",
                                      position.to_string(), state_.position.to_string()));
        }
        return {};
    }

    Status advance(change::Position position) const {
        TRY(check_position(position));
        state_.position = position;
        return {};
    }

    PipelineState& state_;
    const Run& run_;
};

/// Holds for all kinds: somebody had the right to append this.
Status check_run(const PipelineState& state, const Entry& entry) {
    if (std::holds_alternative<PipelineCreated>(entry.body)) {
        return {};
    }
    if (state.applied.entries == 0) {
        return fail(ErrorKind::corrupt, "the first entry does not create a pipeline");
    }
    const auto epoch = state.epochs.find(entry.run.stage);
    const bool holds = epoch != state.epochs.end() && epoch->second == entry.run.epoch;
    if (!holds && !std::holds_alternative<LeaseTaken>(entry.body)) {
        return fail(ErrorKind::corrupt, "the run had no lease, stage={}, epoch={}",
                    to_string(entry.run.stage), entry.run.epoch.value);
    }
    return {};
}

}  // namespace

const SnapshotReading& PipelineState::reading() const {
    WEIR_ASSERT(snapshot.has_value());
    return resumed ? resumed->reading : snapshot->reading;
}

bool PipelineState::counts(const catalog::TableName& table) const {
    const auto found = absences.find(table);
    return found == absences.end() || found->second.back().until || !found->second.back().attempt ||
           found->second.back().attempt != snapshot->attempt;
}

std::uint64_t PipelineState::chunk_rows() const {
    std::uint64_t rows = 0;
    for (const auto& [key, chunk] : chunks) {
        rows += counts(key.first) ? chunk.first.rows : 0;
    }
    return rows;
}

std::map<catalog::TableName, Absence> PipelineState::aside() const {
    std::map<catalog::TableName, Absence> now;
    for (const auto& [table, times] : absences) {
        if (!times.back().until) {
            now.emplace(table, times.back());
        }
    }
    return now;
}

bool PipelineState::is_aside(const catalog::TableName& table, CutNumber cut) const {
    const auto found = absences.find(table);
    return found != absences.end() &&
           std::ranges::any_of(found->second, [&](const Absence& absence) {
               return absence.since <= cut && (!absence.until || cut < *absence.until);
           });
}

CutNumber PipelineState::last_landed() const {
    return landed.empty() ? CutNumber{} : landed.rbegin()->first;
}

CutNumber PipelineState::last_refined() const {
    return refined.empty() ? CutNumber{} : refined.rbegin()->first;
}

std::map<catalog::TableName, SchemaChanged> PipelineState::current_contracts() const {
    std::map<catalog::TableName, SchemaChanged> current;
    for (const auto& [key, entry] : contracts) {
        current.insert_or_assign(key.first, entry);  // Versions come in rising order.
    }
    return current;
}

Status PipelineState::apply(const Entry& entry) {
    const auto where = [&] {
        return fmt::format("entry {} ({})", applied.entries, kind_of(entry.body));
    };
    TRY(check_run(*this, entry).with(where()));
    TRY(std::visit(Follow(*this, entry.run), entry.body).with(where()));
    ++applied.entries;
    return {};
}

Status catch_up(PipelineState& state, Ledger& ledger) {
    return ledger.read_each(state.applied,
                            [&](std::uint64_t, const Entry& entry) { return state.apply(entry); });
}

}  // namespace weir::ledger
