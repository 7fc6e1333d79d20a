"""Goal: every cut ends at a transaction's end, and history as of a cut is what the source held there, though weir was killed.

Method: the payer simulator works while `weir run` is killed with SIGKILL again and again. What the source held at a
cut's position is rebuilt from what the server's own plugin test_decoding says of the log; it is compared with the
history as of that cut by fingerprint. Landed files and history are asked, by the duckdb package, for changes that are there twice.
"""

import bisect
import collections
import random
import signal
import time

import duckdb
import pytest

import canonical_text
import fingerprint
import history
from chain import Chain, simulate, start_simulator
from postgres import PostgresServer
from decoded_log import DecodingSlot, Replay, find_keys, position

SETTING = ("--seed", 7, "--scale", 2000, "--bulk-at", 300, "--alter-at", 500)
KILLS = 8
TRANSACTIONS = 1500
CUTS = 20


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        yield running


def work_and_kill(chain, server, pause):
    """Lets the payer work while weir runs and is killed; the last run lives until the work is done."""
    payer_works = start_simulator(server, *SETTING, "--run", TRANSACTIONS, "--rate", 80)
    run = chain.start("run")
    try:
        for _ in range(KILLS):
            time.sleep(pause.uniform(0.2, 1.6))
            assert run.poll() is None, (chain.folder / "weir.log").read_text()[-3000:]
            run.kill()
            run.wait()
            run = chain.start("run")
        assert payer_works.wait(120) == 0
    finally:
        payer_works.kill()
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0


def bring_across(chain, server):
    """Brings the rest across, and more until there are cuts enough; returns the entries of the cuts."""
    transactions = TRANSACTIONS
    chain.weir("run", "--until-current")
    while len(cuts := chain.entries("cut landed")) < CUTS:
        transactions += 20
        simulate(server, *SETTING, "--run", transactions, "--resume")
        chain.weir("run", "--until-current")
    return cuts


def state_fingerprints(replay, columns):
    return {table: canonical_text.fingerprint(canonical_text.digest(columns[table], version.row)
                                              for version in rows.open_versions())
            for table, rows in replay.tables.items()}


def rebuild(transactions, keys, columns, cuts):
    """Returns {cut: fingerprints of the tables at its position}, by replay of the log."""
    replay, rebuilt, first = Replay(keys), {}, 0
    ends = [transaction.end for transaction in transactions]
    for cut in cuts:
        last = bisect.bisect_right(ends, position(cut["position"]))
        for transaction in transactions[first:last]:
            replay.apply(transaction)
        first = last
        rebuilt[cut["cut"]] = state_fingerprints(replay, columns)
    return rebuilt


def as_of(warehouse, columns, cut):
    return {table: tuple(map(int, warehouse.execute(
                fingerprint.duckdb(columns[table], history.qualified(table), as_of=cut)).fetchone()))
            for table in columns}


def landed_changes(chain, warehouse, cuts):
    """Returns (commit position, ordinal) of every change in the files that the ledger names for the stream's cuts."""
    files = [path for cut in cuts for path in chain.files_of(cut)]
    assert files
    return warehouse.execute("select commit_position, ordinal from read_parquet(?)", [files]).fetchall()


def logged_changes(transactions, keys, snapshot):
    """The same of the log, in which a transaction's end stands for its commit."""
    return collections.Counter(
        (transaction.end, ordinal) for transaction in transactions if transaction.end > snapshot
        for ordinal, _ in enumerate(change for change in transaction.changes if change.table in keys))


def test_history_as_of_a_cut_is_the_state_at_its_position(server, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    chance = random.Random(seed)
    slot = DecodingSlot.create(server)
    simulate(server, *SETTING, "--load")
    chain = Chain.make(server, tmp_path)
    work_and_kill(chain, server, chance)
    cuts = bring_across(chain, server)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()

    transactions = slot.read()
    keys, columns = find_keys(server, ["claims"]), chain.contracts()
    ends = [transaction.end for transaction in transactions]
    snapshot, stream = position(cuts[0]["position"]), cuts[1:]
    assert [cut["cut"] for cut in cuts] == list(range(1, len(cuts) + 1))
    assert {position(cut["position"]) for cut in stream} <= set(ends)
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        landed = collections.Counter((ends[bisect.bisect_right(ends, commit)], ordinal)
                                     for commit, ordinal in landed_changes(chain, warehouse, stream))
        assert max(landed.values()) == 1
        assert landed == logged_changes(transactions, keys, snapshot)
        assert {table: history.count_repeated(warehouse, table) for table in keys} == dict.fromkeys(keys, 0)
        chosen = sorted(chance.sample(cuts, CUTS), key=lambda cut: cut["cut"])
        for cut, rebuilt in rebuild(transactions, keys, columns, chosen).items():
            assert as_of(warehouse, columns, cut) == rebuilt, f"cut {cut}"
