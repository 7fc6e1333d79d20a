#include "columnar/hashing_stream.h"

#include <arrow/result.h>

#include <span>
#include <utility>

namespace weir::columnar {

HashingStream::HashingStream(std::unique_ptr<store::ByteSink> sink) : sink_(std::move(sink)) {
    set_mode(arrow::io::FileMode::WRITE);
}

arrow::Status HashingStream::Write(const void* data, std::int64_t size) {
    if (!sink_) {
        return arrow::Status::IOError("the byte sink is gone");
    }
    const std::span bytes(static_cast<const std::byte*>(data), static_cast<std::size_t>(size));
    if (auto written = sink_->write(bytes); !written) {
        failure_ = std::move(written).error();
        abandon();
        return arrow::Status::IOError("the byte sink refused a write");
    }
    hash_.update(bytes);
    bytes_ += bytes.size();
    return arrow::Status::OK();
}

arrow::Status HashingStream::Close() {
    closed_ = true;
    return arrow::Status::OK();
}

arrow::Result<std::int64_t> HashingStream::Tell() const {
    return static_cast<std::int64_t>(bytes_);
}

Result<Digest> HashingStream::finish() {
    TRY(sink_->finish());
    return std::move(hash_).finish();
}

}  // namespace weir::columnar
