#include "models/publication.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <vector>

#include "models/publication_files.h"
#include "sql/transaction.h"

namespace weir::models {
namespace {

using sql::quote_identifier;
using sql::quote_literal;

constexpr auto attached = "weir_publication";

/// The stale file as a second database of the session.
class AttachedFile {
public:
    static Result<AttachedFile> attach(sql::SqlSession& session,
                                       const std::filesystem::path& file) {
        TRY(session.execute(fmt::format("DETACH DATABASE IF EXISTS {}", attached)));
        TRY(session.execute(
            fmt::format("ATTACH {} AS {}", quote_literal(file.string()), attached)));
        return AttachedFile(session);
    }
    AttachedFile(AttachedFile&& other) noexcept : session_(other.session_) {
        other.session_ = nullptr;
    }
    AttachedFile(const AttachedFile&) = delete;
    AttachedFile& operator=(const AttachedFile&) = delete;
    AttachedFile& operator=(AttachedFile&&) = delete;
    ~AttachedFile() {
        if (session_ != nullptr) {
            // The failure that led here is on its way up; the next publication detaches again.
            static_cast<void>(session_->execute(fmt::format("DETACH {}", attached)));
        }
    }

    Status detach() && {
        TRY(session_->execute(fmt::format("DETACH {}", attached)));
        session_ = nullptr;
        return {};
    }

private:
    explicit AttachedFile(sql::SqlSession& session) : session_(&session) {}

