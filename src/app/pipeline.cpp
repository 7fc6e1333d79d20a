#include "app/pipeline.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "ledger/key_file.h"
#include "store/aws/s3_store.h"
#include "store/conditional_write_probe.h"
#include "store/local_store.h"
#include "store/patience.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view release = WEIR_VERSION;
constexpr store::ProbeOptions quick_probe{.rounds = 2, .writers = 4};  // `weir check` does more.
constexpr std::array zones{"contracts", "landing", "ledger", "probe", "processing", "quarantine"};

fs::path lock_file(const fs::path& state, ledger::Stage stage) {
    return PipelineFolders(state).run / (std::string(ledger::to_string(stage)) + ".lock");
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
            return fail(ErrorKind::unavailable,
                        "cannot make a folder of the store: {}; check rights and space, folder={}",
                        error.message(), folder.string());
        }
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

Pipeline::Pipeline(Configuration configuration, const Clock& clock,
                   std::unique_ptr<store::ObjectStore> store, ledger::SigningKey key)
    : configuration_(std::move(configuration)),
      folders_(configuration_.state),
      clock_(clock),
      store_(std::move(store)),
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
    const PipelineFolders folders(configuration.state);
    std::error_code error;
    if (!fs::exists(folders.ledger_key(), error)) {
        return fail(ErrorKind::not_found,
                    "there is no pipeline here yet; make one with `weir init`, or bring its keys, "
                    "store={}, state={}",
                    configuration.store, configuration.state.string());
    }
    TRY(make_folders(folders));
    TRY_LET(auto store, open_store(configuration, clock));
    TRY_LET(ledger::SigningKey key, ledger::load_key_file(folders.ledger_key()));
    std::unique_ptr<Pipeline> pipeline(
        new Pipeline(configuration, clock, std::move(store), std::move(key)));
    TRY_LET(pipeline->ledger_, ledger::Ledger::open(*pipeline->store_, pipeline->key_, clock));
    TRY_LET(pipeline->lineage_,
            StageLineage::open(pipeline->configuration_, *pipeline->ledger_, clock));
    return pipeline;
}

Status Pipeline::check_idle(const Configuration& configuration) {
    for (const ledger::Stage stage : ledger::all_stages) {
        if (const auto holder =
                store::FileLock::holder(lock_file(configuration.state, stage).string())) {
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
    const std::string name(ledger::to_string(stage));
    TRY_LET(store::FileLock lock,
            store::FileLock::acquire(lock_file(pipeline.folders().state, stage).string())
                .with("another weir runs this stage: " + name));
    TRY_LET(ledger::Lease lease, pipeline.ledger().take_lease(stage));
    StageHold hold{.lock = std::move(lock), .lease = std::move(lease), .state = {}};
    TRY(ledger::catch_up(hold.state, pipeline.ledger()));
    return hold;
}

}  // namespace weir::app
