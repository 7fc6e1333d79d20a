#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "warehouse/testing/source_change.h"

namespace weir::warehouse::testing {

struct ModelVersion {
    Row values;
    std::int64_t valid_from = 0;
    std::optional<std::int64_t> valid_to;
    std::int64_t from_cut = 0;
    std::optional<std::int64_t> to_cut;
    std::int64_t position = 0;
    std::int64_t ordinal = 0;
    std::optional<std::int64_t> end_position;
    std::optional<std::int64_t> end_ordinal;
    char op = 'c';
};

/// The history of one table by docs/formats/warehouse.md, one change after the other, on maps. It
/// sees the source's true rows, so it needs no rule for what the log left out.
class HistoryModel {
public:
    void apply(const SourceChange& change) {
        if (change.op == 't') {
            return truncate(change);
        }
        change.contract->has_key() ? apply_by_key(change) : apply_by_row(change);
    }
    const std::vector<ModelVersion>& versions() const { return versions_; }

private:
    static Row pick(const Row& row, const catalog::TableContract& contract, bool keys_only) {
        Row picked;
        for (const catalog::Column& column : contract.columns) {
            const auto found = row.find(column.id);
            if (found != row.end() && (column.in_key || !keys_only)) {
                picked.insert(*found);
            }
        }
        return picked;
    }

    void end(std::size_t index, const SourceChange& change, std::int64_t time) {
        ModelVersion& version = versions_[index];
        version.valid_to = time;
        version.to_cut = change.cut;
        version.end_position = change.position;
        version.end_ordinal = change.ordinal;
    }

    void begin(const SourceChange& change, std::int64_t time) {
        versions_.push_back({.values = pick(change.after, *change.contract, false),
                             .valid_from = time,
                             .valid_to = {},
                             .from_cut = change.cut,
                             .to_cut = {},
                             .position = change.position,
                             .ordinal = change.ordinal,
                             .end_position = {},
                             .end_ordinal = {},
                             .op = change.op});
    }

    void truncate(const SourceChange& change) {
        for (std::size_t index = 0; index < versions_.size(); ++index) {
            if (!versions_[index].to_cut) {
                const std::int64_t time = std::max(change.time_us, versions_[index].valid_from);
                end(index, change, time);
                latest_[pick(versions_[index].values, *change.contract, true)] = time;
            }
        }
        open_.clear();
    }

    // The latest time of a key never goes back.
    std::int64_t advance(const Row& key, std::int64_t time_us) {
        const auto found = latest_.find(key);
        const std::int64_t time =
            found == latest_.end() ? time_us : std::max(time_us, found->second);
        latest_[key] = time;
        return time;
    }

    void end_key(const Row& key, const SourceChange& change, std::int64_t time) {
        if (const auto found = open_.find(key); found != open_.end()) {
            end(found->second, change, time);
            open_.erase(found);
        }
    }

    void apply_by_key(const SourceChange& change) {
        const Row old_key = pick(change.old_row, *change.contract, true);
        const Row new_key = pick(change.after, *change.contract, true);
        if (change.op == 'd' || (change.op == 'u' && old_key != new_key)) {
            if (open_.contains(old_key)) {
                end_key(old_key, change, advance(old_key, change.time_us));
            }
        }
        if (change.op != 'd') {
            const std::int64_t time = advance(new_key, change.time_us);
            end_key(new_key, change, time);
            open_[new_key] = versions_.size();
            begin(change, time);
        }
    }

    void apply_by_row(const SourceChange& change) {
        std::int64_t time = change.time_us;
        if (change.op == 'u' || change.op == 'd') {
            const Row image = pick(change.old_row, *change.contract, false);
            for (std::size_t index = 0; index < versions_.size(); ++index) {
                if (!versions_[index].to_cut &&
                    pick(versions_[index].values, *change.contract, false) == image) {
                    time = std::max(time, versions_[index].valid_from);
                    end(index, change, time);
                    break;
                }
            }
        }
        if (change.op != 'd') {
            begin(change, time);
        }
    }

    std::vector<ModelVersion> versions_;  // In the order in which they began.
    std::map<Row, std::size_t> open_;
    std::map<Row, std::int64_t> latest_;
};

}  // namespace weir::warehouse::testing