    sql::SqlSession* session_;
};

/// What a table holds, independent of row order: two tables with one fingerprint hold the same
/// rows. DuckDB's hash detects accidents, which is enough to leave out a copy.
struct TablePicture {
    std::string name;
    std::uint64_t rows = 0;
    std::string fingerprint;
};

std::uint64_t number(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return value;
}

std::string source_of(const PublicationOptions& options, const std::string& table) {
    return quote_identifier(options.schema) + "." + quote_identifier(table);
}

Result<std::vector<std::string>> tables_of(sql::SqlSession& session,
                                           const PublicationOptions& options) {
    TRY_LET(const auto found,
            session.query(fmt::format("SELECT table_name FROM information_schema.tables WHERE "
                                      "table_catalog = current_database() AND table_schema = {} "
                                      "AND table_type = 'BASE TABLE' ORDER BY table_name",
                                      quote_literal(options.schema))));
    std::vector<std::string> tables;
    tables.reserve(found.rows.size());
    for (const auto& row : found.rows) {
        tables.push_back(row.front().value_or(""));
    }
    if (tables.empty()) {
        return fail(ErrorKind::not_found,
                    "there is nothing to publish: run the models first, schema={}", options.schema);
    }
    return tables;
}

Result<TablePicture> picture_of(sql::SqlSession& session, const PublicationOptions& options,
                                const std::string& table) {
    TRY_LET(const auto found,
            session.query(fmt::format(
                "SELECT count(*), concat(version(), ' ', count(*), ' ', "
                "sum(hash(t)::HUGEINT), ' ', (SELECT string_agg(concat(column_name, ' ', "
                "data_type), ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE "
                "table_catalog = current_database() AND table_schema = {} AND table_name = {})) "
                "FROM {} AS t",
                quote_literal(options.schema), quote_literal(table), source_of(options, table))));
    const auto& row = found.rows.at(0);
    return TablePicture{.name = table, .rows = number(row[0]), .fingerprint = row[1].value_or("")};
}

/// Returns name and fingerprint of the tables that the stale file has.
Result<std::map<std::string, std::string>> read_published(sql::SqlSession& session) {
    TRY(session.execute(fmt::format(
        "CREATE TABLE IF NOT EXISTS {0}.main.weir_published (cut BIGINT NOT NULL);"
        "CREATE TABLE IF NOT EXISTS {0}.main.weir_published_table ("
        "name VARCHAR NOT NULL, \"rows\" BIGINT NOT NULL, fingerprint VARCHAR NOT NULL)",
        attached)));
    TRY_LET(const auto found,
            session.query(fmt::format("SELECT name, fingerprint FROM {}.main.weir_published_table",
                                      attached)));
    std::map<std::string, std::string> published;
    for (const auto& row : found.rows) {
        published[row[0].value_or("")] = row[1].value_or("");
    }
    return published;
}

Status copy_table(sql::SqlSession& session, const PublicationOptions& options,
                  const std::string& table) {
    TRY(session
            .execute(fmt::format("CREATE OR REPLACE TABLE {}.main.{} AS SELECT * FROM {}", attached,
                                 quote_identifier(table), source_of(options, table)))
            .with("cannot publish table " + table));
    return {};
}

Status record(sql::SqlSession& session, const PublicationOptions& options,
              const std::vector<TablePicture>& pictures) {
    std::string statements = fmt::format(
        "DELETE FROM {0}.main.weir_published; INSERT INTO {0}.main.weir_published VALUES ({1}); "
        "DELETE FROM {0}.main.weir_published_table;",
        attached, options.cut.value);
    for (const TablePicture& picture : pictures) {
        statements += fmt::format("INSERT INTO {}.main.weir_published_table VALUES ({}, {}, {});",
                                  attached, quote_literal(picture.name), picture.rows,
                                  quote_literal(picture.fingerprint));
    }
    TRY(session.execute(statements));
    return {};
}

/// Brings the stale file to the schema's tables, inside the caller's transaction.
Status copy_tables(sql::SqlSession& session, const PublicationOptions& options,
                   Publication& publication) {
    TRY_LET(const auto tables, tables_of(session, options));
    TRY_LET(auto published, read_published(session));
    std::vector<TablePicture> pictures;
    for (const std::string& table : tables) {
        TRY_LET(auto picture, picture_of(session, options, table));
        if (const auto present = published.extract(table);
            present.empty() || present.mapped() != picture.fingerprint) {
            TRY(copy_table(session, options, table));
            ++publication.copied;
        }
        publication.rows += picture.rows;
        pictures.push_back(std::move(picture));
    }
    for (const auto& [gone, fingerprint] : published) {
        TRY(session.execute(
            fmt::format("DROP TABLE {}.main.{}", attached, quote_identifier(gone))));
    }
    publication.tables = tables.size();
    return record(session, options, pictures);
}

void tell(const PublicationOptions& options, PublicationStep step) {
    if (options.progress) {
        options.progress(step);
    }
}

Status write_stale(sql::SqlSession& session, const PublicationOptions& options,
                   const std::filesystem::path& file, Publication& publication) {
    TRY_LET(AttachedFile stale, AttachedFile::attach(session, file));
    tell(options, PublicationStep::opened);
    TRY_LET(sql::Transaction transaction, sql::Transaction::begin(session));
    TRY(copy_tables(session, options, publication));
    tell(options, PublicationStep::copied);
    TRY(std::move(transaction).commit());
    tell(options, PublicationStep::committed);
    TRY(session.execute(fmt::format("CHECKPOINT {}", attached)));
    TRY(std::move(stale).detach());
    tell(options, PublicationStep::checkpointed);
    return {};
}

}  // namespace

Result<Publication> publish(sql::SqlSession& warehouse, const PublicationOptions& options) {
    TRY_LET(const auto files, PublicationFiles::open(options.folder));
    TRY(files.reclaim());
    Publication publication{.cut = options.cut, .file = files.published()};
    if (auto written = write_stale(warehouse, options, files.stale(), publication); !written) {
        if (written.error().kind() == ErrorKind::not_found) {
            return std::unexpected(std::move(written).error());
        }
        // Whatever is wrong with the stale file, nobody needs it: once more, with a new one.
        TRY(files.discard());
        publication.copied = publication.rows = 0;
        TRY(write_stale(warehouse, options, files.stale(), publication)
                .with("cannot publish to " + options.folder.string()));
    }
    TRY(files.swap(options.mode));
    std::error_code ignored;
    publication.bytes = std::filesystem::file_size(files.published(), ignored);
    tell(options, PublicationStep::swapped);
    return publication;
}

}  // namespace weir::models
