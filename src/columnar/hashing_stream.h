#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/sha256.h"
#include "store/object_store.h"

namespace weir::columnar {

/// Hands what Arrow writes to a `store::ByteSink`, counting and hashing it on the way. Arrow knows
/// only its own errors; the sink's first one is kept in `failure`. One thread at a time.
class HashingStream final : public arrow::io::OutputStream {
public:
    explicit HashingStream(std::unique_ptr<store::ByteSink> sink);

    using arrow::io::OutputStream::Write;
    arrow::Status Write(const void* data, std::int64_t size) override;
    arrow::Status Close() override;
    bool closed() const override { return closed_; }
    arrow::Result<std::int64_t> Tell() const override;

    std::uint64_t bytes() const { return bytes_; }
    const std::optional<Error>& failure() const { return failure_; }
    /// Drops the sink, unfinished; whatever is written from here on fails. A failed write does so.
    void abandon() { sink_.reset(); }
    /// Makes the object durable and returns the digest of its bytes. Once.
    Result<Digest> finish();

private:
    std::unique_ptr<store::ByteSink> sink_;  // Null once it was dropped.
    Sha256 hash_;
    std::uint64_t bytes_ = 0;
    std::optional<Error> failure_;
    bool closed_ = false;
};

}  // namespace weir::columnar
