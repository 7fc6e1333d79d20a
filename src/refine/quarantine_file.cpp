#include "refine/quarantine_file.h"

#include <utility>

#include "columnar/arrow_status.h"
#include "columnar/stored_file.h"
#include "store/byte_source.h"

namespace weir::refine {
namespace {

/// Passes bytes on, counting and hashing them.
class HashingSink final : public store::ByteSink {
public:
    HashingSink(std::unique_ptr<store::ByteSink> sink, std::shared_ptr<SealedObject> object)
        : sink_(std::move(sink)), object_(std::move(object)) {}

    Status write(std::span<const std::byte> bytes) override {
        hash_.update(bytes);
        object_->bytes += bytes.size();
        return sink_->write(bytes);
    }
    Status finish() override {
        object_->sha256 = std::move(hash_).finish();
        return sink_->finish();
    }

private:
    std::unique_ptr<store::ByteSink> sink_;
    std::shared_ptr<SealedObject> object_;
    Sha256 hash_;
};

/// Reads a verified object front to back.
class VerifiedSource final : public store::ByteSource {
public:
    explicit VerifiedSource(std::shared_ptr<arrow::io::RandomAccessFile> file)
        : file_(std::move(file)) {}

    Result<std::size_t> read(std::span<std::byte> bytes) override {
        TRY_LET(
            const std::int64_t read,
            columnar::from_arrow(file_->Read(static_cast<std::int64_t>(bytes.size()), bytes.data()),
                                 ErrorKind::unavailable));
        return static_cast<std::size_t>(read);
    }

private:
    std::shared_ptr<arrow::io::RandomAccessFile> file_;
};

}  // namespace

Result<std::unique_ptr<store::ByteSink>> create_sealed(store::ObjectStore& store, std::string key,
                                                       const store::SealingKey& sealing_key,
                                                       std::shared_ptr<SealedObject> object) {
    TRY_LET(auto sink, store.create(std::move(key)));
    return store::SealedWriter::create(
        std::make_unique<HashingSink>(std::move(sink), std::move(object)), sealing_key);
}

Result<columnar::ParquetReader> open_quarantine(const store::ObjectStore& store,
                                                const store::SealingKey& sealing_key,
                                                const ledger::DataFile& file, ledger::Epoch epoch) {
    const std::string key = ledger::sealed_key(file.path, epoch);
    TRY_LET(auto object, columnar::open_verified(
                             store, {.key = key, .bytes = file.bytes, .sha256 = file.sha256}));
    TRY_LET(const auto reader, store::SealedReader::open(
                                   std::make_unique<VerifiedSource>(std::move(object)), sealing_key)
                                   .with(key));
    TRY_LET(auto plain, reader->read_all().with(key));
    return columnar::ParquetReader::open(columnar::open_bytes(std::move(plain))).with(key);
}

}  // namespace weir::refine
