#include "store/aws/profile.h"

#include <fstream>
#include <optional>
#include <string_view>

#include "base/ascii_text.h"

namespace weir::store::aws {
namespace {

/// Returns the profile that a line opens: "[name]", or "[profile name]" in the config file.
std::optional<std::string_view> opened_by(std::string_view line) {
    if (!line.starts_with('[') || line.find(']') == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view name = trimmed(line.substr(1, line.find(']') - 1));
    if (name.starts_with("profile ") || name.starts_with("profile\t")) {
        name = trimmed(name.substr(8));
    }
    return name;
}

/// Takes over one line of a profile. What is indented belongs to the setting before it.
void read_setting(const std::string& line, Profile& into) {
    const std::size_t equals = line.find('=');
    const bool nested = line.starts_with(' ') || line.starts_with('\t');
    if (equals == std::string::npos || nested || line.starts_with('#') || line.starts_with(';')) {
        return;
    }
    const std::string_view value = trimmed(std::string_view(line).substr(equals + 1));
    into[lower_case(trimmed(std::string_view(line).substr(0, equals)))] = value;
}

/// Returns whether the file has the profile.
bool read_file(const std::string& path, std::string_view profile, Profile& into) {
    std::ifstream file(path);
    bool inside = false;
    bool found = false;
    for (std::string line; std::getline(file, line);) {
        if (const auto opened = opened_by(line)) {
            inside = *opened == profile;
            found = found || inside;
        } else if (inside) {
            read_setting(line, into);
        }
    }
    return found;
}

}  // namespace

Result<Profile> read_profile(const Environment& environment) {
    const std::string home = environment("HOME").value_or("") + "/.aws/";
    const std::string config = environment("AWS_CONFIG_FILE").value_or(home + "config");
    const std::string credentials =
        environment("AWS_SHARED_CREDENTIALS_FILE").value_or(home + "credentials");
    const std::optional<std::string> named = environment("AWS_PROFILE");
    const std::string name = named.value_or("default");
    Profile profile;
    const bool configured = read_file(config, name, profile);
    const bool has_keys = read_file(credentials, name, profile);
    if (named && !configured && !has_keys) {
        return fail(ErrorKind::not_found,
                    "AWS_PROFILE names a profile that is in no file; correct it, or add the "
                    "profile, profile={}, files={}, {}",
                    name, config, credentials);
    }
    return profile;
}

}  // namespace weir::store::aws
