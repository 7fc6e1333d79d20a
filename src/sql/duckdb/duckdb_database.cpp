#include "sql/duckdb/duckdb_database.h"

#include <string>
#include <utility>

#include "sql/duckdb/duckdb_error.h"

namespace weir::sql {
namespace {

struct DestroyConfig {
    void operator()(duckdb_config config) const { duckdb_destroy_config(&config); }
};
using Config = std::unique_ptr<_duckdb_config, DestroyConfig>;

Status set_option(const Config& config, const std::string& name, const std::string& value) {
    if (duckdb_set_config(config.get(), name.c_str(), value.c_str()) == DuckDBError) {
        return fail(ErrorKind::invalid, "DuckDB refuses an option, option={}, value={}", name,
                    value);
    }
    return {};
}

Result<Config> make_config(const DuckDbOptions& options) {
    duckdb_config made = nullptr;
    if (duckdb_create_config(&made) == DuckDBError) {
        return fail(ErrorKind::internal, "cannot make a configuration for DuckDB");
    }
    Config config(made);
    TRY(set_option(config, "autoinstall_known_extensions", "false"));
    TRY(set_option(config, "autoload_known_extensions", "false"));
    TRY(set_option(config, "access_mode", options.read_only ? "READ_ONLY" : "READ_WRITE"));
    if (options.threads) {
        TRY(set_option(config, "threads", std::to_string(*options.threads)));
    }
    if (options.memory_limit) {
        TRY(set_option(config, "memory_limit", *options.memory_limit));
    }
    if (!options.temp_directory.empty()) {
        TRY(set_option(config, "temp_directory", options.temp_directory.string()));
    }
    return config;
}

// duckdb_open_ext gives a text without a type; DuckDB writes the type in front.
duckdb_error_type type_of_open_error(std::string_view message) {
    if (message.starts_with("IO Error")) {
        return DUCKDB_ERROR_IO;
    }
    if (message.starts_with("Serialization Error")) {
        return DUCKDB_ERROR_SERIALIZATION;
    }
    return message.starts_with("Permission Error") ? DUCKDB_ERROR_PERMISSION
                                                   : DUCKDB_ERROR_INVALID_INPUT;
}

}  // namespace

Result<DuckDbDatabase> DuckDbDatabase::open(const std::filesystem::path& file,
                                            const DuckDbOptions& options) {
    const std::string context = "cannot open warehouse " + file.string();
    TRY_LET(const Config config, make_config(options).with(context));
    duckdb_database opened = nullptr;
    char* message = nullptr;
    const duckdb_state state = duckdb_open_ext(file.c_str(), &opened, config.get(), &message);
    Handle handle(opened);
    if (state == DuckDBError) {
        const std::string text = message == nullptr ? "no reason given" : message;
        duckdb_free(message);
        return std::unexpected(
            translate_duckdb_error(type_of_open_error(text), text).with(context));
    }
    return DuckDbDatabase(std::move(handle));
}

Result<std::unique_ptr<DuckDbSession>> DuckDbDatabase::connect() const {
    duckdb_connection connection = nullptr;
    if (duckdb_connect(handle_.get(), &connection) == DuckDBError) {
        return fail(ErrorKind::unavailable, "cannot connect to the open warehouse");
    }
    auto session = std::make_unique<DuckDbSession>(connection);
    TRY(session->execute("SET TimeZone = 'UTC'"));
    // Run lengths take -0 for 0 and lose its sign. Told to a configuration, this is forgotten.
    TRY(session->execute("SET GLOBAL disabled_compression_methods = 'rle'"));
    return session;
}

}  // namespace weir::sql
