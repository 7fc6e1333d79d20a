"""Goal: whatever happens to the slot or to the server behind it, nothing is skipped in silence: weir goes on where that is
right, and otherwise stops with the reason, at a start and while it runs, having committed nothing.

Method: real servers, whose slots are dropped, made anew, advanced and invalidated, and which are exchanged, restored and
promoted; both ends are fingerprinted by other people's tools. What only PostgreSQL 18 can do is tried on 18.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer

DEPS = pathlib.Path(os.environ.get("WEIR_DEPS", pathlib.Path(__file__).resolve().parents[2] / ".deps"))
NEWEST = DEPS / "postgresql18" / "bin"
RUN = ("run", "--until-current")
TABLE = "create schema claims; create table claims.plan (id bigserial primary key, name text)"
WORK = "set synchronous_commit = on; insert into claims.plan (name) select md5(i::text) from generate_series(1, 50) i"
# A tenth of a megabyte that nobody decodes.
LOG = "select count(pg_logical_emit_message(false, 'ballast', repeat('x', 100000))) from generate_series(1, {})"
SLOT = "weir_claims"
ADVANCE = f"select pg_replication_slot_advance('{SLOT}', pg_current_wal_lsn())"
DROP = f"select pg_drop_replication_slot('{SLOT}')"
MAKE = f"select pg_create_logical_replication_slot('{SLOT}', 'pgoutput')"
RECREATE = f"{DROP}; {MAKE}"
LIMIT = {"max_slot_wal_keep_size": "48MB"}


def write_log(server, megabytes):
    server.psql(LOG.format(10 * megabytes))


def make_chain(server, folder, **options):
    """A pipeline that has captured something."""
    server.psql(TABLE + ";" + WORK)
    chain = Chain.make(server, folder, **options)
    chain.weir(*RUN)
    return chain


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        yield running


@pytest.fixture
def chain(server, tmp_path):
    return make_chain(server, tmp_path)


def check_stops_at_start(chain, reason):
    """Stops with exit code 5, the reason and the remedy, and has appended nothing; `status --check` says the same."""
    before = (chain.store / "ledger" / "head").read_bytes()
    error = chain.weir(*RUN, expect=5)["error"]
    assert reason in error and "`weir repair` goes on" in error
    assert (chain.store / "ledger" / "head").read_bytes() == before
    chain.weir("status", "--check", expect=5)


def check_repairs(chain):
    """Goes on after the gap, with what was changed and deleted in it, and keeps the history of before."""
    landed = chain.weir("status")["landed"]
    repaired = chain.weir("repair")
    assert repaired["tables"] == 1
    check_goes_on(chain)
    assert chain.weir("status")["aside"] == [] and chain.weir("status")["landed"] > landed
    assert [entry["before"] for entry in chain.entries("log lost")] == [repaired["before"]]
    assert "nothing to repair" in chain.weir("repair", expect=2)["error"]


@contextlib.contextmanager
def running(chain):
    run = chain.start("run")
    try:
        readers = f"select count(*) from pg_replication_slots where slot_name = '{SLOT}' and active"
        wait_until(lambda: chain.server.psql(readers) == "1", chain.log)
        yield run
    finally:
        run.send_signal(signal.SIGCONT)
        run.terminate()
        run.wait(60)


def check_ends(chain, run, reason):
    """The run that nobody has told to stop stops by itself, with exit code 5 and the reason."""
    assert run.wait(60) == 5, chain.log()
    assert reason in chain.log()
    landed = chain.weir("status")["landed"]
    assert reason in chain.weir(*RUN, expect=5)["error"]
    assert chain.weir("status")["landed"] == landed


def take_slot_from(chain, statements):
    """Ends the walsender that has the slot and is faster than the reader, who comes back."""
    def is_done():
        try:
            chain.server.psql("select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where active;"
                              + WORK + ";" + statements)
            return True
        except RuntimeError:
            return False
    wait_until(is_done, chain.log, seconds=30)


def check_goes_on(chain):
    chain.server.psql(WORK)
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]


LOSSES = [(DROP, "the replication slot is gone"), (RECREATE, "the slot is ahead of the ledger"),
          (ADVANCE, "the slot is ahead of the ledger")]
NAMES = ["dropped", "made_anew", "advanced_by_somebody_else"]


@pytest.mark.parametrize("statements, reason", LOSSES, ids=NAMES)
def test_at_a_start_a_slot_is_noticed_that_was(chain, server, statements, reason):
    for statement in (WORK, "delete from claims.plan where id % 7 = 0", *statements.split("; ")):
        server.psql(statement)
    check_stops_at_start(chain, reason)
    check_repairs(chain)


@pytest.mark.parametrize("statements, reason", LOSSES, ids=NAMES)
def test_while_weir_runs_a_slot_is_noticed_that_was(chain, statements, reason):
    with running(chain) as run:
        take_slot_from(chain, statements)
        check_ends(chain, run, reason)


def test_a_slot_made_anew_at_once_is_noticed_even_if_nothing_was_lost(chain, server):
    server.psql(DROP)
    server.psql(MAKE)
    check_stops_at_start(chain, "if the slot was read by somebody else or made anew")


def test_a_slot_of_another_plugin_is_noticed(chain, server):
    server.psql(DROP)
    server.psql(MAKE.replace("pgoutput", "test_decoding"))
    check_stops_at_start(chain, "made anew for another database or another plugin")
    check_repairs(chain)


def test_a_new_pipeline_after_a_lost_slot_works_too(chain, server):
    server.psql(DROP)
    chain.weir("drop", "--yes")
    chain.init()
    check_goes_on(chain)


def catches_up(chain):
    """Whether nothing threatens the slot any more: it moves on when its reader has seen what a checkpoint logs."""
    chain.server.psql("checkpoint")
    check_goes_on(chain)
    return subprocess.run(chain.command("status", "--check"), capture_output=True).returncode == 0


def test_a_slot_that_outgrew_the_limit_is_threatened_and_then_lost(tmp_path):
    """While weir is away the log grows to the limit at most, and monitoring hears of it before the slot is lost."""
    with PostgresServer.start(settings=LIMIT) as server:
        chain = make_chain(server, tmp_path)
        while (slot := chain.weir("status")["slot"])["safe_bytes"] >= slot["limit_bytes"] / 5:
            chain.weir("status", "--check")
            write_log(server, 2)
        assert slot["limit_bytes"] == 48 << 20 and slot["retained_bytes"] > 30 << 20 and slot["wal_status"] == "reserved"
        chain.weir("status", "--check", expect=6)
        wait_until(lambda: catches_up(chain), "the threat stays")
        write_log(server, 80)
        server.psql("checkpoint")
        assert chain.weir("status")["slot"]["wal_status"] == "lost"
        check_stops_at_start(chain, "the log that it holds was larger than max_slot_wal_keep_size")
        check_repairs(chain)


def test_while_weir_runs_a_slot_that_outgrew_the_limit_is_noticed(tmp_path):
    with PostgresServer.start(settings=LIMIT) as server:
        chain = make_chain(server, tmp_path)
        with running(chain) as run:
            run.send_signal(signal.SIGSTOP)
            server.psql(WORK)
            write_log(server, 90)
            server.psql("checkpoint")
            run.send_signal(signal.SIGCONT)
            check_ends(chain, run, "the server has invalidated the replication slot")


def test_a_slot_that_nobody_reads_is_threatened_and_then_lost(tmp_path):
    with PostgresServer.start(settings={"idle_replication_slot_timeout": "10s"}, programs=NEWEST) as server:
        chain = make_chain(server, tmp_path)
        assert chain.weir("status", "--check") and chain.weir("status")["slot"]["idle_limit_seconds"] == 10
        server.psql("select pg_sleep(8.5)")
        chain.weir("status", "--check", expect=6)
        server.psql("select pg_sleep(2)")
        server.psql("checkpoint")
        check_stops_at_start(chain, "nobody read it for idle_replication_slot_timeout")
        assert chain.weir("status")["slot"]["invalidation"] == "idle_timeout"


def move_to_port(server, port):
    """The server answers where another one did."""
    server.stop()
    server.port = port
    server.configure({"port": port})


def test_another_server_is_noticed_at_a_start_and_while_weir_runs(chain, server):
    with PostgresServer.start() as other:
        other.psql(TABLE)
        other.psql(f"create publication {SLOT} for table only claims.plan")
        other.psql(MAKE)
        with running(chain) as run:
            move_to_port(other, server.port)
            server.stop()
            other.start_again()
            check_ends(chain, run, "the source is another server than the ledger's")
        check_stops_at_start(chain, "the source is another server than the ledger's")
        check_repairs(chain)


def test_a_restored_source_is_noticed(chain, server):
    server.stop()
    shutil.copytree(server.data, server.folder / "copy")
    server.start_again()
    write_log(server, 8)
    check_goes_on(chain)
    server.stop()
    shutil.rmtree(server.data)
    shutil.copytree(server.folder / "copy", server.data)
    if os.geteuid() == 0:
        for path in (server.data, *server.data.rglob("*")):
            shutil.chown(path, "postgres", "postgres")
    server.start_again()
    check_stops_at_start(chain, "the source's log ends before the ledger")
    check_repairs(chain)


@pytest.fixture
def standby(chain, server):
    """A streaming copy of the server that the pipeline has captured from."""
    made = server.make_standby()
    yield made
    made.remove()


def fail_over(chain, primary, standby):
    primary.stop("immediate")
    standby.promote()
    chain.server = standby
    chain.connect_to(standby.url())


def test_a_promoted_standby_that_lacks_landed_changes_is_noticed(chain, server, standby):
    standby.psql("alter system set primary_conninfo = ''")
    standby.psql("select pg_reload_conf()")
    write_log(server, 1)
    check_goes_on(chain)
    fail_over(chain, server, standby)
    standby.psql(MAKE)
    check_stops_at_start(chain, "without changes that have landed")
    check_repairs(chain)


def test_a_promoted_standby_without_the_slot_is_noticed(chain, server, standby):
    server.psql(WORK)
    last = server.psql("select pg_current_wal_flush_lsn()")
    wait_until(lambda: standby.psql(f"select pg_last_wal_replay_lsn() >= '{last}'") == "t", "no replay")
    fail_over(chain, server, standby)
    check_stops_at_start(chain, "the replication slot is gone")


def test_a_standby_is_waited_for_until_it_is_promoted(chain, standby):
    """A run that could move nothing is not green."""
    chain.connect_to(standby.url())
    assert "the source is a standby" in chain.weir(*RUN, expect=3)["error"]


SYNCHRONIZED = {"sync_replication_slots": "on", "hot_standby_feedback": "on", "primary_slot_name": "standby"}


@contextlib.contextmanager
def primary_and_standby():
    """Two servers, of which the second keeps the logical slots of the first."""
    with PostgresServer.start(programs=NEWEST) as primary:
        primary.psql("select pg_create_physical_replication_slot('standby', true)")
        standby = primary.make_standby(SYNCHRONIZED | {
            "primary_conninfo": f"host=127.0.0.1 port={primary.port} user=postgres dbname=postgres"})
        try:
            primary.configure({"synchronized_standby_slots": "standby"})
            primary.psql("select pg_reload_conf()")
            yield primary, standby
        finally:
            standby.remove()


def both_hosts(primary, standby):
    return (f"postgres://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"
            "?target_session_attrs=read-write")


def is_kept(primary, standby):
    """Whether the standby would keep the slot if it were promoted. It waits for the slot to move, and that for its
    reader and for what a checkpoint writes to the log."""
    primary.psql(f"{WORK}; checkpoint; select pg_sleep(0.3)")
    return standby.psql("select count(*) from pg_replication_slots where synced and not temporary and "
                        "invalidation_reason is null") == "1"


def test_a_running_weir_follows_the_slot_to_a_promoted_standby(tmp_path):
    with primary_and_standby() as (primary, standby):
        chain = make_chain(primary, tmp_path, more="allow_plaintext: true\n")
        assert chain.weir("status")["slot"]["failover"]
        chain.connect_to(both_hosts(primary, standby))
        with running(chain):
            wait_until(lambda: is_kept(primary, standby), chain.log)
            for _ in range(5):
                primary.psql(WORK)
            primary.kill()
            standby.promote()
            chain.server = standby
            standby.psql(WORK)
            wait_until(lambda: len(chain.entries("source identified")) == 2, chain.log)
        check_goes_on(chain)
        sources = chain.entries("source identified")
        assert [source["timeline"] for source in sources] == [1, 2]
        assert sources[0]["system"] == sources[1]["system"]
