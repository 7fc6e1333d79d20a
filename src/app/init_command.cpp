#include <fmt/format.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/pipeline.h"
#include "app/protection.h"
#include "app/yaml_reader.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/ddl_trigger.h"
#include "capture/postgres/grants.h"
#include "capture/postgres/preflight.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/table_discovery.h"
#include "store/conditional_write_probe.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;
using capture::postgres::Connection;
using capture::postgres::Finding;
using capture::postgres::TableDiscovery;

/// What a part of a column's name says about its content (45 CFR 164.514(b)(2)).
struct TagRule {
    std::string_view part;
    std::string_view tag;
};
constexpr std::array tag_rules{
    TagRule{"ssn", "phi.ssn"},
    TagRule{"birth", "phi.date.birth"},
    TagRule{"dob", "phi.date.birth"},
    TagRule{"death", "phi.date.death"},
    TagRule{"first_name", "phi.name"},
    TagRule{"last_name", "phi.name"},
    TagRule{"member_id", "phi.member_id"},
    TagRule{"subscriber", "phi.member_id"},
    TagRule{"address", "phi.geo.street"},
    TagRule{"street", "phi.geo.street"},
    TagRule{"city", "phi.geo.city"},
    TagRule{"zip", "phi.geo.zip5"},
    TagRule{"phone", "phi.phone"},
    TagRule{"fax", "phi.fax"},
    TagRule{"email", "phi.email"},
    TagRule{"note", "free_text"},
    TagRule{"attachment", "free_text"},
    TagRule{"claim_id", "phi.unique"},
    TagRule{"npi", "pii.provider"},
    TagRule{"mrn", "phi.mrn"},
};

std::string_view proposed_tag(std::string_view column) {
    for (const TagRule& rule : tag_rules) {
        if (column.find(rule.part) != std::string_view::npos) {
            return rule.tag;
        }
    }
    return "";
}

Result<std::vector<std::string>> own_schemas(Connection& connection) {
    TRY_LET(const auto rows,
            connection.query(
                "SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid "
                "= c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' "
                "AND n.nspname <> 'information_schema' ORDER BY 1"));
    std::vector<std::string> patterns;
    patterns.reserve(rows.size());
    for (const auto& row : rows) {
        patterns.push_back(*row[0] + ".*");
    }
    if (patterns.empty()) {
        return fail(ErrorKind::not_found, "the database has no tables; name another in the URL");
    }
    return patterns;
}

/// Quotes for YAML: single quotes, doubled inside.
std::string yaml_text(std::string_view text) {
    std::string quoted = "'";
    for (const char letter : text) {
        quoted += letter;
        if (letter == '\'') {
            quoted += letter;
        }
    }
    return quoted + "'";
}

Result<std::string> proposed_tags(Connection& connection, const std::vector<std::string>& tables) {
    TableDiscovery discovery(connection);
    TRY_LET(const auto names, discovery.find_tables(tables));
    std::string text;
    TRY_LET(const auto described, discovery.describe_all(names));
    for (const auto& table : described.tables) {
        for (const catalog::Column& column : table.contract->columns) {
            if (const auto tag = proposed_tag(column.name); !tag.empty()) {
                text += fmt::format(
                    "  {}: [{}]\n",
                    yaml_text(fmt::format("{}.{}", table.contract->name.to_string(), column.name)),
                    tag);
            }
        }
    }
    return text;
}

/// The settings of a bucket as a section of weir.yaml; empty if there are none.
Result<std::string> s3_text(const std::vector<std::string>& settings) {
    std::string text;
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos) {
            return fail(ErrorKind::invalid,
                        "a setting of --s3 is NAME=VALUE, such as region=eu-west-1");
        }
        const std::string value = setting.substr(equals + 1);
        text += fmt::format("{}{}: {}", text.empty() ? "s3: {" : ", ", setting.substr(0, equals),
                            value == "true" || value == "false" ? value : yaml_text(value));
    }
    return text.empty() ? text : text + "}\n";
}

Result<std::string> configuration_text(Connection& connection, const InitOptions& options,
                                       const std::vector<std::string>& tables) {
    std::string text = fmt::format(
        "# Written by `weir init`. What each name means: docs/architecture.md.\nversion: 1\n"
        "pipeline: {}\nsource:\n  postgres: {}\n  tables: [",
        options.pipeline, yaml_text(options.url));
    for (const std::string& pattern : tables) {
        text += (pattern == tables.front() ? "" : ", ") + yaml_text(pattern);
    }
    TRY_LET(const std::string s3, s3_text(options.s3));
    text += fmt::format(
        "]\n{}store: {}\n{}cut: {{interval: {}, max_bytes: 64MiB}}\n"
        "# models: {{project: claims, every: 60s}}   # a dbt project: the shipped one, or a "
        "folder\n# quality: {{suites: [suite.json]}}      # in Great Expectations' JSON\n",
        options.snapshot_only ? "  snapshot_only: true\n" : "", yaml_text(options.store), s3,
        options.store.starts_with("s3:") ? "15s" : "1s");
    TRY_LET(const std::string tags, proposed_tags(connection, tables));
    if (!tags.empty()) {
        text +=
            "# Proposed from the names of columns; look at them. Masking by tag comes later: for "
            "now everything\n# that weir writes is as readable as the source.\ntags:\n" +
            tags;
    }
    return text;
}

