#include "landing/land_snapshot.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "landing/chunk_writer.h"
#include "landing/land_cut.h"

namespace weir::landing {
namespace {

// Chunks that come faster than this share an append, up to so many.
constexpr std::chrono::milliseconds commit_pause{50};
constexpr std::size_t waiting_max = 100;

/// One attempt. `run` is called once; workers share what the mutex guards.
class SnapshotLanding {
public:
    SnapshotLanding(LandingPlace place, change::SnapshotSource& source,
                    const SnapshotOptions& options)
        : place_(place),
          source_(source),
          options_(options),
          attempt_(number_of_attempt()),
          begun_(place.clock.steady_now()) {}

    Status run(const std::stop_token& stop) {
        TRY(begin());
        TRY(land_chunks(stop));
        const ledger::PipelineState& state = place_.state;
        return state.snapshot_complete && !state.resumed
                   ? land_snapshot_cut(place_, options_.on_cut)
                   : Status();
    }

private:
    const change::SnapshotPlan& plan() const { return source_.plan(); }

    std::uint32_t number_of_attempt() const {
        const std::uint32_t last = place_.state.snapshot ? place_.state.snapshot->attempt : 0;
        return plan().resumes ? last : last + 1;
    }

    Status begin() {
        if (place_.state.last_landed().value != 0) {
            return fail(ErrorKind::invalid,
                        "cannot land snapshot: the pipeline has cuts already, last={}",
                        place_.state.last_landed().value);
        }
        ContractBook contracts(place_.state);
        for (const change::SnapshotChunk& chunk : plan().chunks) {
            TRY(contracts.announce(chunk.contract));
        }
        TRY(commit_with_news(place_, contracts, beginning()));
        const ledger::PipelineState& state = place_.state;
        landed_ = state.chunks.size();
        chunks_ = landed_ + plan().chunks.size();
        return {};
    }

    ledger::EntryBody beginning() const {
        const ledger::SnapshotReading reading{
            .position = plan().position, .snapshot = plan().snapshot, .time = plan().time};
        if (!plan().resumes) {
            return ledger::SnapshotStarted{.attempt = attempt_,
                                           .reading = reading,
                                           .chunks = plan().chunks.size(),
                                           .chunk_blocks = plan().chunk_blocks};
        }
        const auto stays = [&](const auto& chunk) {
            return std::ranges::find(plan().restarted, chunk.first.first) == plan().restarted.end();
        };
        const auto kept = std::ranges::count_if(place_.state.chunks, stays);
        return ledger::SnapshotResumed{
            .attempt = attempt_,
            .reading = reading,
            .chunks = static_cast<std::uint64_t>(kept) + plan().chunks.size(),
            .restarted = plan().restarted};
    }

    Status land_chunks(const std::stop_token& stop) {
        const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
        {
            std::vector<std::jthread> workers;
            for (std::size_t worker = 0; worker < std::max<std::size_t>(options_.workers, 1);
                 ++worker) {
                workers.emplace_back([this, worker] { work(worker); });
            }
        }
        Status last = commit_waiting();
        if (failure_) {
            return std::unexpected(*std::move(failure_));
        }
        TRY(last);
        if (stop.stop_requested() && landed_ < chunks_) {
            return fail(ErrorKind::cancelled,
                        "the snapshot was stopped; the next start goes on, chunks={}, landed={}",
                        chunks_, landed_);
        }
        return {};
    }

    /// Takes chunks until none is left. The first error stops all workers.
    void work(std::size_t worker) {
        bool over = false;
        while (!stop_.stop_requested() && !over) {
            const std::size_t index = next_.fetch_add(1);
            if (index >= plan().chunks.size()) {
                return;
            }
            if (auto landed = land_chunk(plan().chunks[index], worker); !landed) {
                const std::scoped_lock lock(committing_);
                // A chunk that was told to stop has no cause of its own.
                if (!failure_ && !stop_.stop_requested()) {
                    failure_ = std::move(landed).error();
                }
                stop_.request_stop();
            }
            over = options_.hold.count() > 0 && place_.clock.steady_now() - begun_ >= options_.hold;
        }
    }

    Status land_chunk(const change::SnapshotChunk& chunk, std::size_t worker) {
        ChunkWriter writer(place_.store, chunk.contract,
                           {.attempt = attempt_,
                            .chunk = chunk.index,
                            .time = plan().time,
                            .epoch = place_.lease.epoch},
                           options_.part_size);
        TRY(source_.read_chunk(chunk, worker, writer, stop_.get_token()));
        if (stop_.stop_requested()) {
            // The source may have ended early without an error.
            return fail(ErrorKind::cancelled, "the chunk was stopped");
        }
        const std::uint64_t rows = writer.rows();
        TRY_LET(auto files, std::move(writer).finish());
        return commit_chunk(chunk, rows, std::move(files));
    }

