#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "store/sealing_key.h"

namespace weir::capture::postgres {

/// Keeps the messages of transactions that the server streams before they commit, each in its
/// order, within a budget of memory; what is beyond lies in files sealed with a key that dies with
/// the process. The folder belongs to one spool at a time, which empties it. One thread at a time.
class TransactionSpool {
public:
    using Visit = std::function<Status(std::span<const std::byte> message)>;

    TransactionSpool(std::filesystem::path folder, std::uint64_t memory_bytes_max);
    ~TransactionSpool();
    TransactionSpool(const TransactionSpool&) = delete;
    TransactionSpool& operator=(const TransactionSpool&) = delete;

    /// Fails with `unavailable` if the disk takes no more.
    Status add(std::uint32_t transaction, std::uint32_t subtransaction,
               std::span<const std::byte> message);
    /// Forgets what a subtransaction did; the transaction itself if both are the same.
    void abort(std::uint32_t transaction, std::uint32_t subtransaction);
    /// Visits the messages of a transaction in order, without those of aborted subtransactions, and
    /// forgets them. A visited message lives as long as its visit.
    Status replay(std::uint32_t transaction, const Visit& visit);

    bool empty() const { return transactions_.empty(); }
    std::uint64_t memory_bytes() const { return memory_bytes_; }
    std::uint64_t spilled_files() const { return spilled_files_; }

private:
    struct Spooled;

    Status spill_largest();
    Status open_file(Spooled& spooled);
    static Status visit_memory(const Spooled& spooled, const Visit& visit);
    Status visit_file(Spooled& spooled, const Visit& visit);

    std::filesystem::path folder_;
    std::uint64_t memory_bytes_max_;
    std::uint64_t memory_bytes_ = 0;
    std::uint64_t spilled_files_ = 0;  // Since the start; names the files.
    std::optional<store::SealingKey> key_;
    std::map<std::uint32_t, std::unique_ptr<Spooled>> transactions_;
};

}  // namespace weir::capture::postgres
