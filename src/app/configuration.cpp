#include "app/configuration.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "app/yaml_reader.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds cut_interval_on_s3{15};  // Each cut is paid for by the request.

fs::path beside(const fs::path& file, const std::string& path) {
    return (file.parent_path() / path).lexically_normal();
}

Status read_source(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map,
            YamlMap::open(node, into.file.string(),
                          {"postgres", "tables", "exclude", "slot", "publication", "snapshot_only",
                           "snapshot_workers", "snapshot_hold", "lock_wait", "slot_wait",
                           "chunk_blocks", "look_for_tables"}));
    TRY(map.read("postgres", into.source_url));
    TRY(map.read("tables", into.tables));
    TRY(map.read("exclude", into.exclude));
    TRY(map.read("slot", into.slot));
    TRY(map.read("publication", into.publication));
    TRY(map.read("snapshot_only", into.snapshot_only));
    TRY(map.read("snapshot_workers", into.snapshot_workers));
    TRY(map.read("snapshot_hold", into.snapshot_hold));
    TRY(map.read("lock_wait", into.lock_wait));
    TRY(map.read("slot_wait", into.slot_wait));
    TRY(map.read("chunk_blocks", into.chunk_blocks));
    TRY(map.read("look_for_tables", into.look_for_tables));
    if (into.source_url.empty() || into.tables.empty()) {
        return fail_at(node, into.file.string(), "`source` needs `postgres` and `tables`");
    }
    auto url = resolve_secret(into.source_url);
    if (!url) {
        return std::unexpected(
            std::move(url).error().with(fmt::format("{}: source.postgres", into.file.string())));
    }
    into.source_url = *std::move(url);
    return {};
}

Status read_cut(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map, YamlMap::open(node, into.file.string(), {"interval", "max_bytes"}));
    TRY(map.read("interval", into.cut_interval));
    return map.read_bytes("max_bytes", into.cut_bytes_max);
}

/// What `sse` may say.
Result<store::aws::ServerEncryption> read_encryption(const YamlMap& map, const std::string& file) {
    using store::aws::ServerEncryption;
    std::string text = "none";
    TRY(map.read("sse", text));
    for (const auto& [name, encryption] : {std::pair("none", ServerEncryption::none),
                                           {"s3", ServerEncryption::s3},
                                           {"kms", ServerEncryption::kms}}) {
        if (text == name) {
            return encryption;
        }
    }
    return fail_at(map.at("sse"), file, "`sse` is none, s3 or kms");
}

Status read_s3(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map, YamlMap::open(node, into.file.string(),
                                             {"endpoint", "region", "path_style", "sse", "kms_key",
                                              "ca_file", "proxy"}));
    TRY(map.read("endpoint", into.s3.endpoint));
    TRY(map.read("region", into.s3.region));
    TRY(map.read("kms_key", into.s3.kms_key));
    TRY(map.read("proxy", into.s3.http.proxy));
    TRY_LET(into.s3.http.proxy, resolve_secret(into.s3.http.proxy));
    TRY_LET(into.s3.encryption, read_encryption(map, into.file.string()));
    if (map.has("ca_file")) {
        std::string file;
        TRY(map.read("ca_file", file));
        into.s3.http.ca_file = beside(into.file, file).string();
    }
    if (map.has("path_style")) {
        bool path_style = false;
        TRY(map.read("path_style", path_style));
        into.s3.path_style = path_style;
    }
    return {};
}

/// Where the objects are, and where everything else is.
Status read_places(const YamlMap& map, Configuration& into) {
    std::string store = "weir-data";
    TRY(map.read("store", store));
    if (store.starts_with("s3:")) {
        auto options = store::aws::parse_s3_url(store);
        if (!options) {
            return fail_at(map.at("store"), into.file.string(), options.error().message());
        }
        into.s3 = *std::move(options);
        into.store = store;
        into.state = beside(into.file, ".weir/" + into.pipeline);
        into.cut_interval = cut_interval_on_s3;
    } else {
        into.keep_in(beside(into.file, store));
    }
    if (map.has("state")) {
        std::string state;
        TRY(map.read("state", state));
        into.state = beside(into.file, state);
    }
    return {};
}

