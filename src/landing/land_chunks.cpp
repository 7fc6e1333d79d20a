#include "landing/land_chunks.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "landing/chunk_writer.h"
#include "landing/land_cut.h"

namespace weir::landing {
namespace {

// Where there are more chunks than this, those that come faster share an append, up to so many.
constexpr std::chrono::milliseconds commit_pause{50};
constexpr std::size_t waiting_max = 100;

// An entry has room for little text.
constexpr std::size_t detail_bytes_max = 1000;

ledger::TableSetAside unreadable(const catalog::TableName& table, std::string detail,
                                 std::uint64_t chunks) {
    detail.resize(std::min(detail.size(), detail_bytes_max));
    return {.table = table,
            .reason = change::AsideReason::unreadable,
            .detail = std::move(detail),
            .chunks = chunks};
}

/// Whether a table's own rows or rights are to blame, so that the others can be read.
bool is_of_table(const Error& error) {
    switch (error.kind()) {
        case ErrorKind::invalid:
        case ErrorKind::not_found:
        case ErrorKind::corrupt:
        case ErrorKind::denied:
        case ErrorKind::unsupported: return true;
        default: return false;
    }
}

/// One reading. `run` is called once; workers share what the mutex guards.
class ChunkLanding {
public:
    ChunkLanding(const ChunkPlace& place, change::SnapshotSource& source,
                 const ChunkOptions& options)
        : place_(place), source_(source), options_(options), begun_(place.clock.steady_now()) {}

    Status run(const std::stop_token& stop) {
        TRY(place_.turns.take([this](Turn& turn) { return begin(turn); }));
        return land_chunks(stop);
    }

private:
    const change::SnapshotPlan& plan() const { return source_.plan(); }

    Status begin(Turn& turn) {
        for (const change::SnapshotChunk& chunk : plan().chunks) {
            if (turn.contracts.contradicts(*chunk.contract)) {
                return fail(ErrorKind::conflict,
                            "a table changed its shape while its reading began, table={}",
                            chunk.contract->name.to_string());
            }
            TRY(turn.contracts.announce(chunk.contract));
        }
        std::vector<ledger::EntryBody> entries;
        for (const change::UnreadableTable& table : plan().unreadable) {
            entries.emplace_back(unreadable(table.name, table.reason, 0));
            tell(table);
        }
        TRY_LET(auto news, turn.contracts.store_news(turn.place.ledger));
        std::ranges::move(news, std::back_inserter(entries));
        const std::uint32_t last =
            turn.place.state.snapshot ? turn.place.state.snapshot->attempt : 0;
        attempt_ = plan().resumes ? last : last + 1;
        entries.push_back(beginning(turn.place.state));
        TRY(commit(turn.place, entries));
        turn.contracts.forget_news();
        return teach(turn);
    }

    /// Tells the log's reader of shapes that it has not met.
    Status teach(Turn& turn) {
        std::set<catalog::TableName> taught;
        for (const change::SnapshotChunk& chunk : plan().chunks) {
            if (turn.log != nullptr && taught.insert(chunk.contract->name).second) {
                TRY(turn.log->learn(chunk.contract));
            }
        }
        return {};
    }

    ledger::EntryBody beginning(const ledger::PipelineState& state) const {
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
        const auto kept = std::ranges::count_if(state.chunks, stays);
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
        const Status last = place_.turns.take([this](Turn& turn) { return commit_waiting(turn); });
        if (failure_) {
            return std::unexpected(*std::move(failure_));
        }
        TRY(last);
        if (stop.stop_requested() && !all_landed_) {
            return fail(ErrorKind::cancelled, "the snapshot was stopped; the next start goes on");
        }
        return {};
    }

    /// Whether the source, or whoever set it up, wants the reading to end.
    bool is_over() const {
        const auto elapsed = place_.clock.steady_now() - begun_;
        const auto ends = [&](std::chrono::milliseconds hold) {
            return hold.count() > 0 && elapsed >= hold;
        };
        return ends(options_.hold) || ends(plan().hold);
    }

    /// The next chunk, if this reading has still to read it. It reads at least one, and to its end
    /// what has no key and is begun.
    const change::SnapshotChunk* take_chunk() {
        const std::scoped_lock lock(mutex_);
        const auto& chunks = plan().chunks;
        if (next_ == chunks.size()) {
            return nullptr;
        }
        const auto& contract = chunks[next_].contract;
        const bool must_follow =
            next_ == 0 || (!contract->has_key() && chunks[next_ - 1].contract == contract);
        if (!must_follow && is_over()) {
            next_ = chunks.size();
            return nullptr;
        }
        return &chunks[next_++];
    }

    /// Takes chunks until none is left. The first error that is no table's own stops all workers.
    void work(std::size_t worker) {
        while (!stop_.stop_requested()) {
            const change::SnapshotChunk* const chunk = take_chunk();
            if (chunk == nullptr) {
                return;
            }
            if (auto landed = land_chunk(*chunk, worker); !landed) {
                note(std::move(landed).error());
            }
        }
    }

    void note(Error error) {
        const std::scoped_lock lock(mutex_);
        // A chunk that was told to stop has no cause of its own.
        const bool told = error.kind() == ErrorKind::cancelled && stop_.stop_requested();
        if (!failure_ && !told) {
            failure_ = std::move(error);
        }
        stop_.request_stop();
    }

    bool is_given_up(const catalog::TableName& table) {
        const std::scoped_lock lock(mutex_);
        return given_up_.contains(table);
    }

