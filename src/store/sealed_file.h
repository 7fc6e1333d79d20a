#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/byte_source.h"
#include "store/object_store.h"
#include "store/sealed_frame.h"
#include "store/sealing_key.h"

namespace weir::store {

/// Seals a stream (docs/formats/sealed_file.md) on its way into a sink. Holds at most one frame of
/// 64 KiB. Dropped without `finish`, what it wrote does not open. One thread at a time.
class SealedWriter final : public ByteSink {
public:
    /// Seals into `sink`, such as that of `ObjectStore::create`.
    static Result<std::unique_ptr<SealedWriter>> create(std::unique_ptr<ByteSink> sink,
                                                        const SealingKey& key);
    /// Seals into a new local file that need not survive a crash (see `SpoolSink`).
    static Result<std::unique_ptr<SealedWriter>> create_file(const std::filesystem::path& path,
                                                             const SealingKey& key);

    SealedWriter(std::unique_ptr<ByteSink> sink, FrameCipher cipher)
        : sink_(std::move(sink)), cipher_(std::move(cipher)) {}
    Status write(std::span<const std::byte> bytes) override;
    /// Writes the last frame and finishes the sink.
    Status finish() override;

private:
    Status write_frame(bool last);

    std::unique_ptr<ByteSink> sink_;
    FrameCipher cipher_;
    std::vector<std::byte> plain_;   // Less than a frame, or a full one that may be the last.
    std::vector<std::byte> sealed_;  // Room for one sealed frame.
    std::uint64_t number_ = 0;
};

/// Opens a sealed stream, front to back. Every byte it gives was verified; that nothing is missing
/// at the end is known once `read` has returned 0. One thread at a time.
class SealedReader final : public ByteSource {
public:
    /// Fails with `corrupt`, `unsupported`, and as `source` does.
    static Result<std::unique_ptr<SealedReader>> open(std::unique_ptr<ByteSource> source,
                                                      const SealingKey& key);
    static Result<std::unique_ptr<SealedReader>> open_file(const std::filesystem::path& path,
                                                           const SealingKey& key);

    SealedReader(std::unique_ptr<ByteSource> source, FrameCipher cipher)
        : source_(std::move(source)), cipher_(std::move(cipher)) {}
    /// Fills `bytes`; returns less than its size only at the end. Fails with `corrupt`.
    Result<std::size_t> read(std::span<std::byte> bytes) override;
    /// Returns all that is left.
    Result<std::vector<std::byte>> read_all();

private:
    Status next_frame();

    std::unique_ptr<ByteSource> source_;
    FrameCipher cipher_;
    std::vector<std::byte> ahead_;  // Sealed bytes read beyond the frame: they say if it is last.
    std::vector<std::byte> plain_;
    std::size_t taken_ = 0;  // Bytes of plain_ that were given away.
    std::uint64_t number_ = 0;
    bool ended_ = false;
};

}  // namespace weir::store
