#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/operate.h"
#include "app/pipeline.h"

namespace weir::app {
namespace {

using nlohmann::json;

Result<std::vector<catalog::TableName>> chosen_tables(const ledger::PipelineState& state,
                                                      const SnapshotOptions& options) {
    const auto captured = state.current_contracts();
    std::vector<catalog::TableName> tables;
    for (const std::string& text : options.tables) {
        TRY_LET(const catalog::TableName name, catalog::TableName::parse(text));
        if (!captured.contains(name) && !state.aside().contains(name)) {
            return fail(ErrorKind::not_found,
                        "the pipeline does not capture this table; a new one is read by itself "
                        "once source.tables in weir.yaml matches it, table={}",
                        name.to_string());
        }
        tables.push_back(name);
    }
    if (options.all) {
        for (const auto& [name, contract] : captured) {
            tables.push_back(name);
        }
    }
    if (tables.empty()) {
        return fail(ErrorKind::invalid, "name tables to be read again, or say --all");
    }
    return tables;
}

}  // namespace

Status snapshot_command(CommandContext& context, const SnapshotOptions& options) {
    const SystemClock clock;
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline->ledger()));
    TRY_LET(const auto tables, chosen_tables(state, options));
    std::vector<ledger::EntryBody> requests;
    json names = json::array();
    for (const catalog::TableName& table : tables) {
        requests.emplace_back(ledger::ReadingRequested{.table = table});
        names.push_back(table.to_string());
    }
    TRY(append_as_operator(*pipeline, requests));
    context.report.line(
        fmt::format("{} tables will be read again by `weir run`, now if it runs; `weir status` "
                    "lists them until "
                    "they are back",
                    tables.size()));
    context.report.result({{"requested", names}});
    return {};
}

}  // namespace weir::app
