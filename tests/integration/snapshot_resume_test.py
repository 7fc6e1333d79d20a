"""Goal: a snapshot that is killed goes on where it was: no chunk that landed is read again, and the payer's
changes in between are neither lost nor doubled. A source that bears no long snapshot is read in several; a time-out of
its role, or a table that others have locked, is waited for and told.

Method: `weir run --until-current` is killed with SIGKILL after some chunks, three times, while the simulator
works; it is stopped with SIGSTOP until the server has ended its sessions; the ledger says what was read in which
reading; both ends are fingerprinted by psql and duckdb. What only PostgreSQL 18 can do is tried on 18.
"""

import collections
import os
import pathlib
import re
import signal

import pytest

from chain import Chain, simulate, start_simulator, wait_until
from kill_at import KillAt
from landing import repeated_versions
from postgres import PostgresServer

DEPS = pathlib.Path(os.environ.get("WEIR_DEPS", pathlib.Path(__file__).resolve().parents[2] / ".deps"))
NEWEST = DEPS / "postgresql18" / "bin"
SETTING = ("--seed", 17, "--scale", 4000, "--alter-at", 0)


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        simulate(running, *SETTING, "--load")
        yield running


@pytest.fixture
def chain(server, tmp_path):
    made = Chain.make(server, tmp_path)
    yield made
    made.weir("drop", "--yes")


def landed_chunks(chain):
    """Returns the chunks in the ledger, as long as nobody writes to it."""
    return [(entry["table"], entry["chunk"]) for entry in chain.entries("chunk landed")]


def told_chunks(chain):
    """Returns how many chunks the runs so far have told of."""
    log = chain.folder / "weir.log"
    return log.read_text().count("snapshot: ") if log.exists() else 0


def kill_in_snapshot(chain):
    """Starts a run and kills it while one of its first chunks gets its name."""
    run = chain.start("run", "--until-current", environment=KillAt(chain.folder).at("worker", "/landing/", 50))
    assert run.wait(120) == -signal.SIGKILL, chain.log()


def check_equal(chain):
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]
    assert repeated_versions(chain) == {}


def test_a_killed_snapshot_goes_on_with_the_next_chunk(server, chain):
    chain.configuration.write_text(chain.configuration.read_text().replace("chunk_blocks: 16", "chunk_blocks: 8"))
    payer = start_simulator(server, *SETTING, "--run", 1_000_000, "--rate", 200, "--resume")
    try:
        seen = []
        for _ in range(3):
            kill_in_snapshot(chain)
            assert len(landed_chunks(chain)) >= len(seen) + 4
            assert landed_chunks(chain)[:len(seen)] == seen
            seen = landed_chunks(chain)
        chain.weir("run", "--until-current")
    finally:
        payer.send_signal(signal.SIGTERM)
        assert payer.wait(120) == 0
    assert len(chain.entries("snapshot started")) == 1
    assert len(chain.entries("snapshot resumed")) == 3
    counts = collections.Counter(landed_chunks(chain))
    assert set(counts.values()) == {1}, "a chunk was read twice"
    assert len({entry["position"] for entry in chain.entries("chunk landed")}) == 4
    first = chain.entries("cut landed")[0]
    assert first["snapshot_attempt"] == 1 and first["transactions"] > 0
    check_equal(chain)


def test_a_source_that_bears_no_long_snapshot_is_read_in_several(server, tmp_path):
    chain = Chain(server, tmp_path)
    text = chain.configuration.read_text()
    # Shorter than any chunk takes, so a reading is over once each of its three sessions read one.
    chain.configuration.write_text(text.replace("chunk_blocks: 16", "chunk_blocks: 64\n  snapshot_hold: 1ms"))
    chain.init()
    payer = start_simulator(server, *SETTING, "--run", 1_000_000, "--rate", 200, "--resume")
    try:
        chain.weir("run", "--until-current")
    finally:
        payer.send_signal(signal.SIGTERM)
        assert payer.wait(120) == 0
    chunks = len(landed_chunks(chain))
    assert chunks > 4
    assert len(chain.entries("snapshot resumed")) + 1 >= chunks / 3
    check_equal(chain)
    chain.weir("drop", "--yes")


