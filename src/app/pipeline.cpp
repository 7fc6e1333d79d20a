#include "app/pipeline.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "ledger/key_file.h"
#include "ledger/ledger_key.h"
#include "store/aws/s3_store.h"
#include "store/conditional_write_probe.h"
#include "store/file_error.h"
#include "store/local_store.h"
#include "store/patience.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view release = WEIR_VERSION;
constexpr store::ProbeOptions quick_probe{.rounds = 2, .writers = 4};  // `weir check` does more.
constexpr std::array zones{"contracts", "landing",    "ledger",    "lease",
                           "probe",     "processing", "quarantine"};

std::string lock_file(const fs::path& state, std::string_view stage) {
    return (PipelineFolders(state).run / (std::string(stage) + ".lock")).string();
}

Status make_folders(const PipelineFolders& folders) {
    for (const fs::path& folder : {folders.keys, folders.run, folders.spool, folders.warehouse,
                                   folders.published, folders.lineage, folders.models}) {
        std::error_code error;
        fs::create_directories(folder, error);
        if (!error) {
            fs::permissions(folder, fs::perms::owner_all, error);
        }
        if (error) {
            return store::file_error("cannot make a folder of the store", folder.string(),
                                     error.value());
        }
    }
    return {};
}

Status check_exists(const Configuration& configuration) {
    const fs::path key = PipelineFolders(configuration.state).ledger_key();
    std::error_code error;
    const bool exists = fs::exists(key, error);
    if (error) {
        return store::file_error("cannot look for the pipeline", key.string(), error.value());
    }
    if (!exists) {
        return fail(ErrorKind::not_found,
                    "there is no pipeline here yet; make one with `weir init`, or bring its keys, "
                    "store={}, state={}",
                    configuration.store, configuration.state.string());
    }
    return {};
}

Status remove_objects(const Configuration& configuration, const Clock& clock) {
    TRY_LET(const auto store, open_store(configuration, clock));
    for (const std::string zone : zones) {
        TRY_LET(const auto objects, store->list(zone + "/"));
        for (const store::ObjectInfo& object : objects) {
            TRY(store->remove(object.key));
        }
    }
    return {};
}

Status remove_folders(const fs::path& root, std::span<const char* const> names) {
    std::error_code error;
    for (const char* name : names) {
        fs::remove_all(root / name, error);
        if (error) {
            return fail(ErrorKind::unavailable, "cannot remove the store: {}, store={}",
                        error.message(), root.string());
        }
    }
    return {};
}

}  // namespace

PipelineFolders::PipelineFolders(const fs::path& root)
    : state(root),
      keys(root / "keys"),
      run(root / "run"),
      spool(root / "spool"),
      warehouse(root / "warehouse"),
      published(root / "published"),
      lineage(root / "lineage"),
      models(root / "models") {}

Pipeline::Pipeline(Configuration configuration, const Clock& clock, Neighbours neighbours,
                   ledger::SigningKey key)
    : configuration_(std::move(configuration)),
      folders_(configuration_.state),
      clock_(clock),
      neighbours_(std::move(neighbours)),
      key_(std::move(key)),
      errors_(folders_.run) {}

