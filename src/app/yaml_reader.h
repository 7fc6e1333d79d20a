#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::app {

/// Makes an `invalid` error that names the place of a node: "weir.yaml:3:5: ...".
std::unexpected<Error> fail_at(const YAML::Node& node, const std::string& file,
                               const std::string& message);

/// A map of `weir.yaml` whose keys are known. The nodes live as long as the document.
class YamlMap {
public:
    /// Fails with `invalid` if `node` is no map, or has a key outside `keys` or one twice.
    static Result<YamlMap> open(const YAML::Node& node, const std::string& file,
                                std::initializer_list<std::string_view> keys);

    bool has(const std::string& key) const { return static_cast<bool>(node_[key]); }
    YAML::Node at(const std::string& key) const { return node_[key]; }

    // Each leaves `value` as it is if the key is absent, and fails with `invalid` on another form.
    Status read(const std::string& key, std::string& value) const;
    Status read(const std::string& key, bool& value) const;
    Status read(const std::string& key, std::uint64_t& value) const;
    Status read(const std::string& key, std::vector<std::string>& value) const;
    /// Reads "250ms", "1s", "5m".
    Status read(const std::string& key, std::chrono::milliseconds& value) const;
    /// Reads "64MiB", "16KiB", "1GiB", "1024".
    Status read_bytes(const std::string& key, std::uint64_t& value) const;

private:
    YamlMap(const YAML::Node& node, std::string file) : node_(node), file_(std::move(file)) {}

    YAML::Node node_;
    std::string file_;
};

/// Replaces `${NAME}` by the environment's value and a leading `file:` by the named file's first
/// line. Fails with `not_found`, naming the variable or file, never a value.
Result<std::string> resolve_secret(const std::string& text);

}  // namespace weir::app
