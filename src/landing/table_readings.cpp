#include "landing/table_readings.h"

#include <algorithm>
#include <utility>

#include "landing/land_cut.h"
#include "landing/land_snapshot.h"

namespace weir::landing {
namespace {

using namespace std::chrono_literals;

constexpr auto wait_after_conflict = 200ms;
constexpr auto wait_after_error = 5'000ms;

Result<std::vector<std::shared_ptr<const catalog::TableContract>>> newest_contracts(
    LandingPlace& place) {
    std::vector<std::shared_ptr<const catalog::TableContract>> contracts;
    for (const auto& [name, entry] : place.state.current_contracts()) {
        TRY_LET(catalog::TableContract contract, place.ledger.read_contract(entry));
        contracts.push_back(std::make_shared<const catalog::TableContract>(std::move(contract)));
    }
    return contracts;
}

}  // namespace

TableReadings::TableReadings(const ChunkPlace& place, change::TableSource& source,
                             ReadingOptions options)
    : place_(place),
      source_(source),
      options_(std::move(options)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TableReadings::~TableReadings() {
    thread_.request_stop();
    thread_.join();
}

void TableReadings::wake() {
    const std::scoped_lock lock(mutex_);
    idle_ = false;
    wake_ = true;
    woken_.notify_all();
}

Status TableReadings::status() const {
    const std::scoped_lock lock(mutex_);
    return failure_ ? Status(std::unexpected(*failure_)) : Status();
}

void TableReadings::wait(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, stop, time, [this] { return wake_; });
}

void TableReadings::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const Status done = step(stop);
        if (done || stop.stop_requested()) {
            continue;
        }
        if (done.error().kind() == ErrorKind::conflict) {
            wait(wait_after_conflict, stop);
            continue;
        }
        if (options_.ends_at_error) {
            const std::scoped_lock lock(mutex_);
            failure_ = done.error();
            return;
        }
        if (options_.on_wait) {
            options_.on_wait(done.error());
        }
        wait(wait_after_error, stop);
    }
}

Status TableReadings::step(const std::stop_token& stop) {
    {
        const std::scoped_lock lock(mutex_);
        wake_ = false;  // What is said from here on is looked at in the next step.
    }
    TRY_LET(const auto found, source_.find_tables());
    TRY(place_.turns.take([&](Turn& turn) { return choose(turn, found); }));
    if (request_.tables.empty()) {
        {
            const std::scoped_lock lock(mutex_);
            idle_ = !closing_ && !wake_;
        }
        wait(options_.look_every, stop);
        return {};
    }
    TRY_LET(const auto reading, source_.begin(request_, stop));
    ChunkOptions chunks = options_.chunks;
    chunks.on_unreadable = [&](const change::UnreadableTable& table) {
        resting_.insert_or_assign(table.name, place_.clock.steady_now() + options_.retry_after);
        if (options_.chunks.on_unreadable) {
            options_.chunks.on_unreadable(table);
        }
    };
    return land_chunks(place_, *reading, chunks, stop);
}

/// Decides what to read next.
Status TableReadings::choose(Turn& turn, const std::vector<catalog::TableName>& found) {
    const ledger::PipelineState& state = turn.place.state;
    TRY(ledger::catch_up(turn.place.state, turn.place.ledger));
    TRY(set_aside(turn, found));
    request_ = {};
    closing_ = state.snapshot_complete();
    if (closing_) {
        return {};
    }
    for (const auto& [table, absence] : state.aside()) {
        if (!rests(table) && std::ranges::binary_search(found, table)) {
            request_.tables.push_back(table);
        }
    }
    if (request_.tables.empty()) {
        return {};
    }
    TRY_LET(request_.known, newest_contracts(turn.place));
    request_.progress = snapshot_progress(state);
    if (request_.progress) {
        std::erase_if(request_.progress->chunks, [&](const change::LandedChunk& chunk) {
            return !std::ranges::binary_search(request_.tables, chunk.table);
        });
    }
    return {};
}

/// Sets aside what somebody asked for, and what was not captured before.
Status TableReadings::set_aside(Turn& turn, const std::vector<catalog::TableName>& found) const {
    const ledger::PipelineState& state = turn.place.state;
    std::vector<ledger::EntryBody> entries;
    entries.reserve(state.requested.size());
    for (const catalog::TableName& table : state.requested) {
        entries.emplace_back(ledger::TableSetAside{
            .table = table, .reason = change::AsideReason::requested, .detail = {}});
    }
    const auto known = state.current_contracts();
    const auto aside = state.aside();
    for (const catalog::TableName& table : found) {
        if (!known.contains(table) && !aside.contains(table)) {
            entries.emplace_back(ledger::TableSetAside{
                .table = table, .reason = change::AsideReason::added, .detail = {}});
        }
    }
    for (const auto& [table, contract] : known) {
        if (!aside.contains(table) && !std::ranges::binary_search(found, table)) {
            entries.emplace_back(ledger::TableSetAside{
                .table = table,
                .reason = change::AsideReason::unreadable,
                .detail = "it does not exist any more, or source.tables does not name it",
                .chunks = 0});
        }
    }
    return entries.empty() ? Status() : commit(turn.place, entries);
}

bool TableReadings::rests(const catalog::TableName& table) const {
    const auto until = resting_.find(table);
    return until != resting_.end() && place_.clock.steady_now() < until->second;
}

}  // namespace weir::landing
