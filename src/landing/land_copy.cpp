#include "landing/land_copy.h"

#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "base/sha256.h"
#include "store/byte_source.h"

namespace weir::landing {
namespace {

using ledger::EntryBody;

constexpr std::size_t copied_at_once = 1U << 20U;
/// Entries of one append: an append waits for the disk.
constexpr std::size_t entries_at_once = 64;

class LandingCopy {
public:
    /// `attempts`: those with a cut, and the last.
    LandingCopy(LandingPlace& place, const LandedBefore& from, std::set<std::uint32_t> attempts)
        : place_(place), from_(from), attempts_(std::move(attempts)), buffer_(copied_at_once) {}

    /// Copies what an entry of the other ledger made part of the landing.
    Status copy(const ledger::Entry& entry) {
        const ledger::Epoch epoch = entry.run.epoch;
        if (const auto* schema = std::get_if<ledger::SchemaChanged>(&entry.body)) {
            return copy_contract(*schema);
        }
        if (const auto* chunk = std::get_if<ledger::ChunkLanded>(&entry.body)) {
            // Chunks of an attempt that ended early stopped counting; their files may be gone.
            return attempts_.contains(chunk->attempt) ? copy_with_files(*chunk, epoch) : Status();
        }
        if (const auto* cut = std::get_if<ledger::CutLanded>(&entry.body)) {
            return copy_with_files(*cut, epoch);
        }
        if (const auto* resumed = std::get_if<ledger::SnapshotResumed>(&entry.body)) {
            return attempts_.contains(resumed->attempt) ? add(*resumed) : Status();
        }
        if (const auto* started = std::get_if<ledger::SnapshotStarted>(&entry.body)) {
            copies_chunks_ = attempts_.contains(started->attempt);
            return add(*started);
        }
        if (const auto* aside = std::get_if<ledger::TableSetAside>(&entry.body)) {
            ledger::TableSetAside copied = *aside;
            copied.chunks = copies_chunks_ ? aside->chunks : 0;
            return add(std::move(copied));
        }
        if (std::holds_alternative<ledger::PositionAdvanced>(entry.body) ||
            std::holds_alternative<ledger::LogLost>(entry.body) ||
            std::holds_alternative<ledger::SourceIdentified>(entry.body)) {
            return add(entry.body);
        }
        return {};
    }

    Status commit_waiting() {
        return waiting_.empty() ? Status() : commit(place_, std::exchange(waiting_, {}));
    }

private:
    Status add(EntryBody body) {
        waiting_.push_back(std::move(body));
        return waiting_.size() < entries_at_once ? Status() : commit_waiting();
    }

    Status copy_contract(const ledger::SchemaChanged& schema) {
        TRY_LET(const catalog::TableContract contract, from_.ledger.read_contract(schema));
        TRY_LET(const ledger::SchemaChanged copied, place_.ledger.store_contract(contract));
        return add(copied);
    }

    template <typename Body>
    Status copy_with_files(Body body, ledger::Epoch epoch) {
        TRY_LET(std::vector<ledger::DataFile> files, from_.ledger.read_files(body.files));
        for (const ledger::DataFile& file : files) {
            TRY(copy_file(file, epoch));
        }
        TRY_LET(body.files, place_.ledger.store_files(std::move(files)));
        return add(std::move(body));
    }

    Status copy_file(const ledger::DataFile& file, ledger::Epoch epoch) {
        const std::string key = ledger::stored_key(file.path, epoch);
        store::ObjectSource source(from_.store, key);
        TRY_LET(const auto sink,
                place_.store.create(ledger::stored_key(file.path, place_.lease.epoch)));
        Sha256 hash;
        for (std::size_t size = buffer_.size(); size == buffer_.size();) {
            TRY_LET(size, source.read(buffer_).with("cannot replay a landed file"));
            const auto bytes = std::span(buffer_).first(size);
            hash.update(bytes);
            TRY(sink->write(bytes));
        }
        if (std::move(hash).finish() != file.sha256) {
            return fail(ErrorKind::corrupt,
                        "a landed file is not what the ledger says; see `weir ledger verify`, "
                        "file={}",
                        key);
        }
        return sink->finish();
    }

    LandingPlace& place_;
    const LandedBefore& from_;
    std::set<std::uint32_t> attempts_;
    bool copies_chunks_ = false;  // Those of the attempt that runs.
    std::vector<std::byte> buffer_;
    std::vector<EntryBody> waiting_;
};

}  // namespace

Status land_copy(LandingPlace place, const LandedBefore& from,
                 const std::function<void(ledger::CutNumber)>& on_cut,
                 const std::stop_token& stop) {
    TRY_LET(const auto entries, from.ledger.read_from({}));
    ledger::PipelineState state;
    for (const ledger::Entry& entry : entries) {
        TRY(state.apply(entry));
    }
    std::set<std::uint32_t> attempts{state.snapshot ? state.snapshot->attempt : 0};
    for (const auto& [number, cut] : state.landed) {
        if (cut.entry.snapshot_attempt) {
            attempts.insert(*cut.entry.snapshot_attempt);
        }
    }
    LandingCopy copy(place, from, std::move(attempts));
    for (const ledger::Entry& entry : entries) {
        if (stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped before everything had landed again");
        }
        TRY(copy.copy(entry));
        if (const auto* cut = std::get_if<ledger::CutLanded>(&entry.body); cut && on_cut) {
            on_cut(cut->cut);
        }
    }
    return copy.commit_waiting();
}

}  // namespace weir::landing