Status write_new_file(const fs::path& file, const std::string& text) {
    if (fs::exists(file)) {
        return fail(ErrorKind::already_exists,
                    "there is a configuration already; remove it or name another with --config, "
                    "file={}",
                    file.string());
    }
    std::ofstream stream(file);
    stream << text;
    stream.close();
    if (!stream) {
        return fail(ErrorKind::unavailable, "cannot write the configuration, file={}",
                    file.string());
    }
    return {};
}

Status report_findings(Report& report, const std::vector<Finding>& findings,
                       std::string_view not_ready) {
    std::size_t errors = 0;
    nlohmann::json list = nlohmann::json::array();
    for (const Finding& finding : findings) {
        const bool is_error = finding.severity == Finding::Severity::error;
        errors += is_error ? 1 : 0;
        report.line(fmt::format("{} {}: {}\n        {}", is_error ? "error  " : "warning",
                                finding.object, finding.message, finding.remedy));
        list.push_back({{"severity", is_error ? "error" : "warning"},
                        {"object", finding.object},
                        {"message", finding.message},
                        {"remedy", finding.remedy}});
    }
    if (errors > 0) {
        report.result({{"ready", false}, {"findings", list}});
        return fail(ErrorKind::invalid, "{}, errors={}", not_ready, errors);
    }
    report.line("ready");
    report.result({{"ready", true}, {"findings", list}});
    return {};
}

Finding protection_finding(const Configuration& configuration) {
    if (const Status allowed = check_plaintext(configuration); !allowed) {
        return {.object = "store",
                .message = allowed.error().message(),
                .remedy = "allow_plaintext: true in weir.yaml"};
    }
    return {.severity = Finding::Severity::warning,
            .object = "store",
            .message = "landing, processing and warehouse are not encrypted by this release",
            .remedy = "keep the store on an encrypted disk"};
}

/// Races for objects of the store, as its writers may one day.
Result<std::vector<Finding>> check_store(const Configuration& configuration) {
    constexpr store::ProbeOptions thorough{
        .rounds = 10, .writers = 10, .large_bytes = (8U << 20U) + 1};
    const SystemClock clock;
    TRY_LET(const auto store, open_store(configuration, clock));
    const Status probed = store::probe_conditional_writes(*store, thorough);
    if (!probed && probed.error().kind() == ErrorKind::invalid) {
        return std::vector{Finding{.object = configuration.store,
                                   .message = probed.error().message(),
                                   .remedy = "another store in weir.yaml; docs/s3.md"}};
    }
    TRY(probed);
    return std::vector<Finding>{};
}

Status print_grants(Report& report, Connection& connection, const InitOptions& options,
                    const std::vector<std::string>& tables) {
    const capture::postgres::PostgresOptions wanted{
        .url = options.url, .tables = tables, .publication = "weir_" + options.pipeline};
    TRY_LET(auto statements, capture::postgres::grant_statements(connection, options.role, wanted,
                                                                 options.snapshot_only));
    if (options.ddl_trigger) {
        const auto trigger =
            capture::postgres::create_ddl_trigger_statements(connection, wanted.publication);
        statements.insert(statements.end(), trigger.begin(), trigger.end());
    }
    for (const std::string& statement : statements) {
        report.line(statement + ";");
    }
    report.result({{"statements", statements}});
    return {};
}

/// Makes the trigger for a pipeline that is there already.
Status add_ddl_trigger(CommandContext& context, Connection& connection) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY(capture::postgres::create_ddl_trigger(connection, configuration.publication));
    context.report.line(
        fmt::format("made the DDL trigger {}; {} stays as it is, and a running weir sees the "
                    "trigger from its next start on",
                    configuration.publication, context.configuration.string()));
    context.report.result(
        {{"configuration", context.configuration.string()}, {"ddl_trigger", true}});
    return {};
}

/// What `weir drop` could not remove, since another role made it.
struct LeftBehind {
    bool publications = false;
    bool ddl_trigger = false;
};

