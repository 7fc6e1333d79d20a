#pragma once

#include <string>
#include <vector>

#include "store/aws/s3_client.h"
#include "store/object_store.h"

namespace weir::store::aws {

/// Writes one object of an `S3Store`: a small one in one request, a larger one in parts, of which
/// one is in memory. The store outlives it.
class S3Sink final : public ByteSink {
public:
    S3Sink(S3Client& client, std::string key, std::string write_name)
        : client_(client), key_(std::move(key)), write_name_(std::move(write_name)) {}
    ~S3Sink() override;

    Status write(std::span<const std::byte> bytes) override;
    Status finish() override;

private:
    Status begin_upload();
    Status upload_part();
    Status complete();
    /// Finds out what an answer means that is no success.
    Status settle(bool may_be_done);
    S3Request request(std::string method) const;

    S3Client& client_;
    std::string key_;
    std::string write_name_;
    std::vector<std::byte> part_;
    std::string upload_id_;  // Empty while no upload is open.
    std::vector<UploadedPart> parts_;
};

}  // namespace weir::store::aws
