#include "landing/spill.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace weir::landing {
namespace {

constexpr std::size_t copy_bytes = 1 << 20;

std::unexpected<Error> system_failure(std::string_view task, const SpillSpace& space) {
    const std::error_code code(errno, std::generic_category());
    return fail(ErrorKind::unavailable,
                "cannot {} a spill file: {}; look at free space and rights, folder={}", task,
                code.message(), space.folder().string());
}

}  // namespace

bool SpillSpace::take_memory(std::uint64_t bytes) {
    if (bytes > memory_bytes_left_) {
        return false;
    }
    memory_bytes_left_ -= bytes;
    return true;
}

Spill::~Spill() {
    space_.give_back_memory(memory_.size());
    if (file_ >= 0) {
        ::close(file_);
    }
}

Status Spill::append(std::span<const std::byte> bytes) {
    if (in_memory() && space_.take_memory(bytes.size())) {
        memory_.insert(memory_.end(), bytes.begin(), bytes.end());
        return {};
    }
    if (in_memory()) {
        TRY(open_file());
    }
    return append_to_file(bytes);
}

Status Spill::open_file() {
    std::string name = (space_.folder() / "landing-XXXXXX").string();
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) {
        return system_failure("make", space_);
    }
    // Without a name from here on: nothing is left behind, however the process ends.
    ::unlink(name.c_str());
    TRY(append_to_file(memory_));
    space_.give_back_memory(memory_.size());
    memory_ = {};
    return {};
}

Status Spill::append_to_file(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return system_failure("write", space_);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        file_bytes_ += static_cast<std::uint64_t>(written);
    }
    return {};
}

Status Spill::copy_to(store::ByteSink& sink) const {
    if (in_memory()) {
        return sink.write(memory_);
    }
    std::vector<std::byte> piece(copy_bytes);
    for (std::uint64_t at = 0; at < file_bytes_;) {
        const ssize_t size = ::pread(file_, piece.data(), piece.size(), static_cast<off_t>(at));
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            return system_failure("read", space_);
        }
        TRY(sink.write(std::span(piece).first(static_cast<std::size_t>(size))));
        at += static_cast<std::uint64_t>(size);
    }
    return {};
}

}  // namespace weir::landing
