#include "app/partition_watch.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using capture::postgres::Partition;
using capture::postgres::UntoldChange;
using nlohmann::json;

constexpr auto pause = 10s;

json to_json(const Partition& partition) {
    return {{"root", partition.root.to_string()},
            {"name", partition.name.to_string()},
            {"id", partition.id},
            {"storage", partition.storage}};
}

/// The notes, or nothing if there is no file that can be read.
json read_notes(const std::filesystem::path& file) {
    std::ifstream stream(file);
    const json notes = json::parse(stream, nullptr, /*allow_exceptions=*/false);
    return notes.is_object() ? notes : json();
}

/// The old file stays until the new one is whole.
Status write_notes(const std::filesystem::path& file, const json& notes) {
    const std::filesystem::path fresh = file.string() + ".new";
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    std::ofstream stream(fresh);
    stream << notes.dump(1);
    stream.close();
    if (stream) {
        std::filesystem::rename(fresh, file, error);
    }
    if (!stream || error) {
        return fail(ErrorKind::unavailable, "cannot write what is known of partitions, file={}",
                    file.string());
    }
    return {};
}

json list_of(const std::vector<Partition>& partitions) {
    json list = json::array();
    for (const Partition& partition : partitions) {
        list.push_back(to_json(partition));
    }
    return list;
}

std::string text_of(const UntoldChange& change) {
    return fmt::format(
        "{} differs from the source: its partition {} {}, which the log does not tell; weir "
        "snapshot {} reads the table again",
        change.root.to_string(), change.partition.to_string(), change.what,
        change.root.to_string());
}

}  // namespace

PartitionNotes::PartitionNotes(const std::filesystem::path& folder)
    : file_(folder / "partitions.json") {}

Status PartitionNotes::begin(const std::vector<Partition>& read) {
    return write_notes(file_, {{"known", list_of(read)}, {"untold", json::array()}});
}

Status PartitionNotes::forget(const catalog::TableName& root) {
    json notes = read_notes(file_);
    if (notes.is_null()) {
        return {};
    }
    json kept = json::array();
    for (const json& change : notes["untold"]) {
        if (change["root"] != root.to_string()) {
            kept.push_back(change);
        }
    }
    notes["untold"] = std::move(kept);
    return write_notes(file_, notes);
}

Status PartitionNotes::add(const std::vector<Partition>& now,
                           const std::vector<UntoldChange>& untold) {
    json notes = read_notes(file_);
    notes["known"] = list_of(now);
    if (!notes.contains("untold")) {
        notes["untold"] = json::array();
    }
    for (const UntoldChange& change : untold) {
        notes["untold"].push_back({{"root", change.root.to_string()}, {"text", text_of(change)}});
    }
    return write_notes(file_, notes);
}

std::optional<std::vector<Partition>> PartitionNotes::known() const {
    const json notes = read_notes(file_);
    if (notes.is_null() || !notes.contains("known")) {
        return std::nullopt;
    }
    std::vector<Partition> known;
    for (const json& entry : notes["known"]) {
        const auto root = catalog::TableName::parse(entry.value("root", ""));
        const auto name = catalog::TableName::parse(entry.value("name", ""));
        if (!root || !name) {
            return std::nullopt;
        }
        known.push_back({.root = *root,
                         .name = *name,
                         .id = entry.value("id", 0U),
                         .storage = entry.value("storage", std::uint64_t{0})});
    }
    return known;
}

std::vector<std::string> PartitionNotes::untold() const {
    std::vector<std::string> lines;
    const json notes = read_notes(file_);
    if (notes.is_object() && notes.contains("untold")) {
        for (const json& change : notes["untold"]) {
            lines.push_back(change.value("text", ""));
        }
    }
    return lines;
}

PartitionWatch::PartitionWatch(landing::CutSchedule& schedule,
                               capture::postgres::PostgresSource& source, PartitionNotes& notes,
                               const Clock& clock, Tell tell)
    : schedule_(schedule), source_(source), notes_(notes), clock_(clock), tell_(std::move(tell)) {}

bool PartitionWatch::ends_here(const change::CutProgress& progress) {
    tell_failure(look(progress.position));
    return schedule_.ends_here(progress);
}

void PartitionWatch::begin() {
    tell_failure(look({}));
}

void PartitionWatch::end() {
    if (seen_) {
        tell_failure(judge());
    }
}

void PartitionWatch::tell_failure(const Status& looked) const {
    if (!looked && tell_) {
        tell_("cannot look at partitions: " + looked.error().to_string());
    }
}

Status PartitionWatch::look(change::Position position) {
    const auto now = clock_.steady_now();
    if (!seen_ && (!looked_ || now - *looked_ >= pause)) {
        looked_ = now;
        TRY(take());
    }
    return seen_ && position >= seen_->written ? judge() : Status();
}

Status PartitionWatch::take() {
    TRY_LET(auto partitions, source_.partitions());
    const auto known = notes_.known();
    if (known ? *known == partitions : partitions.empty()) {
        return {};
    }
    if (!known) {
        return notes_.begin(partitions);
    }
    TRY_LET(const change::Position written, source_.written_end());
    seen_ = Seen{.partitions = std::move(partitions), .written = written};
    return {};
}

Status PartitionWatch::judge() {
    const Seen seen = *std::exchange(seen_, std::nullopt);
    const auto known = notes_.known().value_or(seen.partitions);
    TRY_LET(const auto untold, source_.find_untold(known, seen.partitions));
    TRY(notes_.add(seen.partitions, untold));
    for (const UntoldChange& change : untold) {
        if (tell_) {
            tell_(text_of(change));
        }
    }
    return {};
}

}  // namespace weir::app