    Status land_chunk(const change::SnapshotChunk& chunk, std::size_t worker) {
        if (is_given_up(chunk.contract->name)) {
            return {};
        }
        ChunkWriter writer(
            place_.store, place_.keys, chunk.contract,
            {.attempt = attempt_, .chunk = chunk.index, .time = plan().time, .epoch = place_.epoch},
            options_.part_size);
        const Status read = source_.read_chunk(chunk, worker, writer, stop_.get_token());
        if (stop_.stop_requested()) {
            // The source may have ended early without an error.
            return fail(ErrorKind::cancelled, "the chunk was stopped");
        }
        if (!read && is_of_table(read.error())) {
            return give_up(chunk.contract->name, read.error().to_string());
        }
        TRY(read);
        const std::uint64_t rows = writer.rows();
        TRY_LET(auto files, std::move(writer).finish());
        return place_.turns.take(
            [&](Turn& turn) { return commit_chunk(turn, chunk, rows, std::move(files)); });
    }

    Status commit_chunk(Turn& turn, const change::SnapshotChunk& chunk, std::uint64_t rows,
                        std::vector<ledger::DataFile> files) {
        if (is_given_up(chunk.contract->name)) {
            return {};  // Another worker met a row that cannot be read.
        }
        ledger::ChunkLanded entry{.attempt = attempt_,
                                  .table = chunk.contract->name,
                                  .chunk = chunk.index,
                                  .table_chunks = chunk.table_chunks,
                                  .position = plan().position,
                                  .storage = chunk.storage,
                                  .rows = rows,
                                  .files = {}};
        TRY_LET(entry.files, turn.place.ledger.store_files(std::move(files)));
        waiting_.push_back(std::move(entry));
        const bool is_due = plan().chunks.size() <= waiting_max ||
                            place_.clock.steady_now() - committed_ >= commit_pause;
        return is_due || waiting_.size() == waiting_max ? commit_waiting(turn) : Status();
    }

    /// Small chunks come faster than the disk takes appends.
    Status commit_waiting(Turn& turn) {
        const auto landed = std::exchange(waiting_, {});
        if (landed.empty()) {
            return {};
        }
        const std::size_t before = turn.place.state.chunks.size();
        TRY(commit(turn.place, {landed.begin(), landed.end()}));
        committed_ = place_.clock.steady_now();
        all_landed_ = turn.place.state.snapshot_complete();
        for (std::size_t index = 0; index < landed.size(); ++index) {
            report(landed[index], before + index + 1, turn.place.state.chunks_expected);
        }
        return {};
    }

    void report(const ledger::ChunkLanded& entry, std::uint64_t landed, std::uint64_t expected) {
        ++read_;
        rows_ += entry.rows;
        if (options_.on_chunk) {
            options_.on_chunk({.table = entry.table,
                               .chunk = entry.chunk,
                               .rows = entry.rows,
                               .chunks_landed = landed,
                               .chunks = expected,
                               .rows_landed = rows_,
                               .chunks_read = read_,
                               .elapsed = place_.clock.steady_now() - begun_});
        }
    }

    /// Goes on without a table: its chunks stop counting, and it is read another time.
    Status give_up(const catalog::TableName& table, const std::string& reason) {
        return place_.turns.take([&](Turn& turn) -> Status {
            if (is_given_up(table)) {
                return {};
            }
            const auto is_of = [&](const catalog::TableName& name) { return name == table; };
            std::erase_if(waiting_, [&](const auto& entry) { return is_of(entry.table); });
            const auto landed =
                std::ranges::count_if(turn.place.state.chunks,
                                      [&](const auto& chunk) { return is_of(chunk.first.first); });
            const auto planned = std::ranges::count_if(
                plan().chunks, [&](const auto& chunk) { return is_of(chunk.contract->name); });
            // What has landed in this reading is in both.
            const auto twice = std::ranges::count_if(plan().chunks, [&](const auto& chunk) {
                return is_of(chunk.contract->name) &&
                       turn.place.state.chunks.contains({table, chunk.index});
            });
            TRY(commit(
                turn.place,
                {unreadable(table, reason, static_cast<std::uint64_t>(landed + planned - twice))}));
            all_landed_ = turn.place.state.snapshot_complete();
            {
                const std::scoped_lock lock(mutex_);
                given_up_.insert(table);
            }
            tell({.name = table, .reason = reason});
            return {};
        });
    }

    void tell(const change::UnreadableTable& table) const {
        if (options_.on_unreadable) {
            options_.on_unreadable(table);
        }
    }

    ChunkPlace place_;
    change::SnapshotSource& source_;
    const ChunkOptions& options_;
    const std::chrono::steady_clock::time_point begun_;
    std::stop_source stop_;

    // Only whoever has the place's turn looks at these.
    std::uint32_t attempt_ = 0;
    bool all_landed_ = false;
    std::vector<ledger::ChunkLanded> waiting_;         // Read, and not yet in the ledger.
    std::chrono::steady_clock::time_point committed_;  // When the last of them went there.
    std::uint64_t read_ = 0;                           // Chunks of this reading.
    std::uint64_t rows_ = 0;

    std::mutex mutex_;      // Guards what follows.
    std::size_t next_ = 0;  // Index of the first chunk that nobody has taken.
    std::optional<Error> failure_;
    std::set<catalog::TableName> given_up_;
};

}  // namespace

Status land_chunks(const ChunkPlace& place, change::SnapshotSource& source,
                   const ChunkOptions& options, const std::stop_token& stop) {
    return ChunkLanding(place, source, options).run(stop);
}

}  // namespace weir::landing
