"""Goal: a snapshot that is killed goes on where it was: no chunk that landed is read again, and the payer's
changes in between are neither lost nor doubled. A source that bears no long snapshot is read in several.

Method: `weir run --until-current` is killed with SIGKILL after some chunks, three times, while the simulator
works; the ledger says what was read in which reading; both ends are fingerprinted by psql and duckdb.
"""

import collections
import re
import signal

import pytest

from chain import Chain, simulate, start_simulator, wait_until
from landing import repeated_versions
from postgres import PostgresServer

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


def kill_after(chain, chunks):
    """Starts a run and kills it as soon as it has landed so many chunks."""
    before = told_chunks(chain)
    run = chain.start("run", "--until-current")
    try:
        wait_until(lambda: told_chunks(chain) - before >= chunks or run.poll() is not None, chain.log)
        assert run.poll() is None, chain.log()
    finally:
        run.kill()
        run.wait()


def check_equal(chain):
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]
    assert repeated_versions(chain) == {}


def test_a_killed_snapshot_goes_on_with_the_next_chunk(server, chain):
    payer = start_simulator(server, *SETTING, "--run", 1_000_000, "--rate", 200, "--resume")
    try:
        seen = []
        for _ in range(3):
            kill_after(chain, 4)
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
    # Shorter than any chunk takes, so a reading is over once each of its two sessions read one.
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
    assert len(chain.entries("snapshot resumed")) + 1 >= chunks / 2
    check_equal(chain)
    chain.weir("drop", "--yes")


def test_progress_says_rows_rate_and_time_left(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    run = chain.start("run", "--until-current")
    assert run.wait(300) == 0, chain.log()
    line = re.compile(r"snapshot: \d+ of \d+ chunks, \d+ rows, \d+ rows/s, about \d+ s left, claims\.\w+")
    assert line.search((chain.folder / "weir.log").read_text())
    chain.weir("drop", "--yes")
