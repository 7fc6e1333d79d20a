#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/capture_stage.h"
#include "app/commands.h"
#include "app/load_stage.h"
#include "app/pipeline.h"
#include "app/proof.h"
#include "app/refine_stage.h"
#include "landing/land_copy.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

Status check_empty(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
        return fail(ErrorKind::already_exists,
                    "a replay wants a folder of its own; name another, or an empty one, folder={}",
                    folder.string());
    }
    return {};
}

Status copy_landing(CommandContext& context, Pipeline& from, Pipeline& into) {
    TRY_LET(StageHold hold, StageHold::take(into, ledger::Stage::capture));
    return landing::land_copy(
        place_of(into, hold), {.store = from.store(), .ledger = from.ledger()},
        [&](ledger::CutNumber cut) {
            context.report.progress(fmt::format("landed again: cut {}", cut.value));
        },
        context.stop.get_token());
}

/// Refines and loads all that has landed.
Result<std::unique_ptr<LoadStage>> rebuild(Pipeline& into, const std::stop_token& stop) {
    TRY_LET(RefineStage refine, RefineStage::open(into));
    TRY(refine.run(stop));
    TRY_LET(auto load, LoadStage::open(into));
    TRY_LET(const ledger::CutNumber cut, load->run(stop));
    if (stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped before everything was replayed, cut={}",
                    cut.value);
    }
    return load;
}

/// Compares with the first warehouse, if it stands at the same cut and nobody has it. Returns no
/// value if it does not.
Result<std::optional<bool>> compare(CommandContext& context, Pipeline& from, LoadStage& replayed) {
    const auto database =
        sql::DuckDbDatabase::open(from.folders().warehouse_file(), {.read_only = true});
    if (!database) {
        return std::nullopt;
    }
    TRY_LET(const auto session, database->connect());
    TRY_LET(const auto proofs, prove_same_history(from, *session, replayed.session()));
    if (!proofs) {
        return std::nullopt;
    }
    bool equal = true;
    for (const TableProof& proof : *proofs) {
        equal = equal && proof.equal;
        context.report.line(fmt::format("  {:<28} {:>10} versions  {}", proof.table, proof.rows,
                                        proof.equal ? "equal" : "DIFFERENT"));
    }
    return equal;
}

}  // namespace

Status replay(CommandContext& context, const fs::path& folder) {
    const SystemClock clock;
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY_LET(const auto from, Pipeline::open(configuration, clock));
    TRY(check_empty(folder));
    Configuration target = configuration;
    target.keep_in(fs::absolute(folder));
    TRY(Pipeline::create(target, clock));
    TRY_LET(const auto into, Pipeline::open(target, clock));
    TRY(copy_landing(context, *from, *into));
    TRY_LET(const auto load, rebuild(*into, context.stop.get_token()));
    TRY_LET(const ledger::CutNumber cut, load->warehouse().current_cut());
    TRY_LET(const std::optional<bool> equal, compare(context, *from, *load));
    context.report.line(fmt::format("replayed {} cuts into {}{}", cut.value, folder.string(),
                                    equal ? ""
                                          : "; not compared: the first warehouse is in use, or "
                                            "at another cut"));
    context.report.result({{"cuts", cut.value},
                           {"store", target.store},
                           {"equal", equal ? nlohmann::json(*equal) : nlohmann::json()}});
    if (equal && !*equal) {
        return fail(ErrorKind::corrupt, "the replayed warehouse differs from the first one, cut={}",
                    cut.value);
    }
    return {};
}

}  // namespace weir::app
