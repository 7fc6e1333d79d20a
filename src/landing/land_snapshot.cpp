#include "landing/land_snapshot.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "landing/chunk_writer.h"
#include "landing/contract_book.h"

namespace weir::landing {
namespace {

/// One attempt. `run` is called once; workers share what the mutex guards.
class SnapshotLanding {
public:
    SnapshotLanding(LandingPlace place, change::SnapshotSource& source,
                    const SnapshotOptions& options)
        : place_(place),
          source_(source),
          options_(options),
          attempt_(place.state.snapshot ? place.state.snapshot->attempt + 1 : 1) {}

    Status run(const std::stop_token& stop) {
        TRY(begin());
        TRY(land_chunks(stop));
        return finish();
    }

private:
    const change::SnapshotPlan& plan() const { return source_.plan(); }

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
        TRY_LET(auto entries, contracts.store_news(place_.ledger));
        entries.push_back(ledger::SnapshotStarted{.attempt = attempt_,
                                                  .position = plan().position,
                                                  .snapshot = plan().snapshot,
                                                  .chunks = plan().chunks.size()});
        return commit(place_, entries);
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
        if (failure_) {
            return std::unexpected(*std::move(failure_));
        }
        if (landed_ < plan().chunks.size()) {
            return fail(ErrorKind::cancelled,
                        "the snapshot was stopped; the next start begins a new one, chunks={}, "
                        "landed={}",
                        plan().chunks.size(), landed_);
        }
        return {};
    }

    /// Takes chunks until none is left. The first error stops all workers.
    void work(std::size_t worker) {
        while (!stop_.stop_requested()) {
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
        bytes_ += sum_bytes(files);
        files_ += files.size();
        ledger::ChunkLanded entry{.attempt = attempt_,
                                  .table = chunk.contract->name,
                                  .chunk = chunk.index,
                                  .rows = rows,
                                  .files = {}};
        TRY_LET(entry.files, place_.ledger.store_files(std::move(files)));
        TRY(commit(place_, {entry}));
        rows_ += rows;
        ++landed_;
        if (options_.on_chunk) {
            options_.on_chunk({.table = entry.table,
                               .chunk = entry.chunk,
                               .rows = rows,
                               .chunks_landed = landed_,
                               .chunks = plan().chunks.size()});
        }
        return {};
    }

    Status finish() {
        TRY(commit(place_, {ledger::CutLanded{.cut = {1},
                                              .position = plan().position,
                                              .commit_time = plan().time,
                                              .transactions = 0,
                                              .changes = rows_,
                                              .snapshot_attempt = attempt_,
                                              .files = {}}}));
        if (options_.on_cut) {
            options_.on_cut({.cut = {1},
                             .position = plan().position,
                             .commit_time = plan().time,
                             .landed_time = place_.clock.now(),
                             .transactions = 0,
                             .rows = rows_,
                             .files = files_,
                             .bytes = bytes_});
        }
        return {};
    }

    LandingPlace place_;
    change::SnapshotSource& source_;
    const SnapshotOptions& options_;
    const std::uint32_t attempt_;
    std::stop_source stop_;
    std::atomic<std::size_t> next_ = 0;  // Index of the first chunk that nobody has taken.

    std::mutex committing_;  // Guards what follows, and the state in `place_`.
    std::optional<Error> failure_;
    std::uint64_t landed_ = 0;
    std::uint64_t rows_ = 0;
    std::uint64_t files_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace

Status land_snapshot(LandingPlace place, change::SnapshotSource& source,
                     const SnapshotOptions& options, const std::stop_token& stop) {
    return SnapshotLanding(place, source, options).run(stop);
}

}  // namespace weir::landing
