#include "store/sealed_file.h"

#include <algorithm>

#include "store/spool_sink.h"

namespace weir::store {
namespace {

constexpr std::size_t sealed_frame_bytes = frame_bytes + tag_bytes;

}  // namespace

Result<std::unique_ptr<SealedWriter>> SealedWriter::create(std::unique_ptr<ByteSink> sink,
                                                           const SealingKey& key) {
    TRY_LET(const SealedHeader header, new_sealed_header());
    TRY_LET(FrameCipher cipher, FrameCipher::create(key, header));
    TRY(sink->write(header));
    return std::make_unique<SealedWriter>(std::move(sink), std::move(cipher));
}

Result<std::unique_ptr<SealedWriter>> SealedWriter::create_file(const std::filesystem::path& path,
                                                                const SealingKey& key) {
    TRY_LET(auto sink, SpoolSink::create(path));
    return create(std::move(sink), key);
}

Status SealedWriter::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        if (plain_.size() == frame_bytes) {
            TRY(write_frame(false));
        }
        const auto part = bytes.first(std::min(bytes.size(), frame_bytes - plain_.size()));
        plain_.insert(plain_.end(), part.begin(), part.end());
        bytes = bytes.subspan(part.size());
    }
    return {};
}

Status SealedWriter::finish() {
    TRY(write_frame(true));
    return sink_->finish();
}

Status SealedWriter::write_frame(bool last) {
    sealed_.clear();
    TRY(cipher_.seal(plain_, number_++, last, sealed_));
    plain_.clear();
    return sink_->write(sealed_);
}

Result<std::unique_ptr<SealedReader>> SealedReader::open(std::unique_ptr<ByteSource> source,
                                                         const SealingKey& key) {
    SealedHeader header{};
    TRY_LET(const std::size_t count, source->read(header));
    if (count < header.size()) {
        return fail(ErrorKind::corrupt, "the sealed file was cut in its header, bytes={}", count);
    }
    TRY_LET(FrameCipher cipher, FrameCipher::create(key, header));
    return std::make_unique<SealedReader>(std::move(source), std::move(cipher));
}

Result<std::unique_ptr<SealedReader>> SealedReader::open_file(const std::filesystem::path& path,
                                                              const SealingKey& key) {
    TRY_LET(auto source, FileSource::open(path));
    return open(std::move(source), key).with(path.string());
}

Result<std::size_t> SealedReader::read(std::span<std::byte> bytes) {
    std::size_t total = 0;
    while (total < bytes.size()) {
        if (taken_ == plain_.size()) {
            if (ended_) {
                break;
            }
            TRY(next_frame());
        }
        const std::size_t count = std::min(bytes.size() - total, plain_.size() - taken_);
        std::copy_n(plain_.begin() + static_cast<std::ptrdiff_t>(taken_), count,
                    bytes.begin() + static_cast<std::ptrdiff_t>(total));
        taken_ += count;
        total += count;
    }
    return total;
}

Result<std::vector<std::byte>> SealedReader::read_all() {
    std::vector<std::byte> all;
    for (;;) {
        const std::size_t before = all.size();
        all.resize(before + frame_bytes);
        TRY_LET(const std::size_t count, read(std::span(all).subspan(before)));
        all.resize(before + count);
        if (count < frame_bytes) {
            return all;
        }
    }
}

Status SealedReader::next_frame() {
    // One byte beyond a full frame tells whether another one follows.
    const std::size_t held = ahead_.size();
    ahead_.resize(sealed_frame_bytes + 1);
    TRY_LET(const std::size_t count, source_->read(std::span(ahead_).subspan(held)));
    ahead_.resize(held + count);
    const bool last = ahead_.size() <= sealed_frame_bytes;
    const std::size_t size = std::min(ahead_.size(), sealed_frame_bytes);
    TRY_LET(plain_, cipher_.open(std::span(ahead_).first(size), number_++, last));
    taken_ = 0;
    ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(size));
    ended_ = last;
    return {};
}

}  // namespace weir::store