/// Returns whether something has to be left to the role that made it.
Result<bool> is_left(const Status& dropped) {
    if (!dropped && dropped.error().kind() != ErrorKind::denied) {
        return std::unexpected(dropped.error());
    }
    return !dropped.has_value();
}

std::string kept_in(const Configuration& configuration) {
    return configuration.state == configuration.store
               ? configuration.store
               : configuration.store + " and " + configuration.state.string();
}

Status refuse_to_drop(const Configuration& configuration, const DropOptions& options) {
    return fail(
        ErrorKind::invalid,
        "this removes slot {}, publications {} and {}, the DDL trigger if there is one{}; say so "
        "with "
        "--yes",
        configuration.slot, configuration.publication,
        capture::postgres::append_publication(configuration.publication),
        options.keep_store ? "" : " and all that weir keeps in " + kept_in(configuration));
}

/// Says what is left, and by which statements its owner removes it.
void report_left(Report& report, const std::string& what,
                 const std::vector<std::string>& statements) {
    std::string text;
    for (const std::string& statement : statements) {
        text += (text.empty() ? "" : "; ") + statement;
    }
    report.line(fmt::format("{} another role, which may remove them: {}", what, text));
}

void report_dropped(Report& report, const Connection& connection,
                    const Configuration& configuration, const DropOptions& options,
                    const LeftBehind& left) {
    const std::string& publication = configuration.publication;
    report.line(fmt::format("dropped slot{}{}", left.publications ? "" : ", publications",
                            options.keep_store ? "" : ", store"));
    if (left.publications) {
        report_left(
            report, "the publications belong to",
            {fmt::format(
                "DROP PUBLICATION {}, {}", connection.quote_identifier(publication),
                connection.quote_identifier(capture::postgres::append_publication(publication)))});
    }
    if (left.ddl_trigger) {
        report_left(report, "the DDL trigger's event triggers, function and schema belong to",
                    capture::postgres::drop_ddl_trigger_statements(connection, publication));
    }
    report.result({{"dropped", true},
                   {"store_kept", options.keep_store},
                   {"publication_left", left.publications},
                   {"ddl_trigger_left", left.ddl_trigger}});
}

}  // namespace

Status init(CommandContext& context, const InitOptions& options) {
    TRY_LET(const std::string url, resolve_secret(options.url));
    TRY_LET(Connection connection, Connection::open(url));
    std::vector<std::string> tables = options.tables;
    if (tables.empty()) {
        TRY_LET(tables, own_schemas(connection));
    }
    if (options.print_grants) {
        return print_grants(context.report, connection, options, tables);
    }
    if (options.ddl_trigger && fs::exists(context.configuration)) {
        return add_ddl_trigger(context, connection);
    }
    TRY_LET(const std::string text, configuration_text(connection, options, tables));
    if (options.ddl_trigger) {
        TRY(capture::postgres::create_ddl_trigger(connection, "weir_" + options.pipeline));
    }
    TRY(write_new_file(context.configuration, text));
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    if (const Status created = Pipeline::create(configuration, clock); !created) {
        fs::remove(context.configuration);  // So that the same command may succeed later.
        return created;
    }
    context.report.line(
        fmt::format("wrote {}\nnext: weir check, then weir run", context.configuration.string()));
    context.report.result(
        {{"configuration", context.configuration.string()}, {"ddl_trigger", options.ddl_trigger}});
    return {};
}

Status check(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY_LET(Connection connection, Connection::open(configuration.source_url));
    std::vector<Finding> findings{protection_finding(configuration)};
    TRY_LET(const auto of_source,
            capture::postgres::check_source(connection, source_options(configuration),
                                            configuration.snapshot_only));
    findings.insert(findings.end(), of_source.begin(), of_source.end());
    TRY_LET(const auto of_store, check_store(configuration));
    findings.insert(findings.end(), of_store.begin(), of_store.end());
    return report_findings(context.report, findings,
                           of_store.empty() ? "the source is not ready" : "the store is not ready");
}

Status drop(CommandContext& context, const DropOptions& options) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    if (!options.yes) {
        return refuse_to_drop(configuration, options);
    }
    TRY(Pipeline::check_idle(configuration));
    TRY_LET(Connection connection, Connection::open(configuration.source_url));
    TRY(capture::postgres::drop_slot(connection, configuration.slot));
    LeftBehind left;
    TRY_LET(left.publications,
            is_left(capture::postgres::drop_publications(connection, configuration.publication)));
    TRY_LET(left.ddl_trigger,
            is_left(capture::postgres::drop_ddl_trigger(connection, configuration.publication)));
    if (!options.keep_store) {
        const SystemClock clock;
        TRY(Pipeline::remove(configuration, clock));
    }
    report_dropped(context.report, connection, configuration, options, left);
    return {};
}

}  // namespace weir::app
