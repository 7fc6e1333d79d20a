#include "store/aws/s3_options.h"

#include <algorithm>

#include "store/object_key.h"

namespace weir::store::aws {
namespace {

bool is_bucket(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, is_letter);
}

}  // namespace

Result<S3Options> parse_s3_url(std::string_view url) {
    constexpr std::string_view scheme = "s3://";
    std::string_view rest = url.starts_with(scheme) ? url.substr(scheme.size()) : "";
    while (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    S3Options options{.bucket = std::string(rest.substr(0, slash))};
    if (slash < rest.size()) {
        options.prefix = rest.substr(slash + 1);
    }
    if (!is_bucket(options.bucket) || (!options.prefix.empty() && !check_key(options.prefix))) {
        return fail(ErrorKind::invalid,
                    "a store on S3 is named s3://bucket/prefix: the bucket in lower-case letters, "
                    "digits, dots and hyphens, the prefix in printable ASCII");
    }
    return options;
}

}  // namespace weir::store::aws
