#include "simulate/load.h"

#include <fmt/format.h>

#include <span>
#include <thread>
#include <utility>

#include "simulate/database.h"
#include "simulate/schema.h"

namespace weir::simulate {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;

Result<std::int64_t> copy_table(Database& database, const Model& model, Table table) {
    TRY(database.begin_copy(fmt::format("claims.{}", shape(table).name)));
    std::string buffer;
    std::int64_t rows = 0;
    Status status;
    for_each_row(model, table, [&](const Row& row) {
        row.append_copy(buffer);
        ++rows;
        if (buffer.size() >= buffer_bytes && status) {
            status = database.copy(buffer);
            buffer.clear();
        }
    });
    TRY(status);
    TRY(database.copy(buffer));
    TRY(database.finish_copy());
    return rows;
}

Result<std::int64_t> copy_tables(const std::string& url, const Model& model,
                                 std::span<const Table> tables) {
    TRY_LET(Database database, Database::connect(url));
    std::int64_t rows = 0;
    for (const Table table : tables) {
        TRY_LET(const std::int64_t more, copy_table(database, model, table));
        rows += more;
    }
    return rows;
}

// Two shares of about the same size.
constexpr Table first_share[] = {Table::claim_line, Table::payment};
constexpr Table second_share[] = {Table::plan,
                                  Table::provider,
                                  Table::member,
                                  Table::eligibility_span,
                                  Table::claim,
                                  Table::claim_diagnosis,
                                  Table::claim_status_event};

Result<std::int64_t> copy_all(const std::string& url, const Model& model) {
    Result<std::int64_t> first = 0;
    std::jthread other([&] { first = copy_tables(url, model, first_share); });
    auto second = copy_tables(url, model, second_share);
    other.join();
    TRY_LET(const std::int64_t first_rows, std::move(first));
    TRY_LET(const std::int64_t second_rows, std::move(second));
    return first_rows + second_rows;
}

Status create_schema(Database& database) {
    TRY_LET(auto schema, database.first_row("look for the schema",
                                            "SELECT 1 FROM pg_namespace WHERE nspname IN "
                                            "('claims', 'claims_simulation')"));
    if (schema) {
        return fail(ErrorKind::already_exists,
                    "cannot load: the database has a schema claims or claims_simulation; load into "
                    "another database, or run DROP SCHEMA claims, claims_simulation CASCADE");
    }
    return database.run("create the tables", std::string(schema_sql()));
}

}  // namespace

Result<std::int64_t> load(const std::string& url, const Settings& settings) {
    TRY_LET(Database database, Database::connect(url));
    TRY(create_schema(database));
    const Model model(Origin(settings.seed, settings.scale));
    TRY_LET(const std::int64_t rows, copy_all(url, model));
    TRY(database.run("add keys and foreign keys", std::string(constraints_sql())));
    TRY(database.run(
        "record the load",
        fmt::format("INSERT INTO claims_simulation.progress VALUES (0, {}, {}, {}, {})",
                    settings.seed, settings.scale, settings.bulk_at, settings.alter_at)));
    return rows;
}

}  // namespace weir::simulate
