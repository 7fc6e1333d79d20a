#include "app/yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <span>

namespace weir::app {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

/// Reads a number with one of `units` after it.
std::optional<std::uint64_t> with_unit(std::string_view text, std::span<const Unit> units) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        if (error == std::errc() && rest == unit.name) {
            return number * unit.factor;
        }
    }
    return std::nullopt;
}

}  // namespace

std::unexpected<Error> fail_at(const YAML::Node& node, const std::string& file,
                               const std::string& message) {
    const YAML::Mark mark = node.Mark();
    return fail(ErrorKind::invalid, "{}:{}:{}: {}", file, mark.line + 1, mark.column + 1, message);
}

Result<YamlMap> YamlMap::open(const YAML::Node& node, const std::string& file,
                              std::initializer_list<std::string_view> keys) {
    if (!node.IsMap()) {
        return fail_at(node, file, "a map of names and values is expected here");
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
        const auto key = entry.first.as<std::string>();
        if (std::ranges::find(keys, key) == keys.end()) {
            return fail_at(
                entry.first, file,
                fmt::format("unknown name `{}`; known here: {}", key, fmt::join(keys, ", ")));
        }
        if (!seen.insert(key).second) {
            return fail_at(entry.first, file, fmt::format("`{}` stands here twice", key));
        }
    }
    return YamlMap(node, file);
}

Status YamlMap::read(const std::string& key, std::string& value) const {
    if (!has(key)) {
        return {};
    }
    if (!at(key).IsScalar()) {
        return fail_at(at(key), file_, fmt::format("`{}` is a text", key));
    }
    value = at(key).as<std::string>();
    return {};
}

Status YamlMap::read(const std::string& key, bool& value) const {
    if (has(key) && !YAML::convert<bool>::decode(at(key), value)) {
        return fail_at(at(key), file_, fmt::format("`{}` is true or false", key));
    }
    return {};
}

Status YamlMap::read(const std::string& key, std::uint64_t& value) const {
    if (has(key) && (!YAML::convert<std::uint64_t>::decode(at(key), value) || value == 0)) {
        return fail_at(at(key), file_, fmt::format("`{}` is a whole number above 0", key));
    }
    return {};
}

Status YamlMap::read(const std::string& key, std::vector<std::string>& value) const {
    if (!has(key)) {
        return {};
    }
    if (!at(key).IsSequence()) {
        return fail_at(at(key), file_, fmt::format("`{}` is a list: [one, two]", key));
    }
    value.clear();
    for (const YAML::Node& item : at(key)) {
        if (!item.IsScalar()) {
            return fail_at(item, file_, fmt::format("`{}` is a list of texts", key));
        }
        value.push_back(item.as<std::string>());
    }
    return {};
}

Status YamlMap::read(const std::string& key, std::chrono::milliseconds& value) const {
    constexpr std::array units{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                               Unit{"h", 3'600'000}};
    std::string text;
    TRY(read(key, text));
    if (text.empty()) {
        return {};
    }
    const auto number = with_unit(text, units);
    if (!number) {
        return fail_at(at(key), file_,
                       fmt::format("`{}` is a time with its unit: 250ms, 1s, 5m, 1h", key));
    }
    value = std::chrono::milliseconds(*number);
    return {};
}

Status YamlMap::read_bytes(const std::string& key, std::uint64_t& value) const {
    constexpr std::array units{Unit{"", 1}, Unit{"KiB", 1U << 10U}, Unit{"MiB", 1U << 20U},
                               Unit{"GiB", 1U << 30U}};
    std::string text;
    TRY(read(key, text));
    if (text.empty()) {
        return {};
    }
    const auto number = with_unit(text, units);
    if (!number || *number == 0) {
        return fail_at(at(key), file_,
                       fmt::format("`{}` is a size with its unit: 16KiB, 64MiB, 1GiB", key));
    }
    value = *number;
    return {};
}

Result<std::string> resolve_secret(const std::string& text) {
    if (text.starts_with("file:")) {
        std::ifstream file(text.substr(5));
        std::string line;
        if (!std::getline(file, line)) {
            return fail(ErrorKind::not_found, "cannot read the file of a setting, path={}",
                        text.substr(5));
        }
        return line;
    }
    std::string resolved;
    std::string_view rest = text;
    for (std::size_t begin = rest.find("${"); begin != std::string_view::npos;
         begin = rest.find("${")) {
        const std::size_t end = rest.find('}', begin);
        if (end == std::string_view::npos) {
            return fail(ErrorKind::invalid, "a `${{` of a setting has no closing `}}`");
        }
        const std::string name(rest.substr(begin + 2, end - begin - 2));
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) {
            return fail(ErrorKind::not_found,
                        "a setting names a variable that the environment lacks, variable={}", name);
        }
        resolved += std::string(rest.substr(0, begin)) + value;
        rest.remove_prefix(end + 1);
    }
    return resolved + std::string(rest);
}

}  // namespace weir::app