    Status commit_chunk(const change::SnapshotChunk& chunk, std::uint64_t rows,
                        std::vector<ledger::DataFile> files) {
        const std::scoped_lock lock(committing_);
        ledger::ChunkLanded entry{.attempt = attempt_,
                                  .table = chunk.contract->name,
                                  .chunk = chunk.index,
                                  .table_chunks = chunk.table_chunks,
                                  .position = plan().position,
                                  .storage = chunk.storage,
                                  .rows = rows,
                                  .files = {}};
        TRY_LET(entry.files, place_.ledger.store_files(std::move(files)));
        waiting_.push_back(std::move(entry));
        const bool is_due = place_.clock.steady_now() - committed_ >= commit_pause;
        return is_due || waiting_.size() == waiting_max ? commit_waiting() : Status();
    }

    /// Small chunks come faster than the disk takes appends. REQUIRES: `committing_` is held, or no
    /// worker runs.
    Status commit_waiting() {
        const auto landed = std::exchange(waiting_, {});
        if (landed.empty()) {
            return {};
        }
        TRY(commit(place_, {landed.begin(), landed.end()}));
        committed_ = place_.clock.steady_now();
        for (const ledger::ChunkLanded& entry : landed) {
            report(entry);
        }
        return {};
    }

    void report(const ledger::ChunkLanded& entry) {
        ++landed_;
        ++read_;
        rows_ += entry.rows;
        if (options_.on_chunk) {
            options_.on_chunk({.table = entry.table,
                               .chunk = entry.chunk,
                               .rows = entry.rows,
                               .chunks_landed = landed_,
                               .chunks = chunks_,
                               .rows_landed = rows_,
                               .chunks_read = read_,
                               .elapsed = place_.clock.steady_now() - begun_});
        }
    }

    LandingPlace place_;
    change::SnapshotSource& source_;
    const SnapshotOptions& options_;
    const std::uint32_t attempt_;
    const std::chrono::steady_clock::time_point begun_;
    std::stop_source stop_;
    std::atomic<std::size_t> next_ = 0;  // Index of the first chunk that nobody has taken.

    std::mutex committing_;  // Guards what follows, and the state in `place_`.
    std::optional<Error> failure_;
    std::vector<ledger::ChunkLanded> waiting_;         // Read, and not yet in the ledger.
    std::chrono::steady_clock::time_point committed_;  // When the last of them went there.
    std::uint64_t landed_ = 0;  // Chunks of the attempt, earlier readings' too.
    std::uint64_t chunks_ = 0;
    std::uint64_t read_ = 0;  // Of this reading.
    std::uint64_t rows_ = 0;
};

}  // namespace

std::optional<change::SnapshotProgress> snapshot_progress(const ledger::PipelineState& state) {
    if (!state.snapshot) {
        return std::nullopt;
    }
    change::SnapshotProgress progress{.position = state.snapshot->reading.position,
                                      .snapshot = state.snapshot->reading.snapshot,
                                      .chunk_blocks = state.snapshot->chunk_blocks,
                                      .chunks = {}};
    for (const auto& [key, chunk] : state.chunks) {
        progress.chunks.push_back({.table = key.first,
                                   .index = key.second,
                                   .table_chunks = chunk.first.table_chunks,
                                   .position = chunk.first.position,
                                   .storage = chunk.first.storage});
    }
    return progress;
}

Status land_snapshot_cut(LandingPlace place, const std::function<void(const CutReport&)>& on_cut) {
    const ledger::PipelineState& state = place.state;
    WEIR_ASSERT(state.snapshot_complete && !state.resumed);
    const ledger::CutLanded cut{.cut = {1},
                                .position = state.snapshot->reading.position,
                                .commit_time = state.snapshot->reading.time,
                                .transactions = 0,
                                .changes = state.chunk_rows(),
                                .snapshot_attempt = state.snapshot->attempt,
                                .files = {}};
    std::vector<ledger::DataFile> files;
    for (const auto& [key, chunk] : state.chunks) {
        TRY_LET(const auto listed, place.ledger.read_files(chunk.first.files));
        files.insert(files.end(), listed.begin(), listed.end());
    }
    TRY(commit(place, {cut}));
    CutReport report = report_of(cut, files);
    report.landed_time = place.clock.now();
    if (on_cut) {
        on_cut(report);
    }
    return {};
}

Status land_snapshot(LandingPlace place, change::SnapshotSource& source,
                     const SnapshotOptions& options, const std::stop_token& stop) {
    return SnapshotLanding(place, source, options).run(stop);
}

}  // namespace weir::landing
