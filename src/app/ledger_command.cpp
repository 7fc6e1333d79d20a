#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/entry_filter.h"
#include "app/entry_line.h"
#include "app/pipeline.h"
#include "app/proof.h"
#include "app/trusted_key.h"
#include "app/verify_mark.h"
#include "ledger/key_file.h"
#include "ledger/ledger_key.h"
#include "refine/quarantine_list.h"
#include "store/sealing_key.h"

namespace weir::app {
namespace {

/// Prints a line for each entry, or collects them for `--json`.
class Listing {
public:
    Listing(Report& report, ledger::Ledger& ledger, EntryFilter filter)
        : report_(report), ledger_(ledger), filter_(std::move(filter)) {}

    Status see(std::uint64_t index, const ledger::Entry& entry) {
        TRY_LET(const bool wanted, filter_.wants(entry, ledger_));
        if (!wanted) {
            return {};
        }
        if (report_.json()) {
            TRY_LET(const std::string text, ledger::format_entry(entry));
            entries_.push_back(nlohmann::json::parse(text));
            indexes_.push_back(index);
            return {};
        }
        TRY_LET(const std::string line, entry_line(index, entry));
        report_.line(line);
        return {};
    }

    void end() {
        report_.result({{"entries", std::move(entries_)}, {"indexes", std::move(indexes_)}});
    }

private:
    Report& report_;
    ledger::Ledger& ledger_;
    EntryFilter filter_;
    nlohmann::json entries_ = nlohmann::json::array();
    nlohmann::json indexes_ = nlohmann::json::array();
};

/// Shows how far hashing is, in whole per cent, and remembers it now and then.
class VerifyWatch {
public:
    VerifyWatch(CommandContext& context, std::filesystem::path mark)
        : context_(context), mark_(std::move(mark)) {}

    Status look(const ledger::VerifyProgress& progress) {
        const ledger::HashProgress& files = progress.files;
        const bool stopped = context_.stop.stop_requested();
        if (!files.last.key.empty() && (stopped || files.bytes >= remembered_ + remember_bytes ||
                                        files.bytes == files.total)) {
            TRY(write_verify_mark(mark_, {.checkpoint = progress.checkpoint, .last = files.last}));
            remembered_ = files.bytes;
        }
        if (stopped) {
            return fail(ErrorKind::cancelled,
                        "the verification was stopped; go on with --resume, hashed={}, bytes={}",
                        files.bytes, files.total);
        }
        show(files);
        return {};
    }

private:
    static constexpr std::uint64_t remember_bytes = 64U << 20U;

    void show(const ledger::HashProgress& files) {
        const std::uint64_t percent = files.total == 0 ? 100 : files.bytes * 100 / files.total;
        if (percent != percent_ && files.total >= remember_bytes) {
            percent_ = percent;
            context_.report.progress(
                fmt::format("hashed {} % of {} MiB", percent, files.total >> 20U));
        }
    }

    CommandContext& context_;
    std::filesystem::path mark_;
    std::uint64_t remembered_ = 0;  // Bytes hashed when it was last written.
    std::uint64_t percent_ = 0;
};

/// What the options add to a verification.
Status take_options(const LedgerVerifyOptions& options, const std::filesystem::path& mark,
                    ledger::VerifyOptions& verify) {
    if (!options.checkpoint.empty()) {
        TRY_LET(verify.known_checkpoints.emplace_back(), read_text(options.checkpoint));
    }
    if (options.resume) {
        auto resumed = read_verify_mark(mark);
        if (!resumed && resumed.error().kind() != ErrorKind::not_found) {
            return std::unexpected(resumed.error());
        }
        if (resumed) {  // What was hashed counts only for a ledger that goes on from that one.
            verify.known_checkpoints.push_back(std::move(resumed->checkpoint));
            verify.hashed = std::move(resumed->last);
        }
    }
    return {};
}

}  // namespace

Status ledger_show(CommandContext& context, const LedgerShowOptions& options) {
    TRY_LET(EntryFilter filter, EntryFilter::parse(options));
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    const ledger::TreeSize from = std::min(filter.from(), pipeline->ledger().size());
    Listing listing(context.report, pipeline->ledger(), std::move(filter));
    TRY(pipeline->ledger().read_each(from, [&](std::uint64_t index, const ledger::Entry& entry) {
        return listing.see(index, entry);
    }));
    listing.end();
    return {};
}

Result<ledger::VerifyReport> verify_ledger(Pipeline& pipeline,
                                           const ledger::VerifyOptions& options) {
    const ledger::VerifyingKey& key = pipeline.key().verifying_key();
    return ledger::verify(pipeline.store(), {&key, 1}, options);
}

Status ledger_verify(CommandContext& context, const LedgerVerifyOptions& options) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(const auto trusted, trusted_key(options.key));
    const std::filesystem::path mark = pipeline->folders().verify_mark();
    VerifyWatch watch(context, mark);
    ledger::VerifyOptions verify;
    verify.on_progress = [&](const ledger::VerifyProgress& progress) {
        return watch.look(progress);
    };
    TRY(take_options(options, mark, verify));
    const ledger::VerifyingKey key = trusted.value_or(pipeline->key().verifying_key());
    TRY_LET(const auto report, ledger::verify(pipeline->store(), {&key, 1}, verify));
    context.report.line(fmt::format("verified: {} entries, {} files, {} bytes", report.size.entries,
                                    report.files, report.bytes));
    context.report.result({{"verified", true},
                           {"entries", report.size.entries},
                           {"files", report.files},
                           {"bytes", report.bytes}});
    return {};
}

Status ledger_rotate_key(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    const std::string before = ledger::format_verifier_key(pipeline->key().verifying_key());
    TRY_LET(const auto key,
            ledger::rotate_ledger_key(pipeline->store(), pipeline->folders().ledger_key(), clock));
    const std::string after = ledger::format_verifier_key(key);
    context.report.line("the ledger is signed from now on by " + after);
    context.report.line("processes that run stop before they commit again: start them anew");
    context.report.result({{"verifier_key", after}, {"before", before}});
    return {};
}

Status ledger_key(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    const std::string key = ledger::format_verifier_key(pipeline->key().verifying_key());
    context.report.line(key);
    context.report.result({{"verifier_key", key}});
    return {};
}

Status quarantine_list(CommandContext& context) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(const auto key,
            store::SealingKey::load_or_create(pipeline->folders().quarantine_key()));
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline->ledger()));
    TRY_LET(const auto counts,
            refine::list_quarantine(pipeline->store(), pipeline->ledger(), state, key));
    nlohmann::json list = nlohmann::json::array();
    for (const auto& count : counts) {
        context.report.line(fmt::format("cut {}  {}.{}  {}  {} rows", count.cut.value,
                                        count.table.to_string(), count.column, count.reason,
                                        count.rows));
        list.push_back({{"cut", count.cut.value},
                        {"table", count.table.to_string()},
                        {"column", count.column},
                        {"reason", count.reason},
                        {"rows", count.rows}});
    }
    context.report.result({{"quarantine", std::move(list)}});
    return {};
}

}  // namespace weir::app