Status read_refine(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map, YamlMap::open(node, into.file.string(), {"types"}));
    for (const auto& entry : map.at("types")) {
        if (!entry.second.IsScalar()) {
            return fail_at(entry.second, into.file.string(), "a declared type is a text");
        }
        if (const Status right = into.declared_types.declare(entry.first.as<std::string>(),
                                                             entry.second.as<std::string>());
            !right) {
            return fail_at(entry.second, into.file.string(), right.error().message());
        }
    }
    return {};
}

Status read_models(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map,
            YamlMap::open(node, into.file.string(), {"project", "dbt", "every"}));
    TRY(map.read("project", into.models_project));
    TRY(map.read("dbt", into.dbt));
    return map.read("every", into.models_every);
}

Status read_quality(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map, YamlMap::open(node, into.file.string(), {"suites"}));
    std::vector<std::string> suites;
    TRY(map.read("suites", suites));
    for (const std::string& suite : suites) {
        into.suites.push_back(beside(into.file, suite));
    }
    return {};
}

Status read_encryption(const YAML::Node& node, Configuration& into) {
    TRY_LET(const YamlMap map, YamlMap::open(node, into.file.string(), {"keyring"}));
    if (!map.has("keyring")) {
        return fail_at(node, into.file.string(), "`encryption` names no `keyring`");
    }
    std::string keyring;
    TRY(map.read("keyring", keyring));
    into.keyring = beside(into.file, keyring);
    return {};
}

Status read_tags(const YAML::Node& node, Configuration& into) {
    if (!node.IsMap()) {
        return fail_at(node, into.file.string(), "`tags` is a map of columns to lists of tags");
    }
    for (const auto& entry : node) {
        if (!entry.second.IsSequence()) {
            return fail_at(entry.second, into.file.string(), "a column's tags are a list");
        }
        auto& tags = into.tags[entry.first.as<std::string>()];
        for (const YAML::Node& tag : entry.second) {
            tags.push_back(tag.as<std::string>());
        }
    }
    return {};
}

using ReadPart = Status (*)(const YAML::Node&, Configuration&);

Status read_parts(const YamlMap& map, Configuration& into) {
    constexpr std::pair<const char*, ReadPart> parts[] = {
        {"source", read_source},         {"cut", read_cut},
        {"refine", read_refine},         {"models", read_models},
        {"quality", read_quality},       {"tags", read_tags},
        {"encryption", read_encryption}, {"s3", read_s3}};
    for (const auto& [name, read_part] : parts) {
        if (map.has(name)) {
            TRY(read_part(map.at(name), into));
        }
    }
    return {};
}

Result<Configuration> read_document(const YAML::Node& document, const fs::path& file) {
    Configuration into;
    into.file = file;
    TRY_LET(const YamlMap map,
            YamlMap::open(document, file.string(),
                          {"version", "pipeline", "source", "store", "state", "s3", "cut", "refine",
                           "models", "quality", "tags", "encryption", "allow_plaintext"}));
    std::uint64_t version = 0;
    TRY(map.read("version", version));
    if (version != 1) {
        return fail_at(document, file.string(), "`version: 1` is missing, or another version");
    }
    TRY(map.read("pipeline", into.pipeline));
    into.slot = into.publication = "weir_" + into.pipeline;
    TRY(read_places(map, into));
    TRY(map.read("allow_plaintext", into.allow_plaintext));
    TRY(read_parts(map, into));
    if (!map.has("source")) {
        return fail_at(document, file.string(), "`source` is missing");
    }
    return into;
}

}  // namespace

void Configuration::keep_in(const fs::path& folder) {
    store = folder.string();
    state = folder;
    s3 = {};
}

Result<Configuration> parse_configuration(std::string_view text, const fs::path& file) {
    try {
        return read_document(YAML::Load(std::string(text)), file);
    } catch (const YAML::Exception& error) {
        return fail(ErrorKind::invalid, "{}:{}:{}: {}", file.string(), error.mark.line + 1,
                    error.mark.column + 1, error.msg);
    }
}

Result<Configuration> read_configuration(const fs::path& file) {
    std::ifstream stream(file);
    if (!stream) {
        return fail(ErrorKind::not_found,
                    "cannot read the configuration; write one with `weir init`, file={}",
                    file.string());
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return parse_configuration(text, fs::absolute(file));
}

}  // namespace weir::app
