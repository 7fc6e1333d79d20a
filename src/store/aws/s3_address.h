#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/aws/s3_options.h"

namespace weir::store::aws {

/// Where a bucket is: how its objects' names become URLs. A value.
class S3Address {
public:
    /// `options` has its region by now.
    explicit S3Address(const S3Options& options);

    /// Writes the URL of an object (of the bucket, if `key` is empty) as a signature wants it.
    std::string url(std::string_view key, const std::map<std::string, std::string>& query) const;

private:
    std::string base_;  // Without a slash at its end.
};

}  // namespace weir::store::aws
