#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/object_store.h"

namespace weir::landing {

/// Room for the bytes of files whose names are not known yet: memory up to a bound for all of them
/// together, and nameless files in `folder` beyond it, which vanish with the process
/// (docs/decisions/0010-cut-files-are-named-at-the-end.md). One thread at a time; outlives its
/// spills.
class SpillSpace {
public:
    SpillSpace(std::filesystem::path folder, std::uint64_t memory_bytes_max)
        : folder_(std::move(folder)), memory_bytes_left_(memory_bytes_max) {}

    const std::filesystem::path& folder() const { return folder_; }
    /// Returns false, and takes nothing, if so much memory is not left.
    bool take_memory(std::uint64_t bytes);
    void give_back_memory(std::uint64_t bytes) { memory_bytes_left_ += bytes; }

private:
    std::filesystem::path folder_;
    std::uint64_t memory_bytes_left_;
};

/// The bytes of one such file. One thread at a time.
class Spill {
public:
    explicit Spill(SpillSpace& space) : space_(space) {}
    Spill(const Spill&) = delete;
    Spill& operator=(const Spill&) = delete;
    ~Spill();

    Status append(std::span<const std::byte> bytes);
    /// Writes all bytes to `sink` and does not finish it.
    Status copy_to(store::ByteSink& sink) const;
    bool in_memory() const { return file_ < 0; }

private:
    Status open_file();
    Status append_to_file(std::span<const std::byte> bytes);

    SpillSpace& space_;
    std::vector<std::byte> memory_;  // Empty once there is a file.
    int file_ = -1;
    std::uint64_t file_bytes_ = 0;
};

/// Takes a file's bytes into a spill; to finish it makes nothing durable.
class SpillSink final : public store::ByteSink {
public:
    explicit SpillSink(std::shared_ptr<Spill> spill) : spill_(std::move(spill)) {}

    Status write(std::span<const std::byte> bytes) override { return spill_->append(bytes); }
    Status finish() override { return {}; }

private:
    std::shared_ptr<Spill> spill_;
};

}  // namespace weir::landing
