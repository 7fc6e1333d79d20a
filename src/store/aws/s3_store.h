#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/aws/s3_client.h"
#include "store/object_store.h"

namespace weir::store::aws {

/// Objects in a bucket of S3, or of a server that speaks its protocol, below a prefix
/// (docs/s3.md). A version is the ETag: a state is its bytes, and no reader takes it for a hash.
///
/// A write carries a name of its own in its metadata (`x-amz-meta-weir-write`). When its answer
/// was lost, the object is asked whose it is; what cannot be found out is `in_doubt`.
class S3Store final : public ObjectStore {
public:
    /// Looks at the bucket, and aborts uploads of dead processes. Fails with what must be mended:
    /// `denied`, `invalid`. `clock` outlives it.
    static Result<std::unique_ptr<S3Store>> open(S3Options options, const Environment& environment,
                                                 const Clock& clock,
                                                 std::unique_ptr<Patience> patience);

    Result<VersionedBytes> read(std::string_view key) const override;
    Result<std::vector<std::byte>> read_range(std::string_view key, std::uint64_t offset,
                                              std::uint64_t size) const override;
    Result<ObjectInfo> stat(std::string_view key) const override;
    Result<std::unique_ptr<ByteSink>> create(std::string key) override;
    Result<Version> replace(std::string_view key, const std::optional<Version>& expected,
                            std::span<const std::byte> bytes) override;
    Status remove(std::string_view key) override;
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) const override;

private:
    explicit S3Store(std::unique_ptr<S3Client> client) : client_(std::move(client)) {}

    Status abort_leftovers() const;
    Result<ListedPage> list_page(std::string_view prefix, const std::optional<std::string>& from,
                                 std::size_t keys_max) const;

    std::unique_ptr<S3Client> client_;
};

}  // namespace weir::store::aws
