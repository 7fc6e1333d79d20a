// weir: the command line. What each command does is in app/commands.h.
#include <CLI/CLI.hpp>
#include <exception>
#include <functional>

#include "app/commands.h"
#include "app/stop_signals.h"

namespace weir::app {
namespace {

/// The commands and the options that they fill in.
class CommandLine {
public:
    explicit CommandLine(CommandContext& context) : context_(context) {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", std::string("weir ") + WEIR_VERSION);
        app_.add_option("--config", context_.configuration, "Configuration file")
            ->capture_default_str();
        app_.add_flag("--json", json_, "End with one JSON object on standard output");
        app_.fallthrough();
        add_set_up();
        add_stages();
        add_views();
        add_demo();
    }

    int run(int count, char** words) {
        try {
            app_.parse(count, words);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error) == 0 ? 0 : 2;
        }
        context_.report = Report(json_);
        const Status done = chosen_();
        if (!done) {
            context_.report.error(done.error());
            return exit_code_of(done.error());
        }
        return 0;
    }

private:
    int exit_code_of(const Error& error) const {
        constexpr int quality_failed = 4;
        constexpr int limit_near = 6;
        if (context_.quality_failed) {
            return quality_failed;
        }
        return context_.limit_near ? limit_near : exit_code(error.kind());
    }

    CLI::App* add(const std::string& name, const std::string& help, std::function<Status()> command,
                  CLI::App* under = nullptr) {
        CLI::App* added = (under == nullptr ? &app_ : under)->add_subcommand(name, help);
        added->callback([this, command = std::move(command)] { chosen_ = command; });
        return added;
    }

    void add_set_up() {
        CLI::App* made = add("init", "Look at a source and write weir.yaml for it",
                             [this] { return init(context_, init_); });
        made->add_option("url", init_.url, "postgres://user@host/database")->required();
        made->add_option("--tables", init_.tables, "Tables: schema.* or schema.table");
        made->add_option("--pipeline", init_.pipeline, "Name of the pipeline");
        made->add_option("--store", init_.store, "Folder for everything, or s3://bucket/prefix");
        made->add_option("--s3", init_.s3,
                         "A setting of the bucket: endpoint=URL, region=…, sse=…");
        made->add_flag("--snapshot-only", init_.snapshot_only, "For a source without logical WAL");
        made->add_flag("--ddl-trigger", init_.ddl_trigger,
                       "Make an event trigger that tells of changed tables exactly")
            ->excludes("--snapshot-only");
        made->add_flag("--print-grants", init_.print_grants,
                       "Write nothing; print the statements that give a role what it needs");
        made->add_option("--role", init_.role, "The role of --print-grants")->capture_default_str();
        add("check", "Say what to fix before a run, and how", [this] { return check(context_); });
        CLI::App* dropped = add("drop", "Remove slot, publications, DDL trigger and store",
                                [this] { return drop(context_, drop_); });
        dropped->add_flag("--keep-store", drop_.keep_store, "Keep ledger, files and warehouse");
        dropped->add_flag("--yes", drop_.yes, "Yes, remove it");
    }

    void add_stages() {
        CLI::App* whole =
            add("run", "Every stage, until SIGTERM", [this] { return app::run(context_, run_); });
        whole->add_flag("--until-current", run_.until_current,
                        "Catch up to the source's position at the start, and end");
        whole->add_flag("--standby", run_.standby,
                        "Wait while another process leads, and take over when it is gone");
        CLI::App* captured = add("capture", "Capture and land up to the source's position",
                                 [this] { return capture_command(context_, capture_); });
        captured->add_option("--boundaries-of", capture_.boundaries_of,
                             "Store whose cut boundaries are repeated");
        captured->add_flag("--continuous", capture_.continuous, "Until SIGTERM");
        CLI::App* again =
            add("snapshot", "Read tables again while the log goes on, and repair them",
                [this] { return snapshot_command(context_, snapshot_); });
        again->add_option("tables", snapshot_.tables, "schema.table");
        again->add_flag("--all", snapshot_.all, "Every table of the pipeline");
        add("repair", "Go on after the source's log was lost, and repair what it did not tell",
            [this] { return repair(context_); });
        add("refine", "Refine what has landed", [this] { return refine_command(context_); });
        add("load", "Load what is refined", [this] { return load_command(context_); });
        add("model", "Build the models of the last cut loaded, and publish them",
            [this] { return model_command(context_); });
        add("quality", "Evaluate the suites on the warehouse",
            [this] { return quality_command(context_); });
    }

