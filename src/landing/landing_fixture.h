#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result_matchers.h"
#include "columnar/memory_store.h"
#include "landing/land_stream.h"
#include "landing/scripted_source.h"
#include "ledger/note_key.h"

namespace weir::landing {

/// A folder that goes with the test.
class TestFolder {
public:
    TestFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    ~TestFolder() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A pipeline in a store in memory: what a process has, and what outlives it.
class TestPipeline {
    ledger::SigningKey key_ = *ledger::SigningKey::from_seed("example.com/claims", {});

public:
    columnar::MemoryStore store;
    ManualClock clock{Timestamp{std::chrono::sys_days(std::chrono::year(2026) / 4 / 1)}};
    TestFolder folder;
    std::unique_ptr<ledger::Ledger> ledger;
    ledger::PipelineState state;
    ledger::Lease lease;

    TestPipeline() {
        EXPECT_THAT(ledger::Ledger::create(
                        store, key_,
                        {.pipeline = "claims", .source = "postgres", .release = "0.1.0"}, clock),
                    IsOk());
    }

    /// Begins a process: opens the ledger, takes a lease, reads where the pipeline stands.
    Status start(ledger::Stage stage = ledger::Stage::capture) {
        TRY_LET(ledger, ledger::Ledger::open(store, key_, clock));
        TRY_LET(lease, ledger->take_lease(stage));
        state = {};
        return ledger::catch_up(state, *ledger);
    }

    LandingPlace place() {
        return {.store = store, .ledger = *ledger, .lease = lease, .state = state, .clock = clock};
    }

    std::vector<ledger::Entry> entries() { return *ledger->read_from({}); }

    /// The `cut landed` bodies, in order.
    std::vector<ledger::CutLanded> cuts() {
        std::vector<ledger::CutLanded> found;
        for (const ledger::Entry& entry : entries()) {
            if (const auto* cut = std::get_if<ledger::CutLanded>(&entry.body)) {
                found.push_back(*cut);
            }
        }
        return found;
    }
};

inline catalog::Column test_column(std::uint32_t id, std::string name, std::string source_type,
                                   std::shared_ptr<arrow::DataType> type, bool in_key = false) {
    return {.id = id,
            .name = std::move(name),
            .source_type = std::move(source_type),
            .landed_type = std::move(type),
            .nullable = !in_key,
            .in_key = in_key,
            .tags = {}};
}

/// A table with a key and a note; version 2 has a third column.
inline std::shared_ptr<const catalog::TableContract> test_contract(const std::string& table,
                                                                   std::uint32_t version = 1) {
    catalog::TableContract contract{
        .name = {"claims", table},
        .version = {version},
        .identity = catalog::RowIdentity::key,
        .columns = {test_column(1, "id", "bigint", arrow::int64(), true),
                    test_column(2, "note", "text", arrow::utf8())}};
    if (version > 1) {
        contract.columns.push_back(test_column(3, "paid", "numeric", arrow::utf8()));
    }
    return std::make_shared<const catalog::TableContract>(std::move(contract));
}

/// Rows `first_id` to `first_id + count - 1`, inserted by the transaction that commits at `commit`.
inline change::ChangeBatch test_rows(const std::shared_ptr<const catalog::TableContract>& contract,
                                     std::uint64_t commit, int first_id, int count) {
    std::string json = "[";
    for (int row = 0; row < count; ++row) {
        const int id = first_id + row;
        json += fmt::format(R"({}["c", {}, {}, 7, {}, {}, null, [{}, "note {}"{}], null, null])",
                            row == 0 ? "" : ",", commit, row, commit * 1'000'000,
                            contract->version.number, id, id,
                            contract->version.number > 1 ? ", \"1.5\"" : "");
    }
    return {contract, landed_rows(*contract, json + "]")};
}

}  // namespace weir::landing
