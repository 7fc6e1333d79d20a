#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/report.h"
#include "base/result.h"

namespace weir::app {

/// What every command has.
struct CommandContext {
    std::filesystem::path configuration = "weir.yaml";
    Report& report;
    std::stop_source stop;
    bool quality_failed = false;  // Set by a command whose expectations or models do not hold.
    bool limit_near = false;      // Set by a command that fails before something else does.
};

struct InitOptions {
    std::string url;
    std::vector<std::string> tables;  // Empty: every schema that is not the server's own.
    std::string pipeline = "weir";
    std::string store = "weir-data";
    std::vector<std::string> s3;  // NAME=VALUE of the section `s3` of weir.yaml.
    bool snapshot_only = false;
    bool ddl_trigger = false;  // Make the trigger that tells of changed tables.
    bool print_grants = false;
    std::string role = "weir";  // Of the grants.
};
/// Looks at the source and writes weir.yaml for it, with proposed PHI tags. With `print_grants` it
/// writes nothing, and prints what a role of its own needs. With `ddl_trigger` a weir.yaml that is
/// there stays as it is, and its pipeline gets the trigger.
Status init(CommandContext& context, const InitOptions& options);
/// Says what to fix before a run, and how. Fails with `invalid` if anything must be.
Status check(CommandContext& context);

struct RunOptions {
    bool until_current = false;
    bool standby = false;  // Wait until no other process leads.
};
/// Leads the pipeline while it runs (docs/formats/lease.md): at once, or as a standby.
Status run(CommandContext& context, const RunOptions& options);

struct CaptureOptions {
    /// Another ledger's store whose cut boundaries are repeated.
    std::optional<std::filesystem::path> boundaries_of;
    bool continuous = false;
};
// One stage up to the last cut that its input has.
Status capture_command(CommandContext& context, const CaptureOptions& options);
Status refine_command(CommandContext& context);
Status load_command(CommandContext& context);
Status model_command(CommandContext& context);
Status quality_command(CommandContext& context);

struct SnapshotOptions {
    std::vector<std::string> tables;
    bool all = false;
};
/// Asks that tables be read again while the log goes on: what the warehouse has otherwise is
/// repaired, deletes included.
Status snapshot_command(CommandContext& context, const SnapshotOptions& options);

/// Goes on after a log that is lost: makes a new slot, and has all tables read again beside it.
/// Fails with `invalid` if nothing is lost.
Status repair(CommandContext& context);

struct StatusOptions {
    bool check = false;
};
/// Says for each stage where it stands, how far behind, what it fails at and who runs it, and what
/// the source keeps for us. With `check` it fails if the source's log does not go on from the
/// ledger, or will not for long.
Status status(CommandContext& context, const StatusOptions& options);
Status query(CommandContext& context, const std::string& statement);
struct LedgerShowOptions {
    std::string cut = {};    // "7" or "7..9"
    std::string table = {};  // "schema.table"
    std::string since = {};  // An index, or a time.
    std::string kind = {};
};
/// Lists the entries that are all of this, in the ledger's order.
Status ledger_show(CommandContext& context, const LedgerShowOptions& options);
struct LedgerVerifyOptions {
    bool resume = false;
    std::string key;                   // A verifier key, or the file that holds it.
    std::filesystem::path checkpoint;  // Kept elsewhere.
};
/// Checks the ledger and every file that it names, and remembers how far it is.
Status ledger_verify(CommandContext& context, const LedgerVerifyOptions& options);
/// Has another key sign from now on. Processes that run stop before they commit again.
Status ledger_rotate_key(CommandContext& context);
struct ReceiptOptions {
    std::filesystem::path file;
    std::optional<std::uint64_t> cut;
    std::filesystem::path output;
    std::filesystem::path verify;  // Check this receipt instead of making one.
    std::string key;               // A verifier key, or the file that holds it.
};
/// Makes the proof that a file or a cut was committed, or checks one, which needs no pipeline.
Status receipt(CommandContext& context, const ReceiptOptions& options);
/// Prints the key that verifies the ledger, in the note format.
Status ledger_key(CommandContext& context);
Status quarantine_list(CommandContext& context);
/// Rebuilds processing and warehouse from the landing in a store of its own, and compares.
Status replay(CommandContext& context, const std::filesystem::path& folder);
struct DropOptions {
    bool keep_store = false;
    bool yes = false;
};
/// Removes slot, publication and store. Fails with `invalid` without `yes`, saying what would go.
Status drop(CommandContext& context, const DropOptions& options);

struct DemoOptions {
    std::filesystem::path folder;  // Empty: a temporary one.
    bool keep = false;
    std::uint64_t scale = 1'000'000;
    std::uint64_t rate = 500;
    std::uint64_t seconds = 60;
    bool s3 = false;  // The store is a bucket of a server of its own.
};
Status demo(CommandContext& context, const DemoOptions& options);

}  // namespace weir::app
