#include "store/local_keyring.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <array>
#include <charconv>
#include <utility>

#include "base/line.h"
#include "base/sha256.h"
#include "store/file_lock.h"
#include "store/key_wrap.h"
#include "store/secret_file.h"

namespace weir::store {
namespace {

constexpr std::string_view first_line = "weir keyring v1";
constexpr std::string_view destroyed = "destroyed";

/// What a wrapped key is bound to besides the master key's bytes.
std::string context_of(std::string_view key_class, std::uint32_t version) {
    return fmt::format("weir key {} {}", key_class, version);
}

std::unexpected<Error> bad_line(std::size_t line, const std::string& path) {
    return fail(ErrorKind::corrupt,
                "cannot use keyring: a line is not `class version key`; restore it from its "
                "backup, line={}, path={}",
                line, path);
}

std::optional<std::uint32_t> parse_version(std::string_view text) {
    std::uint32_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && version > 0 ? std::optional(version) : std::nullopt;
}

/// Wipes the text of a keyring when it goes.
struct SecretText {
    SecretText() = default;
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() { OPENSSL_cleanse(text.data(), text.size()); }

    std::string text;
};

std::unexpected<Error> has_no_key(std::string_view key_class, std::uint32_t version,
                                  const std::string& path) {
    return fail(ErrorKind::denied,
                "cannot open data: the keyring has not its key; restore the keyring, or the key "
                "was destroyed and the data with it, class={}, version={}, path={}",
                key_class, version, path);
}

}  // namespace

Result<std::unique_ptr<LocalKeyring>> LocalKeyring::open(const std::filesystem::path& path) {
    std::unique_ptr<LocalKeyring> keyring(new LocalKeyring(path.string()));
    TRY(keyring->reload());
    return keyring;
}

Status LocalKeyring::reload() {
    SecretText file;
    auto read = read_secret_file(path_);
    if (!read && read.error().kind() == ErrorKind::not_found) {
        classes_.clear();
        return {};
    }
    TRY_LET(file.text, std::move(read));
    TRY_LET(classes_, parse(file.text, path_));
    return {};
}

Result<LocalKeyring::Classes> LocalKeyring::parse(std::string_view text, const std::string& path) {
    Classes classes;
    std::size_t number = 1;
    if (const auto line = take_line(text); !line || *line != first_line) {
        return fail(ErrorKind::corrupt,
                    "cannot use keyring: its first line is not `{}`; restore it from its backup, "
                    "path={}",
                    first_line, path);
    }
    while (!text.empty()) {
        ++number;
        const auto line = take_line(text);
        const std::size_t first = line ? line->find(' ') : std::string_view::npos;
        const std::size_t second =
            first == std::string_view::npos ? first : line->find(' ', first + 1);
        if (second == std::string_view::npos) {
            return bad_line(number, path);
        }
        const auto version = parse_version(line->substr(first + 1, second - first - 1));
        const std::string_view digits = line->substr(second + 1);
        auto key = SealingKey::from_hex(digits);
        if (!version || (!key && digits != destroyed)) {
            return bad_line(number, path);
        }
        classes[std::string(line->substr(0, first))].emplace(*version, std::move(key));
    }
    return classes;
}

std::string LocalKeyring::format(const Classes& classes) {
    std::string text = fmt::format("{}\n", first_line);
    for (const auto& [key_class, versions] : classes) {
        for (const auto& [version, key] : versions) {
            text += fmt::format("{} {} {}\n", key_class, version,
                                key ? to_hex(key->bytes()) : std::string(destroyed));
        }
    }
    return text;
}

template <typename Change>
auto LocalKeyring::update(const Change& change) -> decltype(change(std::declval<Classes&>())) {
    TRY_LET(const FileLock lock, FileLock::wait(path_ + ".lock"));
    TRY(reload());
    auto changed = change(classes_);
    if (!changed) {
        TRY(reload());
        return changed;
    }
    SecretText file;
    file.text = format(classes_);
    TRY(replace_secret_file(path_, file.text));
    return changed;
}

const LocalKeyring::Versions* LocalKeyring::versions_of(std::string_view key_class) const {
    const auto found = classes_.find(key_class);
    return found == classes_.end() ? nullptr : &found->second;
}

Result<std::uint32_t> LocalKeyring::newest(std::string_view key_class) {
    if (versions_of(key_class) == nullptr) {
        // Another process may make it at the same time: what the file has by then counts.
        TRY(update([&](Classes& classes) -> Status {
            Versions& versions = classes[std::string(key_class)];
            if (versions.empty()) {
                TRY_LET(versions[1], SealingKey::random());
            }
            return {};
        }));
    }
    return versions_of(key_class)->rbegin()->first;
}

Result<std::string> LocalKeyring::wrap(std::string_view key_class, const SealingKey& key) {
    TRY(check_key_class(key_class));
    const std::lock_guard lock(mutex_);
    TRY_LET(const std::uint32_t version, newest(key_class));
    const auto& master = versions_of(key_class)->at(version);
    if (!master) {
        return has_no_key(key_class, version, path_);
    }
    TRY_LET(const std::string wrapped, wrap_key(*master, context_of(key_class, version), key));
    return fmt::format("v{}:{}", version, wrapped);
}

Result<SealingKey> LocalKeyring::unwrap(std::string_view key_class, std::string_view wrapped) {
    const std::size_t colon = wrapped.find(':');
    const auto version = wrapped.starts_with('v') && colon != std::string_view::npos
                             ? parse_version(wrapped.substr(1, colon - 1))
                             : std::nullopt;
    if (!version) {
        return fail(ErrorKind::corrupt, "a wrapped key is not `v<version>:<base64>`, class={}",
                    key_class);
    }
    const std::lock_guard lock(mutex_);
    const auto has_key = [&] {
        const Versions* versions = versions_of(key_class);
        const auto found =
            versions == nullptr ? Versions::const_iterator() : versions->find(*version);
        return versions != nullptr && found != versions->end() && found->second.has_value();
    };
    if (!has_key()) {
        TRY(reload());  // Another process may have made it.
    }
    if (!has_key()) {
        return has_no_key(key_class, *version, path_);
    }
    return unwrap_key(*versions_of(key_class)->at(*version), context_of(key_class, *version),
                      wrapped.substr(colon + 1))
        .with(fmt::format("key of class {}", key_class));
}

Result<std::uint32_t> LocalKeyring::rotate(std::string_view key_class) {
    TRY(check_key_class(key_class));
    const std::lock_guard lock(mutex_);
    return update([&](Classes& classes) -> Result<std::uint32_t> {
        Versions& versions = classes[std::string(key_class)];
        const std::uint32_t version = versions.empty() ? 1 : versions.rbegin()->first + 1;
        TRY_LET(versions[version], SealingKey::random());
        return version;
    });
}

Status LocalKeyring::destroy(std::string_view key_class, std::uint32_t version) {
    const std::lock_guard lock(mutex_);
    return update([&](Classes& classes) -> Status {
        const auto found = classes.find(key_class);
        if (found == classes.end() || !found->second.contains(version)) {
            return fail(ErrorKind::not_found,
                        "cannot destroy key: the keyring has none such, class={}, version={}, "
                        "path={}",
                        key_class, version, path_);
        }
        found->second.at(version).reset();
        return {};
    });
}

}  // namespace weir::store
