#include "store/aws/s3_address.h"

namespace weir::store::aws {
namespace {

std::string endpoint_of(const S3Options& options) {
    if (options.endpoint.empty()) {
        return fmt::format("https://s3.{}.amazonaws.com{}", options.region,
                           options.region.starts_with("cn-") ? ".cn" : "");
    }
    std::string endpoint = options.endpoint;
    while (endpoint.ends_with('/')) {
        endpoint.pop_back();
    }
    return endpoint;
}

/// No certificate of AWS covers a bucket whose name has a dot.
bool is_path_style(const S3Options& options) {
    return options.path_style.value_or(!options.endpoint.empty() || options.bucket.contains('.'));
}

std::string encode_path(std::string_view key) {
    std::string path;
    for (std::size_t begin = 0; begin <= key.size();) {
        const std::size_t end = std::min(key.find('/', begin), key.size());
        path += (begin == 0 ? "" : "/") + percent_encode(key.substr(begin, end - begin));
        begin = end + 1;
    }
    return path;
}

}  // namespace

S3Address::S3Address(const S3Options& options) : base_(endpoint_of(options)) {
    if (is_path_style(options)) {
        base_ += "/" + options.bucket;
    } else {
        base_.insert(base_.find("://") + 3, options.bucket + ".");
    }
}

std::string S3Address::url(std::string_view key,
                           const std::map<std::string, std::string>& query) const {
    std::string url = base_ + "/" + encode_path(key);
    char separator = '?';
    for (const auto& [name, value] : query) {
        url += fmt::format("{}{}={}", separator, percent_encode(name), percent_encode(value));
        separator = '&';
    }
    return url;
}

}  // namespace weir::store::aws
