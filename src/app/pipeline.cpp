#include "app/pipeline.h"

#include <fmt/format.h>

#include <utility>

#include "ledger/key_file.h"
#include "ledger/ledger_key.h"
#include "store/local_store.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view release = WEIR_VERSION;

fs::path lock_file(const fs::path& store, ledger::Stage stage) {
    return PipelineFolders(store).run / (std::string(ledger::to_string(stage)) + ".lock");
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

}  // namespace

PipelineFolders::PipelineFolders(const fs::path& root)
    : store(root),
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
      folders_(configuration_.store),
      clock_(clock),
      store_(std::move(store)),
      key_(std::move(key)),
      errors_(folders_.run) {}

Status Pipeline::create(const Configuration& configuration, const Clock& clock) {
    const PipelineFolders folders(configuration.store);
    TRY(make_folders(folders));
    TRY_LET(const auto store, store::LocalStore::open(configuration.store));
    if (store->stat("ledger/head")) {
        return fail(
            ErrorKind::already_exists,
            "the store has a ledger already; run it, or remove it with `weir drop`, store={}",
            configuration.store.string());
    }
    TRY_LET(const ledger::SigningKey key,
            ledger::create_key_file(folders.ledger_key(), "weir/" + configuration.pipeline));
    return ledger::Ledger::create(
        *store, key,
        {.pipeline = configuration.pipeline, .source = "postgres", .release = std::string(release)},
        clock);
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(const Configuration& configuration,
                                                 const Clock& clock) {
    const PipelineFolders folders(configuration.store);
    std::error_code error;
    if (!fs::exists(folders.ledger_key(), error)) {
        return fail(ErrorKind::not_found,
                    "there is no pipeline here yet; make one with `weir init`, "
                    "store={}",
                    configuration.store.string());
    }
    TRY(make_folders(folders));
    TRY_LET(auto store, store::LocalStore::open(configuration.store));
    TRY_LET(ledger::SigningKey key, ledger::load_ledger_key(*store, folders.ledger_key()));
    std::unique_ptr<Pipeline> pipeline(
        new Pipeline(configuration, clock, std::move(store), std::move(key)));
    TRY_LET(pipeline->ledger_, ledger::Ledger::open(*pipeline->store_, pipeline->key_, clock));
    TRY_LET(pipeline->data_keys_, DataKeys::open(pipeline->configuration_, clock));
    TRY_LET(pipeline->lineage_,
            StageLineage::open(pipeline->configuration_, *pipeline->ledger_, clock));
    return pipeline;
}

Status Pipeline::check_idle(const fs::path& store) {
    for (const ledger::Stage stage : ledger::all_stages) {
        if (const auto holder = store::FileLock::holder(lock_file(store, stage).string())) {
            return fail(ErrorKind::already_exists,
                        "a running weir works here; stop it first, pid={}, stage={}, store={}",
                        *holder, to_string(stage), store.string());
        }
    }
    return {};
}

Status Pipeline::remove(const fs::path& store) {
    std::error_code error;
    for (const char* part :
         {".tmp", "contracts", "landing", "ledger", "lineage", "models", "processing", "published",
          "quarantine", "run", "spool", "warehouse", "keys"}) {
        fs::remove_all(store / part, error);
        if (error) {
            return fail(ErrorKind::unavailable, "cannot remove the store: {}, store={}",
                        error.message(), store.string());
        }
    }
    fs::remove(store, error);  // Stays if somebody else keeps something there.
    return {};
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
    options.spool_folder = PipelineFolders(configuration.store).spool;
    return options;
}

Result<StageHold> StageHold::take(Pipeline& pipeline, ledger::Stage stage) {
    const std::string name(ledger::to_string(stage));
    TRY_LET(store::FileLock lock,
            store::FileLock::acquire(lock_file(pipeline.folders().store, stage).string())
                .with("another weir runs this stage: " + name));
    TRY_LET(ledger::Lease lease, pipeline.ledger().take_lease(stage));
    StageHold hold{.lock = std::move(lock), .lease = std::move(lease), .state = {}};
    TRY(ledger::catch_up(hold.state, pipeline.ledger()));
    return hold;
}

}  // namespace weir::app
