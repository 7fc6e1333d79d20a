#include "app/entry_line.h"

#include <fmt/format.h>

#include <set>

#include "ledger/time_text.h"

namespace weir::app {
namespace {

using namespace ledger;

constexpr std::size_t tables_max = 3;  // More of them are counted.

std::string counted(std::uint64_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// "2 files of claims.claim, claims.member"; of a manifest only their number is at hand.
std::string describe_files(const FileList& list) {
    if (const auto* const manifest = std::get_if<Manifest>(&list)) {
        return counted(manifest->files, "file");
    }
    const auto& files = std::get<std::vector<DataFile>>(list);
    std::set<std::string> tables;
    for (const DataFile& file : files) {
        tables.insert(file.table.to_string());
    }
    if (tables.empty()) {
        return "no files";
    }
    const std::string names = tables.size() > tables_max
                                  ? counted(tables.size(), "table")
                                  : fmt::format("{}", fmt::join(tables, ", "));
    return fmt::format("{} of {}", counted(files.size(), "file"), names);
}

std::string describe_reading(const SnapshotReading& reading, std::uint64_t chunks) {
    return fmt::format("at {}, {}", reading.position.to_string(), counted(chunks, "chunk"));
}

std::string_view outcome(bool succeeded) {
    return succeeded ? "succeeded" : "failed";
}

/// The key's id stands between its two pluses.
std::string key_id(const std::string& key) {
    const std::size_t begin = key.find('+') + 1;
    return key.substr(begin, key.find('+', begin) - begin);
}

struct Describe {
    std::string operator()(const PipelineCreated& body) const {
        return fmt::format("pipeline {}, source {}, release {}", body.pipeline, body.source,
                           body.release);
    }
    std::string operator()(const LeaseTaken& /*body*/) const { return ""; }
    std::string operator()(const SchemaChanged& body) const {
        return fmt::format("{} version {}", body.table.to_string(), body.version.number);
    }
    std::string operator()(const SnapshotStarted& body) const {
        return fmt::format("attempt {} {}", body.attempt,
                           describe_reading(body.reading, body.chunks));
    }
    std::string operator()(const SnapshotResumed& body) const {
        return fmt::format("attempt {} {}", body.attempt,
                           describe_reading(body.reading, body.chunks));
    }
    std::string operator()(const ChunkLanded& body) const {
        return fmt::format("{} chunk {} of {}, {}, {}", body.table.to_string(), body.chunk + 1,
                           body.table_chunks, counted(body.rows, "row"),
                           describe_files(body.files));
    }
    std::string operator()(const CutLanded& body) const {
        return fmt::format("cut {} at {}, {}, {}, {}", body.cut.value, body.position.to_string(),
                           counted(body.transactions, "transaction"),
                           counted(body.changes, "change"), describe_files(body.files));
    }
    std::string operator()(const PositionAdvanced& body) const {
        return fmt::format("to {}", body.position.to_string());
    }
    std::string operator()(const CutRefined& body) const {
        return fmt::format("cut {}, {} read, {} refined, {} quarantined, {} deduplicated, {}",
                           body.cut.value, counted(body.read, "row"), body.refined,
                           body.quarantined, body.deduplicated, describe_files(body.files));
    }
    std::string operator()(const CutsLoaded& body) const {
        return fmt::format("cuts {}..{} into {}, {}", body.from.value + 1, body.to.value,
                           body.warehouse, counted(body.rows, "row"));
    }
    std::string operator()(const ModelsBuilt& body) const {
        return fmt::format("cut {}, {}: {}, {} passed, {} failed, {}", body.cut.value, body.project,
                           counted(body.models, "model"), counted(body.tests_passed, "test"),
                           body.tests_failed, outcome(body.succeeded));
    }
    std::string operator()(const ChecksRun& body) const {
        return fmt::format("cut {}, {}: {}, {} failed, {}", body.cut.value, body.suite,
                           counted(body.expectations, "expectation"), body.failed,
                           outcome(body.succeeded));
    }
    std::string operator()(const Published& body) const {
        return fmt::format("cut {} as {}", body.cut.value, body.file);
    }
    std::string operator()(const Reconciled& body) const {
        return fmt::format("cut {} at {}, {}, {}", body.cut.value, body.position.to_string(),
                           counted(body.tables, "table"), body.equal ? "equal" : "different");
    }
    std::string operator()(const DataRead& body) const {
        return fmt::format("{} by {}", counted(body.rows, "row"), body.principal);
    }
    std::string operator()(const SourceIdentified& body) const {
        return fmt::format("system {}, timeline {}", body.system, body.timeline);
    }
    std::string operator()(const ReadingRequested& body) const { return body.table.to_string(); }
    std::string operator()(const TableSetAside& body) const {
        return fmt::format("{}: {}{}{}", body.table.to_string(), change::to_string(body.reason),
                           body.detail.empty() ? "" : ", ", body.detail);
    }
    std::string operator()(const LogLost& body) const {
        return fmt::format("from {} to {} of system {}", body.before.to_string(),
                           body.position.to_string(), body.source.system);
    }
    std::string operator()(const KeyRotated& body) const {
        return fmt::format("from {} to {}", key_id(body.before), key_id(body.after));
    }
};

}  // namespace

std::string describe_entry(const EntryBody& body) {
    return std::visit(Describe(), body);
}

Result<std::string> entry_line(std::uint64_t index, const Entry& entry) {
    TRY_LET(const std::string time, format_time(entry.run.time));
    const std::string what = describe_entry(entry.body);
    return fmt::format("{:>8}  {}  {:<17}  {}{}[{} {}]", index, time, kind_of(entry.body), what,
                       what.empty() ? "" : "  ", to_string(entry.run.stage), entry.run.epoch.value);
}

}  // namespace weir::app
