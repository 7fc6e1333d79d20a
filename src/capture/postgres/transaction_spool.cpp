#include "capture/postgres/transaction_spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "store/sealed_file.h"

namespace weir::capture::postgres {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".spool";

/// Precedes each message in a transaction's bytes.
struct Frame {
    std::uint32_t subtransaction;
    std::uint32_t bytes;
};

void remove_spool_files(const fs::path& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == suffix) {
            fs::remove(entry.path(), error);
        }
    }
}

}  // namespace

struct TransactionSpool::Spooled {
    Spooled() = default;
    Spooled(const Spooled&) = delete;
    Spooled& operator=(const Spooled&) = delete;
    ~Spooled() {
        std::error_code error;
        if (!file.empty()) {
            fs::remove(file, error);
        }
    }

    std::vector<std::byte> frames;  // What came after the bytes in the file.
    std::set<std::uint32_t> aborted;
    fs::path file;
    std::unique_ptr<store::SealedWriter> writer;
};

TransactionSpool::TransactionSpool(fs::path folder, std::uint64_t memory_bytes_max)
    : folder_(std::move(folder)), memory_bytes_max_(memory_bytes_max) {
    remove_spool_files(folder_);
}

TransactionSpool::~TransactionSpool() = default;

Status TransactionSpool::add(std::uint32_t transaction, std::uint32_t subtransaction,
                             std::span<const std::byte> message) {
    auto& spooled = transactions_[transaction];
    if (spooled == nullptr) {
        spooled = std::make_unique<Spooled>();
    }
    const Frame frame{.subtransaction = subtransaction,
                      .bytes = static_cast<std::uint32_t>(message.size())};
    const auto header = std::as_bytes(std::span(&frame, 1));
    spooled->frames.insert(spooled->frames.end(), header.begin(), header.end());
    spooled->frames.insert(spooled->frames.end(), message.begin(), message.end());
    memory_bytes_ += header.size() + message.size();
    return memory_bytes_ > memory_bytes_max_ ? spill_largest() : Status();
}

Status TransactionSpool::spill_largest() {
    const auto largest = std::ranges::max_element(
        transactions_, {}, [](const auto& entry) { return entry.second->frames.size(); });
    Spooled& spooled = *largest->second;
    if (spooled.writer == nullptr) {
        TRY(open_file(spooled).with("cannot spool a transaction"));
    }
    TRY(spooled.writer->write(spooled.frames).with("cannot spool a transaction"));
    memory_bytes_ -= spooled.frames.size();
    spooled.frames = {};
    return {};
}

Status TransactionSpool::open_file(Spooled& spooled) {
    if (!key_) {
        TRY_LET(key_, store::SealingKey::random());
    }
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) {
        return fail(ErrorKind::unavailable, "cannot make the spool's folder: {}, folder={}",
                    error.message(), folder_.string());
    }
    spooled.file = folder_ / fmt::format("{}{}", ++spilled_files_, suffix);
    TRY_LET(spooled.writer, store::SealedWriter::create_file(spooled.file, *key_));
    return {};
}

void TransactionSpool::abort(std::uint32_t transaction, std::uint32_t subtransaction) {
    const auto found = transactions_.find(transaction);
    if (found == transactions_.end()) {
        return;
    }
    if (transaction == subtransaction) {
        memory_bytes_ -= found->second->frames.size();
        transactions_.erase(found);
    } else {
        found->second->aborted.insert(subtransaction);
    }
}

Status TransactionSpool::replay(std::uint32_t transaction, const Visit& visit) {
    const auto found = transactions_.find(transaction);
    if (found == transactions_.end()) {
        return {};
    }
    const std::unique_ptr<Spooled> spooled = std::move(found->second);
    transactions_.erase(found);
    memory_bytes_ -= spooled->frames.size();
    if (spooled->writer != nullptr) {
        TRY(visit_file(*spooled, visit));
    }
    return visit_memory(*spooled, visit);
}

Status TransactionSpool::visit_memory(const Spooled& spooled, const Visit& visit) {
    for (std::span<const std::byte> rest = spooled.frames; !rest.empty();) {
        Frame frame;
        std::memcpy(&frame, rest.data(), sizeof(frame));
        if (!spooled.aborted.contains(frame.subtransaction)) {
            TRY(visit(rest.subspan(sizeof(frame), frame.bytes)));
        }
        rest = rest.subspan(sizeof(frame) + frame.bytes);
    }
    return {};
}

Status TransactionSpool::visit_file(Spooled& spooled, const Visit& visit) {
    TRY(spooled.writer->finish());
    TRY_LET(const auto reader, store::SealedReader::open_file(spooled.file, *key_));
    std::vector<std::byte> message;
    while (true) {
        Frame frame{};
        TRY_LET(const std::size_t header,
                reader->read(std::as_writable_bytes(std::span(&frame, 1))));
        if (header == 0) {
            return {};
        }
        message.resize(frame.bytes);
        TRY_LET(const std::size_t body, reader->read(message));
        if (header != sizeof(frame) || body != message.size()) {
            return fail(ErrorKind::corrupt, "a spool file ends in the middle of a message");
        }
        if (!spooled.aborted.contains(frame.subtransaction)) {
            TRY(visit(message));
        }
    }
}

}  // namespace weir::capture::postgres