    void add_views() {
        CLI::App* stands = add("status", "Say where each stage stands",
                               [this] { return status(context_, status_); });
        stands->add_flag("--check", status_.check,
                         "Fail if the source's log is lost to us, or will be soon");
        add_ledger();
        add_receipt();
        CLI::App* kept = app_.add_subcommand("quarantine", "Look at rows that did not fit");
        kept->require_subcommand(1);
        add(
            "list", "Count them by cut, table, column and reason",
            [this] { return quarantine_list(context_); }, kept);
        CLI::App* again = add("replay", "Rebuild processing and warehouse from the landing",
                              [this] { return replay(context_, replay_); });
        again->add_option("store", replay_, "Folder for what is rebuilt: new, or empty")
            ->required();
        CLI::App* asked =
            add("query", "Ask the warehouse", [this] { return query(context_, statement_); });
        asked->add_option("sql", statement_, "One statement")->required();
    }

    void add_ledger() {
        CLI::App* log = app_.add_subcommand("ledger", "Look at the ledger");
        log->require_subcommand(1);
        CLI::App* shown =
            add("show", "List entries", [this] { return ledger_show(context_, show_); }, log);
        shown->add_option("--cut", show_.cut, "Only about this cut, or these: 7, 7..9");
        shown->add_option("--table", show_.table, "Only about this table: schema.table");
        shown->add_option("--since", show_.since, "Only from this index, or this time (UTC), on");
        shown->add_option("--kind", show_.kind, "Only of this kind: \"cut landed\"");
        CLI::App* checked = add(
            "verify", "Check the log, and every file that it names",
            [this] { return ledger_verify(context_, verify_); }, log);
        checked->add_flag("--resume", verify_.resume,
                          "Hash only files after those that a verification before has hashed");
        checked->add_option("--key", verify_.key,
                            "Trust this verifier key, of any time, instead of the pipeline's");
        checked->add_option("--checkpoint", verify_.checkpoint,
                            "File with a checkpoint that was kept elsewhere");
        add(
            "key", "Print the key that verifies the ledger",
            [this] { return ledger_key(context_); }, log);
        add(
            "rotate-key", "Sign with a new key from now on",
            [this] { return ledger_rotate_key(context_); }, log);
    }

    void add_receipt() {
        CLI::App* proof = add("receipt", "Prove that a file or a cut was committed, to anybody",
                              [this] { return receipt(context_, receipt_); });
        proof->add_option("file", receipt_.file, "The file");
        proof->add_option("--cut", receipt_.cut, "A cut instead of a file");
        proof->add_option("--output", receipt_.output, "Where the receipt goes");
        proof->add_option("--verify", receipt_.verify, "Check this receipt, and the file's bytes");
        proof->add_option("--key", receipt_.key, "The verifier key that you trust, of any time");
    }

    void add_demo() {
        CLI::App* shown = add("demo", "A private payer database and the whole chain",
                              [this] { return demo(context_, demo_); });
        shown->add_option("--folder", demo_.folder, "Where it works; default: a temporary folder");
        shown->add_flag("--keep", demo_.keep, "Keep the folder and the server");
        shown->add_flag("--s3", demo_.s3, "Keep ledger and files on a server of S3 (versitygw)")
            ->excludes("--keep");
        shown->add_option("--scale", demo_.scale, "Claim lines of the first load");
        shown->add_option("--rate", demo_.rate, "Transactions a second");
        shown->add_option("--seconds", demo_.seconds, "How long the payer works");
    }

    CommandContext& context_;
    CLI::App app_{"weir: every change of a payer's database in its warehouse, with proof"};
    bool json_ = false;
    std::function<Status()> chosen_;
    InitOptions init_;
    DropOptions drop_;
    RunOptions run_;
    CaptureOptions capture_;
    SnapshotOptions snapshot_;
    StatusOptions status_;
    std::filesystem::path replay_;
    std::string statement_;
    LedgerShowOptions show_;
    LedgerVerifyOptions verify_;
    ReceiptOptions receipt_;
    DemoOptions demo_;
};

}  // namespace
}  // namespace weir::app

int main(int count, char** words) {
    try {
        const weir::app::StopSignals signals;
        weir::app::Report report(false);
        weir::app::CommandContext context{.report = report, .stop = signals.source()};
        return weir::app::CommandLine(context).run(count, words);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "weir: internal: %s\n", error.what());
        return 1;
    }
}