def test_a_slot_that_is_lost_before_the_snapshots_cut_has_it_begin_anew(server, chain):
    """Nothing has landed that could be repaired, and the log between the readings is gone."""
    chain.configuration.write_text(chain.configuration.read_text().replace("chunk_blocks: 16", "chunk_blocks: 2"))
    kill_in_snapshot(chain)
    before = told_chunks(chain)
    run = chain.start("run", "--until-current")
    try:
        wait_until(lambda: told_chunks(chain) > before or run.poll() is not None, chain.log)
        run.send_signal(signal.SIGSTOP)
        assert len(chain.entries("snapshot resumed")) == 1
        server.psql("select pg_logical_emit_message(false, 'other', 'more')")
        server.psql("select pg_replication_slot_advance('weir_claims', pg_current_wal_lsn())")
    finally:
        run.send_signal(signal.SIGCONT)
    assert run.wait(300) == 0, chain.log()
    assert len(chain.entries("snapshot started")) == 2
    assert [entry["snapshot_attempt"] for entry in chain.entries("cut landed")][0] == 2
    check_equal(chain)


def test_progress_says_rows_rate_and_time_left(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    run = chain.start("run", "--until-current")
    assert run.wait(300) == 0, chain.log()
    line = re.compile(r"snapshot: \d+ of \d+ chunks, \d+ rows, \d+ rows/s, about \d+ s left, claims\.\w+")
    assert line.search((chain.folder / "weir.log").read_text())
    chain.weir("drop", "--yes")


def sessions_in_transaction(server):
    """Returns how many transactions weir's role has open, and how many sessions."""
    counts = server.psql("select count(xact_start), count(*) from pg_stat_activity where usename = 'weir'")
    return tuple(int(count) for count in counts.split("|"))


@pytest.mark.parametrize("setting, programs", [("idle_in_transaction_session_timeout", None), ("transaction_timeout", NEWEST)])
def test_a_reading_that_the_server_ends_goes_on_with_the_next(tmp_path, setting, programs):
    with PostgresServer.start(programs=programs) as server:
        simulate(server, "--seed", 17, "--scale", 1000, "--alter-at", 0, "--load")
        server.psql("create role weir superuser login")
        chain = Chain.make(server, tmp_path, user="weir")
        chain.configuration.write_text(chain.configuration.read_text().replace("chunk_blocks: 16", "chunk_blocks: 2"))
        run = chain.start("run")
        try:
            wait_until(lambda: told_chunks(chain) >= 2 or run.poll() is not None, chain.log)
            run.send_signal(signal.SIGSTOP)
            # The readers alone: who has made the snapshot is gone.
            wait_until(lambda: sessions_in_transaction(server) == (3, 3), lambda: sessions_in_transaction(server))
            run.send_signal(signal.SIGCONT)
        finally:
            run.kill()
            run.wait()
        server.psql(f"alter role weir set {setting} = '3s'")
        landed = len(landed_chunks(chain))
        before = told_chunks(chain)
        run = chain.start("run")
        try:
            wait_until(lambda: told_chunks(chain) > before or run.poll() is not None, chain.log)
            run.send_signal(signal.SIGSTOP)
            wait_until(lambda: sessions_in_transaction(server)[0] == 0, lambda: sessions_in_transaction(server))
            run.send_signal(signal.SIGCONT)
            wait_until(lambda: chain.entries("cut landed"), chain.log)
        finally:
            run.send_signal(signal.SIGTERM)
            assert run.wait(60) == 0, chain.log()
        assert landed > 0 and len(chain.entries("snapshot started")) == 1
        assert len(chain.entries("snapshot resumed")) >= 2
        assert set(collections.Counter(landed_chunks(chain)).values()) == {1}, "a chunk was read twice"
        check_equal(chain)


def test_a_table_that_others_have_locked_is_told_and_read_later(server, tmp_path):
    """A run that could not read a table is not green; one that goes on reads it when it is free."""
    chain = Chain(server, tmp_path)
    text = chain.configuration.read_text()
    chain.configuration.write_text(text.replace("chunk_blocks: 16", "chunk_blocks: 16\n  lock_wait: 200ms"))
    chain.init()
    holder = server.open_session()
    process = holder.run("begin; lock table claims.plan in access exclusive mode; select pg_backend_pid();")[-1]
    error = chain.weir("run", "--until-current", expect=3)["error"]
    assert "another session has locked the table" in error
    assert f"table=claims.plan, holder=process {process}" in error
    run = chain.start("run")
    try:
        wait_until(lambda: "holder=process" in chain.log(), chain.log)
        holder.run("commit;")
        holder.close()
        wait_until(lambda: chain.entries("cut landed"), chain.log)
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0, chain.log()
    check_equal(chain)
    chain.weir("drop", "--yes")


def test_without_a_slot_all_is_read_in_one_reading(server, tmp_path):
    chain = Chain(server, tmp_path)
    text = chain.configuration.read_text()
    chain.configuration.write_text(
        text.replace("chunk_blocks: 16", "chunk_blocks: 16\n  snapshot_hold: 1ms\n  snapshot_only: true"))
    chain.init()
    check_equal(chain)
    assert len(chain.entries("snapshot started")) == 1
    chain.weir("drop", "--yes")
