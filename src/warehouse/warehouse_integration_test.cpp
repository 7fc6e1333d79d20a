// Goal: a history table is what docs/formats/warehouse.md says, however cuts are put into loads.
// Method: random sources against a model that replays their changes one by one (testing/).
#include "warehouse/warehouse.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <optional>
#include <random>

#include "base/result_matchers.h"
#include "sql/duckdb/duckdb_database.h"
#include "warehouse/testing/history_model.h"
#include "warehouse/testing/memory_files.h"
#include "warehouse/testing/random_source.h"

namespace weir::warehouse {
namespace {

using testing::HistoryModel;
using testing::MemoryFiles;
using testing::ModelVersion;
using testing::RandomSource;
using testing::RandomTable;
using testing::SourceChange;

const ManualClock standing_clock{Timestamp(std::chrono::microseconds(1'700'000'000'000'000))};

struct OpenWarehouse {
    sql::DuckDbDatabase database;
    std::unique_ptr<sql::DuckDbSession> session;
    Warehouse warehouse;
};

OpenWarehouse open_in_memory() {
    auto database = sql::DuckDbDatabase::open(":memory:", {.threads = 1});
    auto session = *database->connect();
    auto warehouse = *Warehouse::open(*session, standing_clock, {});
    return {*std::move(database), std::move(session), std::move(warehouse)};
}

/// The changes as refine would put them into files: one for each table, cut and version.
std::vector<RefinedFiles> put_into_files(const std::vector<SourceChange>& changes,
                                         MemoryFiles& files) {
    std::vector<RefinedFiles> cuts;
    for (std::size_t from = 0; from < changes.size();) {
        std::size_t to = from;
        while (to < changes.size() && changes[to].cut == changes[from].cut &&
               changes[to].contract->version == changes[from].contract->version) {
            ++to;
        }
        const std::span<const SourceChange> part(changes.data() + from, to - from);
        const ledger::CutNumber cut{static_cast<std::uint64_t>(part.front().cut)};
        if (cuts.empty() || cuts.back().cut != cut) {
            cuts.push_back({.cut = cut, .snapshot = part.front().op == 'r', .files = {}});
        }
        cuts.back().files.push_back(files.add(part));
        from = to;
    }
    return cuts;
}

std::string text_of(const std::optional<std::int64_t>& number) {
    return number ? std::to_string(*number) : "open";
}

std::string text_of(const ModelVersion& version) {
    std::vector<std::string> values;
    for (const std::uint32_t id : {1U, 2U, 4U, 5U, 6U, 7U}) {
        const auto found = version.values.find(id);
        values.push_back(found == version.values.end() ? "<null>" : "=" + found->second);
    }
    return fmt::format("{}/{} [{}] {}..{} cut {}..{} end {}/{} {}", version.position,
                       version.ordinal, fmt::join(values, ","), version.valid_from,
                       text_of(version.valid_to), version.from_cut, text_of(version.to_cut),
                       text_of(version.end_position), text_of(version.end_ordinal), version.op);
}

std::vector<std::string> expected_history(const std::vector<SourceChange>& changes) {
    HistoryModel model;
    for (const SourceChange& change : changes) {
        model.apply(change);
    }
    std::vector<std::string> rows;
    for (const ModelVersion& version : model.versions()) {
        rows.push_back(text_of(version));
    }
    std::ranges::sort(rows);
    return rows;
}

/// The value of a column by id, as `text_of` writes it; null if the warehouse has no such column.
std::string value_sql(sql::SqlSession& session, std::uint32_t id) {
    const auto named = session.query(
        fmt::format("SELECT name, type FROM weir_ops.history_column WHERE id = {}", id));
    if (named->rows.empty()) {
        return "'<null>'";
    }
    const std::string name = sql::quote_identifier(*named->rows[0][0]);
    const bool is_decimal = named->rows[0][1]->starts_with("decimal");
    return fmt::format("coalesce('=' || {}{}, '<null>')", name,
                       is_decimal ? "::DECIMAL(18,1)" : "");
}

std::vector<std::string> loaded_history(sql::SqlSession& session, const std::string& table) {
    std::string values;
    for (const std::uint32_t id : {1U, 2U, 4U, 5U, 6U, 7U}) {
        values += (values.empty() ? "" : " || ',' || ") + value_sql(session, id);
    }
    const auto rows = session.query(fmt::format(
        "SELECT commit_position || '/' || ordinal || ' [' || {} || '] ' || epoch_us(valid_from) || "
        "'..' || CASE valid_to WHEN TIMESTAMPTZ '9999-12-31 00:00:00+00' THEN 'open' ELSE "
        "epoch_us(valid_to)::VARCHAR END || ' cut ' || from_cut || '..' || CASE to_cut WHEN "
        "9223372036854775807 THEN 'open' ELSE to_cut::VARCHAR END || ' end ' || "
        "coalesce(end_position::VARCHAR, 'open') || '/' || coalesce(end_ordinal::VARCHAR, 'open') "
        "|| ' ' || h.op FROM \"Claims_history\".{} h ORDER BY 1",
        values, sql::quote_identifier(table)));
    std::vector<std::string> texts;
    if (!rows) {
        return {rows.error().to_string()};
    }
    for (const auto& row : rows->rows) {
        texts.push_back(row.front().value_or("<null>"));
    }
    std::ranges::sort(texts);
    return texts;
}

/// Loads all cuts, some at a time: `together` says how many the next load takes.
template <typename Together>
Status load_all(Warehouse& warehouse, MemoryFiles& files, const std::vector<RefinedFiles>& cuts,
                const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts,
                std::uint64_t last, const Together& together) {
    TRY(warehouse.prepare(contracts));
    for (std::uint64_t from = 0; from < last;) {
        const std::uint64_t to = std::min(last, from + together());
        Load load{.from = {from}, .to = {to}, .cuts = {}, .contracts = contracts};
        std::ranges::copy_if(cuts, std::back_inserter(load.cuts), [&](const RefinedFiles& cut) {
            return cut.cut.value > from && cut.cut.value <= to;
        });
        TRY(warehouse.load(load, files));
        from = to;
    }
    return {};
}

class AnyGroupingOfCuts : public ::testing::TestWithParam<RandomTable> {};

TEST_P(AnyGroupingOfCuts, GivesTheHistoryOfASequentialReplay) {
    const char* asked = std::getenv("WEIR_PROPERTY_SEED");
    const std::uint64_t first = asked == nullptr ? 1 : std::strtoull(asked, nullptr, 10);
    const char* count = std::getenv("WEIR_PROPERTY_SCHEDULES");
    const std::uint64_t schedules = count != nullptr   ? std::strtoull(count, nullptr, 10)
                                    : asked == nullptr ? 12
                                                       : 1;
    for (std::uint64_t seed = first; seed < first + schedules; ++seed) {
        SCOPED_TRACE(fmt::format("WEIR_PROPERTY_SEED={}", seed));
        constexpr std::uint64_t cut_count = 7;
        RandomSource source(GetParam(), seed);
        const auto changes = source.changes(cut_count);
        const auto expected = expected_history(changes);
        MemoryFiles files;
        const auto cuts = put_into_files(changes, files);
        std::mt19937_64 random(seed);
        const std::vector<std::function<std::uint64_t()>> groupings{
            [] { return cut_count; }, [] { return 1; }, [&] { return 1 + random() % 3; }};
        for (const auto& together : groupings) {
            auto open = open_in_memory();
            ASSERT_THAT(
                load_all(open.warehouse, files, cuts, source.contracts(), cut_count, together),
                IsOk());
            ASSERT_EQ(loaded_history(*open.session, GetParam().name), expected);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Tables, AnyGroupingOfCuts,
                         ::testing::Values(RandomTable{.name = "by key"},
                                           RandomTable{.name = "by_key_with_whole_rows",
                                                       .identity = catalog::RowIdentity::full},
                                           RandomTable{.name = "multiset",
                                                       .identity = catalog::RowIdentity::full,
                                                       .with_key = false},
                                           RandomTable{.name = "lossy", .lossy = true},
                                           RandomTable{.name = "lossy_multiset",
                                                       .identity = catalog::RowIdentity::full,
                                                       .with_key = false,
                                                       .lossy = true}),
                         [](const auto& table) {
                             std::string name = table.param.name;
                             std::ranges::replace(name, ' ', '_');
                             return name;
                         });

}  // namespace
}  // namespace weir::warehouse
