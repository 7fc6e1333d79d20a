#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <variant>

#include "app/commands.h"
#include "app/pipeline.h"
#include "app/proof.h"
#include "ledger/key_file.h"
#include "refine/quarantine_list.h"
#include "store/sealing_key.h"

namespace weir::app {
namespace {

/// The cut that an entry is about; none for those that are about no single cut.
template <typename Body>
std::optional<std::uint64_t> cut_of(const Body& body) {
    if constexpr (requires { body.cut.value; }) {
        return body.cut.value;
    } else {
        return std::nullopt;
    }
}

bool is_wanted(const ledger::Entry& entry, const LedgerShowOptions& options) {
    const auto cut = std::visit([](const auto& body) { return cut_of(body); }, entry.body);
    return (options.kind.empty() || ledger::kind_of(entry.body) == options.kind) &&
           (!options.cut || cut == options.cut);
}

}  // namespace

Status ledger_show(CommandContext& context, const LedgerShowOptions& options) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(const auto entries, pipeline->ledger().read_from({}));
    nlohmann::json list = nlohmann::json::array();
    for (std::size_t index = 0; index < entries.size(); ++index) {
        if (!is_wanted(entries[index], options)) {
            continue;
        }
        TRY_LET(const std::string text, ledger::format_entry(entries[index]));
        context.report.line(fmt::format("{} {}", index, text));
        if (context.report.json()) {
            list.push_back(nlohmann::json::parse(text));
        }
    }
    context.report.result({{"entries", std::move(list)}});
    return {};
}

Result<ledger::VerifyReport> verify_ledger(Pipeline& pipeline) {
    const ledger::VerifyingKey& key = pipeline.key().verifying_key();
    return ledger::verify(pipeline.store(), {&key, 1}, {});
}

Status ledger_verify(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(const ledger::VerifyReport report, verify_ledger(*pipeline));
    context.report.line(fmt::format("verified: {} entries, {} files, {} bytes", report.size.entries,
                                    report.files, report.bytes));
    context.report.result({{"verified", true},
                           {"entries", report.size.entries},
                           {"files", report.files},
                           {"bytes", report.bytes}});
    return {};
}

Status ledger_key(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    const std::string key = ledger::format_verifier_key(pipeline->key().verifying_key());
    context.report.line(key);
    context.report.result({{"verifier_key", key}});
    return {};
}

Status quarantine_list(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(const auto key,
            store::SealingKey::load_or_create(pipeline->folders().quarantine_key()));
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline->ledger()));
    TRY_LET(const auto counts,
            refine::list_quarantine(pipeline->store(), pipeline->ledger(), state, key));
    nlohmann::json list = nlohmann::json::array();
    for (const auto& count : counts) {
        context.report.line(fmt::format("cut {}  {}.{}  {}  {} rows", count.cut.value,
                                        count.table.to_string(), count.column, count.reason,
                                        count.rows));
        list.push_back({{"cut", count.cut.value},
                        {"table", count.table.to_string()},
                        {"column", count.column},
                        {"reason", count.reason},
                        {"rows", count.rows}});
    }
    context.report.result({{"quarantine", std::move(list)}});
    return {};
}

}  // namespace weir::app
