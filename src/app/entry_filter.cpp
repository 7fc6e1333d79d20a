#include "app/entry_filter.h"

#include <algorithm>
#include <charconv>

#include "ledger/file_list.h"
#include "ledger/time_text.h"

namespace weir::app {
namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

Result<std::pair<ledger::CutNumber, ledger::CutNumber>> parse_cuts(std::string_view text) {
    const std::size_t dots = text.find("..");
    const auto first = number_of(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : number_of(text.substr(dots + 2));
    if (!first || !last || *first > *last) {
        return fail(ErrorKind::invalid, "cannot choose cuts: write 7 or 7..9, cut={}", text);
    }
    return std::pair(ledger::CutNumber{*first}, ledger::CutNumber{*last});
}

/// Completes a day or a time of day.
Result<Timestamp> parse_since(std::string text) {
    constexpr std::string_view whole = "0000-01-01T00:00:00.000000";
    const std::string given = text;
    if (text.ends_with('Z')) {
        text.pop_back();
    }
    if (text.size() > 10 && text[10] == ' ') {
        text[10] = 'T';
    }
    text += whole.substr(std::min(text.size(), whole.size()));
    const auto time = ledger::parse_time(text + "Z");
    if (!time) {
        return fail(ErrorKind::invalid,
                    "cannot choose a time: write an index, 2026-01-31 or 2026-01-31T12:30 (UTC), "
                    "since={}",
                    given);
    }
    return *time;
}

template <typename Body>
bool names(const Body& body, const catalog::TableName& table) {
    if constexpr (requires { body.table; }) {
        return body.table == table;
    } else if constexpr (requires { body.restarted; }) {
        return std::ranges::find(body.restarted, table) != body.restarted.end();
    } else {
        return false;
    }
}

Result<bool> has_files_of(const ledger::EntryBody& body, const catalog::TableName& table,
                          const ledger::Ledger& ledger) {
    for (const ledger::NamedList& list : ledger::lists_of(body)) {
        TRY_LET(const auto files, ledger.read_files(list.files));
        if (std::ranges::any_of(files, [&](const auto& file) { return file.table == table; })) {
            return true;
        }
    }
    return false;
}

}  // namespace

Result<EntryFilter> EntryFilter::parse(const LedgerShowOptions& options) {
    EntryFilter filter;
    filter.kind_ = options.kind;
    if (!options.cut.empty()) {
        TRY_LET(filter.cuts_, parse_cuts(options.cut));
    }
    if (!options.table.empty()) {
        TRY_LET(filter.table_, catalog::TableName::parse(options.table));
    }
    if (const auto index = number_of(options.since)) {
        filter.from_ = {*index};
    } else if (!options.since.empty()) {
        TRY_LET(filter.time_, parse_since(options.since));
    }
    return filter;
}

Result<bool> EntryFilter::wants(const ledger::Entry& entry, const ledger::Ledger& ledger) const {
    if ((!kind_.empty() && ledger::kind_of(entry.body) != kind_) ||
        (time_ && entry.run.time < *time_)) {
        return false;
    }
    if (cuts_ && !ledger::is_about(entry.body, cuts_->first, cuts_->second)) {
        return false;
    }
    if (!table_ ||
        std::visit([this](const auto& body) { return names(body, *table_); }, entry.body)) {
        return true;
    }
    return has_files_of(entry.body, *table_, ledger);
}

}  // namespace weir::app
