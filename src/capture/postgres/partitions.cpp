#include "capture/postgres/partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "capture/postgres/named_tables.h"

namespace weir::capture::postgres {
namespace {

template <typename Number>
Number to_number(const std::optional<std::string>& cell) {
    Number number{};
    if (cell) {
        std::from_chars(cell->data(), cell->data() + cell->size(), number);
    }
    return number;
}

// The youngest link of {1} on its way up to its root: by which transaction, by which of its
// commands, and whether the table was made in the same one, which is not so of an attached one.
constexpr auto youngest_link_sql =
    "WITH RECURSIVE link (child, parent, made, command) AS (SELECT inhrelid, inhparent, xmin, "
    "cmin::text::bigint FROM pg_inherits WHERE inhrelid = {0} UNION ALL SELECT h.inhrelid, "
    "h.inhparent, h.xmin, h.cmin::text::bigint FROM link JOIN pg_inherits h ON h.inhrelid = "
    "link.parent) SELECT link.made, link.command, t.xmin = link.made, has_table_privilege(c.oid, "
    "'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE') FROM link, pg_class c JOIN "
    "pg_type t ON t.oid = c.reltype WHERE c.oid = {0} ORDER BY age(link.made), link.command DESC "
    "LIMIT 1";

std::string quoted(const Connection& connection, const catalog::TableName& name) {
    return fmt::format("{}.{}", connection.quote_identifier(name.schema),
                       connection.quote_identifier(name.table));
}

/// Asks whether the partition has a row that fits. One that goes meanwhile has none.
Result<bool> has_row(Connection& connection, const Partition& partition, const std::string& which) {
    const auto rows = connection.query(fmt::format("SELECT EXISTS (SELECT FROM ONLY {} r WHERE {})",
                                                   quoted(connection, partition.name), which));
    if (!rows && rows.error().kind() == ErrorKind::not_found) {
        return false;
    }
    TRY(rows);
    return (*rows)[0][0] == "t";
}

/// Whether a partition that is new to us brought rows along.
Result<std::string> judge_new(Connection& connection, const Partition& partition) {
    TRY_LET(const auto links, connection.query(fmt::format(youngest_link_sql, partition.id)));
    if (links.empty()) {
        return std::string();  // It is gone again.
    }
    const TextRow& link = links.front();
    const bool was_made = link[2] == "t";
    if (link[3] != "t") {
        return std::string(was_made ? "" : "was attached, and the role may not see with what rows");
    }
    const std::string in_same = fmt::format("r.xmin = '{}'::xid AND r.cmin::text::bigint < {}",
                                            link[0].value_or("0"), link[1].value_or("0"));
    const std::string before = fmt::format("age(r.xmin) > age('{}'::xid)", link[0].value_or("0"));
    TRY_LET(const bool brought,
            has_row(connection, partition,
                    was_made ? in_same : fmt::format("{} OR ({})", before, in_same)));
    return std::string(brought ? "was attached with rows" : "");
}

/// Whether a partition with another storage lost its rows. A rewrite (VACUUM FULL, CLUSTER, ALTER
/// TABLE) keeps those that are older than it.
Result<std::string> judge_storage(Connection& connection, const Partition& partition) {
    TRY_LET(const bool kept,
            has_row(connection, partition,
                    fmt::format("age(r.xmin) > (SELECT age(xmin) FROM pg_class WHERE oid = {})",
                                partition.id)));
    return std::string(kept ? "" : "was emptied by a TRUNCATE of its own");
}

Result<std::string> judge(Connection& connection, const Partition* before, const Partition& now) {
    if (before == nullptr) {
        return judge_new(connection, now);
    }
    return before->storage == now.storage ? std::string() : judge_storage(connection, now);
}

const Partition* find(const std::vector<Partition>& partitions, const Partition& wanted) {
    const auto found = std::ranges::find_if(partitions, [&](const Partition& partition) {
        return partition.root == wanted.root && partition.id == wanted.id;
    });
    return found == partitions.end() ? nullptr : &*found;
}

}  // namespace

Result<std::vector<catalog::TableName>> find_partitioned(
    Connection& connection, const std::vector<catalog::TableName>& names) {
    TRY_LET(const auto rows,
            connection.query(fmt::format("SELECT n.nspname, c.relname FROM {} WHERE c.relkind = "
                                         "'p' ORDER BY 1, 2",
                                         from_named_tables(connection, names))));
    std::vector<catalog::TableName> found;
    found.reserve(rows.size());
    for (const TextRow& row : rows) {
        found.push_back({row[0].value_or(""), row[1].value_or("")});
    }
    return found;
}

Result<std::vector<Partition>> read_partitions(Connection& connection,
                                               const std::vector<catalog::TableName>& roots) {
    TRY_LET(
        const auto rows,
        connection.query(
            with_parts(connection, roots) +
            "SELECT rn.nspname, r.relname, n.nspname, c.relname, c.oid, c.relfilenode FROM part "
            "JOIN pg_class r ON r.oid = part.root JOIN pg_namespace rn ON rn.oid = "
            "r.relnamespace JOIN pg_class c ON c.oid = part.oid AND c.relkind = 'r' JOIN "
            "pg_namespace n ON n.oid = c.relnamespace WHERE part.oid <> part.root ORDER BY 1, "
            "2, 5"));
    std::vector<Partition> partitions;
    partitions.reserve(rows.size());
    for (const TextRow& row : rows) {
        partitions.push_back({.root = {row[0].value_or(""), row[1].value_or("")},
                              .name = {row[2].value_or(""), row[3].value_or("")},
                              .id = to_number<std::uint32_t>(row[4]),
                              .storage = to_number<std::uint64_t>(row[5])});
    }
    return partitions;
}

Result<std::vector<UntoldChange>> find_untold(Connection& connection,
                                              const std::vector<Partition>& before,
                                              const std::vector<Partition>& now,
                                              const std::set<catalog::TableName>& truncated) {
    std::vector<UntoldChange> untold;
    for (const Partition& partition : now) {
        if (!truncated.contains(partition.root)) {
            TRY_LET(const std::string what, judge(connection, find(before, partition), partition));
            if (!what.empty()) {
                untold.push_back({partition.root, partition.name, what});
            }
        }
    }
    for (const Partition& partition : before) {
        if (!truncated.contains(partition.root) && find(now, partition) == nullptr) {
            untold.push_back({partition.root, partition.name, "was detached or dropped"});
        }
    }
    return untold;
}

}  // namespace weir::capture::postgres
