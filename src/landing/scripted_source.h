#pragma once

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "change/change_source.h"

namespace weir::landing {

/// Sources for tests, whose log is a list of transactions.

/// Makes landed rows of JSON: an array with an array for each row.
inline std::shared_ptr<arrow::RecordBatch> landed_rows(const catalog::TableContract& contract,
                                                       const std::string& json) {
    const auto schema = change::landed_schema(contract);
    const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
    const auto batch = arrow::RecordBatch::FromStructArray(rows.ValueOrDie()).ValueOrDie();
    return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

struct ScriptedTransaction {
    change::Position end;
    Timestamp commit_time;
    std::vector<std::shared_ptr<const catalog::TableContract>> schema_changes;
    std::vector<change::ChangeBatch> batches;

    std::uint64_t changes() const {
        std::uint64_t sum = 0;
        for (const change::ChangeBatch& batch : batches) {
            sum += static_cast<std::uint64_t>(batch.rows->num_rows());
        }
        return sum;
    }
};

/// Reads its transactions from a position on, then is silent at `silence`. With a seed, batches
/// arrive in pieces of random size.
class ScriptedSource final : public change::ChangeSource {
public:
    ScriptedSource(const std::vector<ScriptedTransaction>& log, change::Position from,
                   change::Position silence, std::uint32_t seed = 0)
        : log_(log), position_(from), silence_(silence), random_(seed), whole_(seed == 0) {}

    /// Called whenever the source has nothing to read.
    std::function<void()> on_silence = [] {};
    change::Position acknowledged;
    std::vector<std::shared_ptr<const catalog::TableContract>> learned;

    Result<change::CutEnd> read_cut(change::CutBoundary& boundary, change::ChangeSink& sink,
                                    const std::stop_token& stop) override {
        change::CutEnd end{.position = position_, .commit_time = std::nullopt};
        change::CutProgress progress{.position = position_};
        while (!stop.stop_requested()) {
            const auto next =
                std::ranges::upper_bound(log_, position_, {}, &ScriptedTransaction::end);
            if (next == log_.end()) {
                position_ = std::max(position_, silence_);
                on_silence();
            } else {
                TRY(play(*next, sink));
                position_ = next->end;
                ++progress.transactions;
                progress.decoded_bytes += next->changes() * 100;
                end.changes += next->changes();
                end.commit_time = next->commit_time;
            }
            progress.position = position_;
            if (boundary.ends_here(progress)) {
                break;
            }
        }
        end.position = position_;
        end.transactions = progress.transactions;
        return end;
    }

    Status acknowledge(change::Position position) override {
        acknowledged = position;
        return {};
    }

    Status learn(std::shared_ptr<const catalog::TableContract> contract) override {
        learned.push_back(std::move(contract));
        return {};
    }

private:
    Status play(const ScriptedTransaction& transaction, change::ChangeSink& sink) {
        for (const auto& contract : transaction.schema_changes) {
            TRY(sink.schema_changed(contract));
        }
        for (const change::ChangeBatch& batch : transaction.batches) {
            for (std::int64_t from = 0; from < batch.rows->num_rows();) {
                const std::int64_t size =
                    whole_ ? batch.rows->num_rows() : 1 + static_cast<std::int64_t>(random_() % 7);
                TRY(sink.write({batch.contract, batch.rows->Slice(from, size)}));
                from += size;
            }
        }
        return {};
    }

    const std::vector<ScriptedTransaction>& log_;
    change::Position position_;
    change::Position silence_;
    std::mt19937 random_;
    bool whole_;
};

/// A snapshot whose chunks hold given rows.
class ScriptedSnapshot final : public change::SnapshotSource {
public:
    explicit ScriptedSnapshot(change::SnapshotPlan plan) : plan_(std::move(plan)) {}

    std::map<std::pair<catalog::TableName, std::uint32_t>, std::shared_ptr<arrow::RecordBatch>>
        rows;
    /// Called before a chunk is read; its error is the chunk's.
    std::function<Status(const change::SnapshotChunk&)> on_chunk =
        [](const change::SnapshotChunk&) { return Status{}; };

    const change::SnapshotPlan& plan() const override { return plan_; }
    Status read_chunk(const change::SnapshotChunk& chunk, std::size_t, change::ChangeSink& sink,
                      const std::stop_token&) override {
        TRY(on_chunk(chunk));
        return sink.write({chunk.contract, rows.at({chunk.contract->name, chunk.index})});
    }

private:
    change::SnapshotPlan plan_;
};

}  // namespace weir::landing
