#include "capture/postgres/transaction_spool.h"

#include <cstring>
#include <utility>

namespace weir::capture::postgres {
namespace {

/// Precedes each message in a transaction's bytes.
struct Frame {
    std::uint32_t subtransaction;
    std::uint32_t bytes;
};

}  // namespace

struct TransactionSpool::Spooled {
    std::vector<std::byte> frames;
    std::set<std::uint32_t> aborted;
};

TransactionSpool::TransactionSpool(std::filesystem::path folder, std::uint64_t memory_bytes_max)
    : folder_(std::move(folder)), memory_bytes_max_(memory_bytes_max) {}

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
    for (std::span<const std::byte> rest = spooled->frames; !rest.empty();) {
        Frame frame;
        std::memcpy(&frame, rest.data(), sizeof(frame));
        if (!spooled->aborted.contains(frame.subtransaction)) {
            TRY(visit(rest.subspan(sizeof(frame), frame.bytes)));
        }
        rest = rest.subspan(sizeof(frame) + frame.bytes);
    }
    return {};
}

}  // namespace weir::capture::postgres
