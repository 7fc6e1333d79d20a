#include "ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "ledger/file_list.h"
#include "ledger/key_rotation.h"
#include "ledger/run_id.h"

namespace weir::ledger {
namespace {

constexpr int tries_max = 1000;
constexpr std::uint64_t page_entries = 16 * tile_width;

Result<std::vector<Entry>> parse_all(std::span<const std::string> texts, TreeSize first) {
    std::vector<Entry> entries;
    entries.reserve(texts.size());
    for (std::size_t index = 0; index < texts.size(); ++index) {
        TRY_LET(Entry entry,
                parse_entry(texts[index]).with(fmt::format("entry {}", first.entries + index)));
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace

Status Ledger::create(store::ObjectStore& store, const SigningKey& key,
                      const PipelineCreated& created, const Clock& clock) {
    TRY_LET(std::string run_id, new_run_id(clock.now()));
    TRY_LET(std::string text, format_entry({.body = created,
                                            .run = {.id = std::move(run_id),
                                                    .stage = Stage::operate,
                                                    .epoch = {},
                                                    .time = clock.now()}}));
    return TileLog::create(store, key, std::move(text)).with("cannot create ledger");
}

Result<std::unique_ptr<Ledger>> Ledger::open(store::ObjectStore& store, const SigningKey& key,
                                             const Clock& clock) {
    TRY_LET(TileLog log, TileLog::open(store, key).with("cannot open ledger"));
    return std::unique_ptr<Ledger>(new Ledger(store, clock, std::move(log)));
}

Ledger::~Ledger() {
    // Whoever opens the ledger next mends a failure.
    static_cast<void>(log_.finish());
}

TreeSize Ledger::size() const {
    const std::lock_guard lock(mutex_);
    return log_.size();
}

Result<std::vector<Entry>> Ledger::read_from(TreeSize from) {
    const std::lock_guard lock(mutex_);
    TRY(finish_if_due());
    TRY_LET(const auto news, refresh());
    TRY(check_begin(from));
    TRY_LET(const auto texts, log_.read(from, log_.size()));
    return parse_all(texts, from);
}

Result<Lease> Ledger::take_lease(Stage stage) {
    const std::lock_guard lock(mutex_);
    const EntryBody body = LeaseTaken{};
    TRY_LET(const std::string run_id, new_run_id(clock_.now()));
    for (int tries = 0; tries < tries_max; ++tries) {
        TRY_LET(const auto news, refresh());
        TRY_LET(const Epoch before, epoch_of(stage));
        TRY(check_not_replaced(stage, before));
        Lease lease{.stage = stage, .epoch = {before.value + 1}, .run_id = run_id};
        TRY_LET(const auto texts, format(lease, {&body, 1}));
        const auto taken = taken_;
        taken_[stage] = lease.epoch;  // If the outcome stays unknown, it may be ours.
        TRY_LET(const bool appended, try_append(texts).with("cannot take lease"));
        if (appended) {
            epochs_[stage] = lease.epoch;
            return lease;
        }
        taken_ = taken;
    }
    return fail(ErrorKind::unavailable, "cannot take lease: others win every swap; retry, stage={}",
                to_string(stage));
}

Status Ledger::check_begin(TreeSize from) const {
    if (from > log_.size()) {
        return fail(ErrorKind::invalid, "cannot read ledger: it is shorter, from={}, size={}",
                    from.entries, log_.size().entries);
    }
    return {};
}

Status Ledger::read_each(TreeSize from, const SeeEntry& see) {
    {
        const std::lock_guard lock(mutex_);
        TRY(finish_if_due());
        TRY(refresh());
        TRY(check_begin(from));
    }
    const TreeSize end = size();
    for (TreeSize begin = from; begin < end;) {
        const TreeSize next{std::min(begin.entries + page_entries, end.entries)};
        std::vector<std::string> texts;
        {
            const std::lock_guard lock(mutex_);
            TRY_LET(texts, log_.read(begin, next));
        }
        TRY_LET(const auto entries, parse_all(texts, begin));
        for (std::size_t index = 0; index < entries.size(); ++index) {
            TRY(see(begin.entries + index, entries[index]));
        }
        begin = next;
    }
    return {};
}

Result<TreeSize> Ledger::append(const Lease& lease, std::span<const EntryBody> bodies) {
    TRY_LET(auto texts, format(lease, bodies));
    Waiting own{.lease = lease, .texts = std::move(texts)};
    {
        const std::lock_guard lock(waiting_mutex_);
        waiting_.push_back(&own);
    }
    const std::lock_guard lock(mutex_);
    if (!own.outcome) {  // Whoever had the lock before may have appended ours with its own.
        append_waiting();
    }
    WEIR_ASSERT(own.outcome.has_value());
    return *std::move(own.outcome);
}

std::size_t Ledger::waiting() const {
    const std::lock_guard lock(waiting_mutex_);
    return waiting_.size();
}

void Ledger::append_waiting() {
    std::vector<Waiting*> group;
    {
        const std::lock_guard lock(waiting_mutex_);
        group = std::exchange(waiting_, {});
    }
    const Status appended = append_group(group);
    for (Waiting* const one : group) {
        if (!one->outcome) {
            one->outcome = appended ? Result<TreeSize>(log_.size())
                                    : Result<TreeSize>(std::unexpected(appended.error()));
        }
    }
}

Status Ledger::append_group(std::span<Waiting* const> group) {
    TRY(finish_if_due());
    for (int tries = 0; tries < tries_max; ++tries) {
        const auto texts = join_leased(group);
        if (texts.empty()) {
            return {};
        }
        TRY_LET(const bool appended, try_append(texts).with("cannot append to ledger"));
        if (appended) {
            return {};
        }
    }
    return fail(ErrorKind::unavailable, "cannot append: others win every swap; retry, entries={}",
                log_.size().entries);
}

std::vector<std::string> Ledger::join_leased(std::span<Waiting* const> group) {
    std::vector<std::string> texts;
    for (Waiting* const one : group) {
        if (one->outcome) {
            continue;
        }
        if (const Status leased = check_lease(one->lease); !leased) {
            one->outcome = std::unexpected(leased.error());
            continue;
        }
        texts.insert(texts.end(), one->texts.begin(), one->texts.end());
    }
    return texts;
}

Status Ledger::rotate_key(const Lease& lease, const SigningKey& next) {
    const std::lock_guard lock(mutex_);
    for (int tries = 0; tries < tries_max; ++tries) {
        TRY(check_lease(lease));
        TRY_LET(const EntryBody body, ledger::rotate_key(log_.key(), next));
        TRY_LET(const auto texts, format(lease, {&body, 1}));
        TRY_LET(const bool appended, try_append(texts, &next).with("cannot rotate key"));
        if (appended) {
            return {};
        }
    }
    return fail(ErrorKind::unavailable, "cannot rotate key: others win every swap; retry");
}

Result<std::vector<std::string>> Ledger::format(const Lease& lease,
                                                std::span<const EntryBody> bodies) const {
    const Run run{
        .id = lease.run_id, .stage = lease.stage, .epoch = lease.epoch, .time = clock_.now()};
    std::vector<std::string> texts;
    for (const EntryBody& body : bodies) {
        TRY_LET(std::string text, format_entry({.body = body, .run = run}));
        texts.push_back(std::move(text));
    }
    return texts;
}

Result<bool> Ledger::try_append(std::span<const std::string> texts, const SigningKey* next) {
    const Status appended =
        next == nullptr ? log_.append(texts) : log_.append_and_rotate(texts, *next);
    if (appended) {
        return true;
    }
    const bool in_doubt = appended.error().kind() == ErrorKind::in_doubt;
    if (!in_doubt && appended.error().kind() != ErrorKind::conflict) {
        return std::unexpected(appended.error());
    }
    const TreeSize before = log_.size();
    const auto between = log_.refresh();
    if (!between) {
        return std::unexpected(in_doubt ? appended.error() : between.error());
    }
    TRY_LET(const auto entries, parse_all(*between, before));
    note_epochs(entries);
    // Ours may be there: a store that retries by itself reports its own success as lost.
    return between->size() >= texts.size() &&
           std::equal(texts.begin(), texts.end(), between->begin());
}

Result<std::vector<Entry>> Ledger::refresh() {
    const TreeSize before = log_.size();
    TRY_LET(const auto texts, log_.refresh());
    TRY_LET(auto entries, parse_all(texts, before));
    note_epochs(entries);
    return entries;
}

void Ledger::note_epochs(std::span<const Entry> entries) {
    for (const Entry& entry : entries) {
        Epoch& known = epochs_[entry.run.stage];
        known = std::max(known, entry.run.epoch);
    }
}

Result<Epoch> Ledger::epoch_of(Stage stage) {
    // Epochs only rise, so the last entry of a stage has its highest. Only such entries are parsed.
    const std::string mark = fmt::format(R"("stage":"{}")", to_string(stage));
    for (TreeSize end = log_.size(); !epochs_.contains(stage) && end.entries > 0;) {
        const TreeSize begin{(end.entries - 1) / tile_width * tile_width};
        TRY_LET(const auto texts, log_.read(begin, end));
        const auto last = std::find_if(texts.rbegin(), texts.rend(), [&](const std::string& text) {
            return text.contains(mark);
        });
        if (last != texts.rend()) {
            TRY_LET(const Entry entry, parse_entry(*last));
            epochs_[stage] = entry.run.epoch;
        }
        end = begin;
    }
    return epochs_[stage];
}

Status Ledger::finish() {
    const std::lock_guard lock(mutex_);
    return finish_log();
}

Status Ledger::finish_if_due() {
    return clock_.steady_now() - finished_at_ >= finish_interval ? finish_log() : Status{};
}

Status Ledger::finish_log() {
    TRY(log_.finish());
    finished_at_ = clock_.steady_now();
    return {};
}

Status Ledger::check_not_replaced(Stage stage, Epoch newest) const {
    const bool makes_cuts =
        stage == Stage::capture || stage == Stage::refine || stage == Stage::load;
    const auto own = taken_.find(stage);
    if (makes_cuts && own != taken_.end() && own->second < newest) {
        return fail(ErrorKind::denied,
                    "cannot take lease: another process has taken this stage's lease since; stop "
                    "this one, stage={}, epoch={}, newest={}",
                    to_string(stage), own->second.value, newest.value);
    }
    return {};
}

Status Ledger::check_lease(const Lease& lease) {
    TRY_LET(const Epoch newest, epoch_of(lease.stage));
    if (newest != lease.epoch || newest == Epoch{}) {
        return fail(ErrorKind::denied,
                    "cannot append: another process has taken this stage's lease; stop this one, "
                    "stage={}, epoch={}, newest={}",
                    to_string(lease.stage), lease.epoch.value, newest.value);
    }
    return {};
}

Result<FileList> Ledger::store_files(std::vector<DataFile> files) {
    return store_file_list(store_, std::move(files));
}

Result<std::vector<DataFile>> Ledger::read_files(const FileList& files) const {
    return read_file_list(store_, files);
}

Result<SchemaChanged> Ledger::store_contract(const catalog::TableContract& contract) {
    const std::string text = catalog::to_json(contract);
    SchemaChanged entry{
        .table = contract.name, .version = contract.version, .contract = sha256(text)};
    TRY(create_named_by_hash(store_, contract_key(entry), std::as_bytes(std::span(text))));
    return entry;
}

Result<catalog::TableContract> Ledger::read_contract(const SchemaChanged& entry) const {
    const std::string key = contract_key(entry);
    TRY_LET(const std::string text, read_named_by_hash(store_, key, entry.contract));
    TRY_LET(auto contract, catalog::contract_from_json(text).with(key));
    if (contract.name != entry.table || contract.version != entry.version) {
        return fail(ErrorKind::corrupt, "the contract is of another table or version, path={}",
                    key);
    }
    return contract;
}

}  // namespace weir::ledger
