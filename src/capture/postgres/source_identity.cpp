#include "capture/postgres/source_identity.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "capture/postgres/pooler.h"
#include "capture/postgres/replication_slot.h"

namespace weir::capture::postgres {
namespace {

/// The file that says where each ancestor of a timeline was left; the first timeline has none.
Result<std::string> read_history(Connection& replication, std::uint32_t timeline) {
    if (timeline == 1) {
        return std::string();
    }
    TRY_LET(const auto rows, replication.query(fmt::format("TIMELINE_HISTORY {}", timeline))
                                 .with("cannot read the history of the source's timeline"));
    return rows[0][1].value_or("");
}

/// A timeline begins where the last ancestor in its file was left.
Result<change::Position> begin_of_timeline(std::string_view history, std::uint32_t timeline) {
    for (std::uint32_t before = timeline - 1; before > 0; --before) {
        TRY_LET(const auto end, end_of_timeline(history, before));
        if (end) {
            return *end;
        }
    }
    return change::Position();
}

std::string text_of(const SourceIdentity& identity) {
    return fmt::format("{} timeline {} from {}", identity.system, identity.timeline,
                       identity.timeline_begin.to_string());
}

Status check_history(Connection& replication, const SourceIdentity& known,
                     const SourceIdentity& now, change::Position position) {
    if (now.timeline == known.timeline && now.timeline_begin == known.timeline_begin) {
        return {};
    }
    TRY_LET(const std::string history, read_history(replication, now.timeline));
    TRY_LET(const auto left, end_of_timeline(history, known.timeline));
    if (!left || now.timeline <= known.timeline) {
        return fail(ErrorKind::corrupt,
                    "the source is of another history than the ledger: it was restored, or another "
                    "standby was promoted; connect to the one that goes on, or `weir repair` "
                    "goes on with what it has, source={}, ledger={}",
                    text_of(now), text_of(known));
    }
    if (*left < position) {
        return fail(ErrorKind::corrupt,
                    "the source was promoted or restored without changes that have landed: its "
                    "history left the ledger's before the ledger's position; `weir repair` "
                    "goes on with what it has, left={}, ledger={}",
                    left->to_string(), position.to_string());
    }
    return {};
}

}  // namespace

Result<std::optional<change::Position>> end_of_timeline(std::string_view history,
                                                        std::uint32_t timeline) {
    std::istringstream lines{std::string(history)};
    for (std::string line; std::getline(lines, line);) {
        std::uint32_t number = 0;
        const auto read = std::from_chars(line.data(), line.data() + line.size(), number);
        if (read.ec != std::errc() || number != timeline) {
            continue;  // A comment, or another timeline.
        }
        std::string position;
        std::istringstream(line.substr(static_cast<std::size_t>(read.ptr - line.data()))) >>
            position;
        TRY_LET(const auto end, change::Position::parse(position));
        return end;
    }
    return std::nullopt;
}

Result<SourceIdentity> identify_source(Connection& replication) {
    TRY(check_direct(replication));
    TRY_LET(const auto standby, replication.query("SELECT pg_is_in_recovery()"));
    if (standby[0][0] == "t") {
        return fail(ErrorKind::unavailable,
                    "the source is a standby, whose slots nobody can read before it is promoted; "
                    "connect to the primary, or to several hosts with "
                    "target_session_attrs=read-write");
    }
    TRY_LET(const auto rows, replication.query("IDENTIFY_SYSTEM"));
    SourceIdentity identity{.system = rows[0][0].value_or(""), .timeline = 0, .timeline_begin = {}};
    const std::string timeline = rows[0][1].value_or("");
    std::from_chars(timeline.data(), timeline.data() + timeline.size(), identity.timeline);
    if (identity.system.empty() || identity.timeline == 0) {
        return fail(ErrorKind::unsupported, "the source does not say which server it is");
    }
    TRY_LET(const std::string history, read_history(replication, identity.timeline));
    TRY_LET(identity.timeline_begin, begin_of_timeline(history, identity.timeline));
    return identity;
}

Result<SourceIdentity> check_log(Connection& replication,
                                 const std::optional<SourceIdentity>& known,
                                 change::Position position) {
    TRY_LET(SourceIdentity now, identify_source(replication));
    if (known && now.system != known->system) {
        return fail(ErrorKind::corrupt,
                    "the source is another server than the ledger's; connect to the first one, or "
                    "`weir repair` goes on, source={}, ledger={}",
                    now.system, known->system);
    }
    if (known) {
        TRY(check_history(replication, *known, now, position));
    }
    TRY_LET(const change::Position end, durable_end(replication));
    if (end < position) {
        return fail(ErrorKind::corrupt,
                    "the source's log ends before the ledger: the source was restored from an "
                    "older copy; `weir repair` goes on, end={}, ledger={}",
                    end.to_string(), position.to_string());
    }
    return now;
}

}  // namespace weir::capture::postgres
