#include "store/object_key.h"

#include <algorithm>

namespace weir::store {
namespace {

constexpr std::size_t part_bytes_max = 255;  // What file systems take.
constexpr std::size_t key_bytes_max = 1024;  // What S3 takes.

bool is_part(std::string_view part) {
    return !part.empty() && part != "." && part != ".." && part.size() <= part_bytes_max &&
           std::ranges::all_of(part, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Status check_key(std::string_view key) {
    const auto refuse = [key](std::string_view reason) {
        // A key may hold anything, so only its size is told.
        return fail(ErrorKind::invalid, "cannot use object key: {}, bytes={}", reason, key.size());
    };
    if (key.size() > key_bytes_max) {
        return refuse("it is longer than 1,024 bytes");
    }
    if (key == ".tmp" || key.starts_with(".tmp/")) {
        return refuse("its first part is .tmp");
    }
    for (std::string_view rest = key;;) {
        const std::size_t slash = rest.find('/');
        if (!is_part(rest.substr(0, slash))) {
            return refuse("a part is empty, a dot or two, too long, or not printable ASCII");
        }
        if (slash == std::string_view::npos) {
            return {};
        }
        rest.remove_prefix(slash + 1);
    }
}

}  // namespace weir::store
