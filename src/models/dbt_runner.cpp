#include "models/dbt_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "models/child_process.h"
#include "store/file_system.h"

namespace weir::models {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_text(const fs::path& file) {
    TRY_LET(const auto bytes, store::read_file(file.string()));
    std::string text(bytes.size(), '\0');
    std::ranges::transform(bytes, text.begin(), [](std::byte b) { return static_cast<char>(b); });
    return text;
}

Result<std::string> project_name(const fs::path& project) {
    const fs::path file = project / "dbt_project.yml";
    TRY_LET(const std::string text, read_text(file).with("dbt project"));
    try {
        return YAML::Load(text)["name"].as<std::string>();
    } catch (const YAML::Exception& e) {
        return fail(ErrorKind::invalid, "a dbt project needs a name, file={}, line={}",
                    file.string(), e.mark.line + 1);
    }
}

std::string profile_text(const DbtOptions& options) {
    YAML::Node output;
    output["type"] = "duckdb";
    output["path"] = fs::absolute(options.warehouse).string();
    output["schema"] = "main";
    output["threads"] = options.threads;
    output["settings"]["TimeZone"] = "UTC";
    output["config_options"]["autoinstall_known_extensions"] = false;
    if (options.memory_limit) {
        output["settings"]["memory_limit"] = *options.memory_limit;
    }
    YAML::Node profile;
    profile["weir"]["target"] = "weir";
    profile["weir"]["outputs"]["weir"] = output;
    return YAML::Dump(profile) + "\n";
}

/// Writes only what differs: dbt parses everything again when the profile's file is newer.
Status write_profile(const DbtOptions& options) {
    const fs::path file = options.folder / "profiles.yml";
    const std::string text = profile_text(options);
    if (const auto present = read_text(file); present && *present == text) {
        return {};
    }
    TRY_LET(const auto descriptor, store::open_file(file.string(), O_WRONLY | O_CREAT | O_TRUNC));
    return store::write_all(descriptor, std::as_bytes(std::span(text)), file.string());
}

ChildOptions child_of(const DbtOptions& options, ledger::CutNumber cut, const fs::path& log) {
    const fs::path folder = fs::absolute(options.folder);
    ChildOptions child{
        .program = options.dbt,
        .arguments = {"build", "--project-dir", fs::absolute(options.project).string(),
                      "--profiles-dir", folder.string(), "--target-path",
                      (folder / "target").string(), "--log-path", (folder / "logs").string(),
                      "--profile", "weir", "--target", "weir", "--no-use-colors",
                      "--no-send-anonymous-usage-stats", "--no-version-check"},
        .environment = {{"DBT_SEND_ANONYMOUS_USAGE_STATS", "false"},
                        {"DO_NOT_TRACK", "1"},
                        {"WEIR_CUT", std::to_string(cut.value)}},
        .folder = folder,
        .output = log,
        .timeout = options.timeout,
    };
    if (!options.variables.empty()) {
        child.arguments.insert(child.arguments.end(),
                               {"--vars", nlohmann::json(options.variables).dump()});
    }
    return child;
}

}  // namespace

Status DbtBuild::check() const {
    if (succeeded()) {
        return {};
    }
    const auto first = std::ranges::find_if(results.nodes, &NodeResult::failed);
    return fail(
        ErrorKind::invalid,
        "dbt built cut {} of project {}, but not everything holds: {} models failed, {} tests "
        "failed, {} nodes were skipped; see {}, first={}, status={}",
        cut.value, project, results.errors(), results.tests_failed(), results.skipped(),
        log.string(), first->id, first->status);
}

ledger::ModelsBuilt DbtBuild::entry() const {
    return {.cut = cut,
            .project = project,
            .succeeded = succeeded(),
            .models = results.models_built(),
            .tests_passed = results.tests_passed(),
            .tests_failed = results.tests_failed()};
}

Result<DbtRunner> DbtRunner::open(DbtOptions options) {
    TRY_LET(std::string name, project_name(options.project));
    TRY(store::create_folders(options.folder.string()));
    TRY(write_profile(options));
    return DbtRunner(std::move(options), std::move(name));
}

Result<DbtBuild> DbtRunner::build(ledger::CutNumber cut, const std::stop_token& stop) {
    const fs::path log = fs::absolute(options_.folder) / "dbt.log";
    std::error_code ignored;
    fs::remove(options_.folder / "target" / "run_results.json", ignored);
    TRY(run_child(child_of(options_, cut, log), stop).with("dbt build of " + project_));
    TRY_LET(RunResults results, read_results(log));
    return DbtBuild{.cut = cut, .project = project_, .results = std::move(results), .log = log};
}

Result<RunResults> DbtRunner::read_results(const fs::path& log) const {
    const fs::path file = options_.folder / "target" / "run_results.json";
    const auto text = read_text(file);
    if (text) {
        return parse_run_results(*text).with(file.string());
    }
    TRY_LET(const std::string said, read_text(log));
    if (said.contains("Could not set lock on file")) {
        return fail(ErrorKind::conflict,
                    "dbt cannot build project {}: another process holds the warehouse; stop it, or "
                    "ask the running weir by `weir query`, file={}",
                    project_, options_.warehouse.string());
    }
    return fail(ErrorKind::invalid, "dbt ended before it ran a model of project {}; see {}",
                project_, log.string());
}

}  // namespace weir::models