Status Pipeline::create(const Configuration& configuration, const Clock& clock) {
    const PipelineFolders folders(configuration.state);
    TRY(make_folders(folders));
    TRY_LET(const auto store, open_store(configuration, clock));
    if (store->stat("ledger/head")) {
        return fail(
            ErrorKind::already_exists,
            "the store has a ledger already; run it, or remove it with `weir drop`, store={}",
            configuration.store);
    }
    TRY(store::probe_conditional_writes(*store, quick_probe));
    TRY_LET(const ledger::SigningKey key,
            ledger::create_key_file(folders.ledger_key(), "weir/" + configuration.pipeline));
    return ledger::Ledger::create(
        *store, key,
        {.pipeline = configuration.pipeline, .source = "postgres", .release = std::string(release)},
        clock);
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(const Configuration& configuration,
                                                 const Clock& clock) {
    TRY_LET(auto store, open_existing_store(configuration, clock));
    return open(configuration, clock, {.store = std::move(store)});
}

Result<std::unique_ptr<store::ObjectStore>> Pipeline::open_existing_store(
    const Configuration& configuration, const Clock& clock) {
    TRY(check_exists(configuration));
    return open_store(configuration, clock);
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(const Configuration& configuration,
                                                 const Clock& clock, Neighbours neighbours) {
    TRY(check_exists(configuration));
    const PipelineFolders folders(configuration.state);
    TRY(make_folders(folders));
    TRY_LET(ledger::SigningKey key,
            ledger::load_ledger_key(*neighbours.store, folders.ledger_key()));
    std::unique_ptr<Pipeline> pipeline(
        new Pipeline(configuration, clock, std::move(neighbours), std::move(key)));
    TRY_LET(pipeline->ledger_, ledger::Ledger::open(pipeline->store(), pipeline->key_, clock));
    TRY_LET(pipeline->data_keys_, DataKeys::open(pipeline->configuration_, clock));
    TRY_LET(pipeline->lineage_,
            StageLineage::open(pipeline->configuration_, *pipeline->ledger_, clock));
    return pipeline;
}

std::unique_ptr<sql::SqlSession> Pipeline::loading_session(
    std::unique_ptr<sql::SqlSession> session) const {
    return neighbours_.before_warehouse ? neighbours_.before_warehouse(std::move(session))
                                        : std::move(session);
}

Result<store::FileLock> Pipeline::lock(const fs::path& state, std::string_view stage) {
    auto lock = store::FileLock::acquire(lock_file(state, stage));
    const bool is_held = !lock && lock.error().kind() == ErrorKind::already_exists;
    return std::move(lock).with(
        fmt::format("{}: {}", is_held ? "another weir runs this stage" : "cannot run", stage));
}

Status Pipeline::check_idle(const Configuration& configuration) {
    for (const ledger::Stage stage : ledger::all_stages) {
        if (const auto holder =
                store::FileLock::holder(lock_file(configuration.state, to_string(stage)))) {
            return fail(ErrorKind::already_exists,
                        "a running weir works here; stop it first, pid={}, stage={}, store={}",
                        *holder, to_string(stage), configuration.store);
        }
    }
    return {};
}

Status Pipeline::remove(const Configuration& configuration, const Clock& clock) {
    if (configuration.is_on_s3()) {
        TRY(remove_objects(configuration, clock));
    } else {
        TRY(remove_folders(configuration.store, zones));
        TRY(remove_folders(configuration.store, std::array{".tmp"}));
    }
    TRY(remove_folders(configuration.state, std::array{"lineage", "models", "published", "run",
                                                       "spool", "warehouse", "keys"}));
    std::error_code error;  // A folder stays if somebody else keeps something there.
    fs::remove(configuration.state, error);
    fs::remove(configuration.store, error);
    return {};
}

Result<std::unique_ptr<store::ObjectStore>> open_store(const Configuration& configuration,
                                                       const Clock& clock) {
    if (!configuration.is_on_s3()) {
        return store::LocalStore::open(configuration.store);
    }
    return store::aws::S3Store::open(configuration.s3, store::aws::process_environment(), clock,
                                     std::make_unique<store::SystemPatience>());
}

capture::postgres::PostgresOptions source_options(const Configuration& configuration) {
    capture::postgres::PostgresOptions options;
    options.url = configuration.source_url;
    options.tables = configuration.tables;
    options.exclude = configuration.exclude;
    options.slot = configuration.slot;
    options.publication = configuration.publication;
    options.lock_wait = configuration.lock_wait;
    options.wait.longest = configuration.slot_wait;
    options.chunk_blocks = configuration.chunk_blocks;
    options.tags = configuration.tags;
    options.spool_folder = PipelineFolders(configuration.state).spool;
    return options;
}

Result<StageHold> StageHold::take(Pipeline& pipeline, ledger::Stage stage) {
    TRY_LET(store::FileLock lock, Pipeline::lock(pipeline.folders().state, to_string(stage)));
    TRY_LET(ledger::Lease lease, pipeline.ledger().take_lease(stage));
    StageHold hold{.lock = std::move(lock), .lease = std::move(lease), .state = {}};
    TRY(ledger::catch_up(hold.state, pipeline.ledger()));
    return hold;
}

}  // namespace weir::app
