#include "columnar/stored_file.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace weir::columnar {
namespace {

constexpr std::uint64_t in_memory_bytes_max = 32 << 20;
constexpr std::uint64_t range_bytes = 4 << 20;

/// Reads an object by ranges, each read a call to the store.
class RangeFile final : public arrow::io::RandomAccessFile {
public:
    RangeFile(const store::ObjectStore& store, std::string key, std::uint64_t bytes)
        : store_(store), key_(std::move(key)), bytes_(static_cast<std::int64_t>(bytes)) {
        set_mode(arrow::io::FileMode::READ);
    }

    arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position,
                                                         std::int64_t size) override {
        if (position < 0 || size < 0) {
            return arrow::Status::Invalid("a range begins before the object");
        }
        auto range = store_.read_range(key_, static_cast<std::uint64_t>(position),
                                       static_cast<std::uint64_t>(size));
        if (!range) {
            return arrow::Status::IOError(range.error().to_string());
        }
        return arrow::Buffer::FromVector(*std::move(range));
    }
    arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t size,
                                       void* out) override {
        ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadAt(position, size));
        std::memcpy(out, buffer->data(), static_cast<std::size_t>(buffer->size()));
        return buffer->size();
    }
    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
        ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(at_, size));
        at_ += buffer->size();
        return buffer;
    }
    arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
        ARROW_ASSIGN_OR_RAISE(const std::int64_t read, ReadAt(at_, size, out));
        at_ += read;
        return read;
    }
    arrow::Result<std::int64_t> GetSize() override { return bytes_; }
    arrow::Result<std::int64_t> Tell() const override { return at_; }
    arrow::Status Seek(std::int64_t position) override {
        at_ = position;
        return arrow::Status::OK();
    }
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }

private:
    const store::ObjectStore& store_;
    std::string key_;
    std::int64_t bytes_;
    std::int64_t at_ = 0;
    bool closed_ = false;
};

Status verify(const StoredContent& content, std::uint64_t bytes, const Digest& sha256) {
    if (bytes != content.bytes || sha256 != content.sha256) {
        return fail(ErrorKind::corrupt,
                    "cannot read data file: its bytes are not those that the ledger names, key={}, "
                    "bytes={}, expected={}",
                    content.key, bytes, content.bytes);
    }
    return {};
}

/// The ledger names the object, so a missing one is damage and no ordinary `not_found`.
template <typename T>
Result<T> named_by_ledger(Result<T>&& read, const StoredContent& content) {
    if (!read && read.error().kind() == ErrorKind::not_found) {
        return fail(ErrorKind::corrupt,
                    "cannot read data file: the ledger names it and the store has it not, key={}",
                    content.key);
    }
    return std::move(read);
}

Status verify_by_ranges(const store::ObjectStore& store, const StoredContent& content) {
    Sha256 hash;
    std::uint64_t bytes = 0;
    while (true) {
        TRY_LET(const auto range,
                named_by_ledger(store.read_range(content.key, bytes, range_bytes), content));
        if (range.empty()) {
            break;
        }
        hash.update(range);
        bytes += range.size();
    }
    return verify(content, bytes, std::move(hash).finish());
}

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> open_bytes(std::vector<std::byte> bytes) {
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromVector(std::move(bytes)));
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_verified(const store::ObjectStore& store,
                                                                   const StoredContent& content) {
    if (content.bytes > in_memory_bytes_max) {
        TRY(verify_by_ranges(store, content));
        return std::make_shared<RangeFile>(store, content.key, content.bytes);
    }
    // One byte more than expected, so that an object that grew is seen.
    TRY_LET(auto bytes,
            named_by_ledger(store.read_range(content.key, 0, content.bytes + 1), content));
    TRY(verify(content, bytes.size(), sha256(bytes)));
    return open_bytes(std::move(bytes));
}

}  // namespace weir::columnar
