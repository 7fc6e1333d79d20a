"""Goal: after 10,000 random statements the warehouse holds what the source holds, and its history every version in between.

Method: two psql sessions write at random to the public tables while weir takes its snapshot and streams; the server
decodes small transactions in memory only, so that large ones are streamed. Then both ends are fingerprinted, and every
row of every history table is compared with a replay of what the server's own plugin test_decoding says of the same log:
values, times, cuts, and the changes that began and ended it.
"""

import bisect
import collections
import random
import signal
import subprocess

import duckdb
import pytest

import history
import shared_data
from chain import Chain, wait_until
from postgres import PostgresServer
from random_statements import NOTES, TABLES, RandomStatements
from decoded_log import UNCHANGED, DecodingSlot, Replay, find_keys, microseconds, position

pytestmark = shared_data.NEEDS_DATA

STATEMENTS = 10_000
FIRST_STATEMENTS = 1_000
WRITERS = 2


@pytest.fixture
def server():
    with PostgresServer.start(settings={"logical_decoding_work_mem": "64kB"}) as running:
        yield running


def write_scripts(server, folder, seed):
    """Writes two scripts for each writer; returns their files and how many statements of each kind there are."""
    scripts, counts = [], collections.Counter()
    for share in range(WRITERS):
        statements = RandomStatements(random.Random(seed + share), server, share, WRITERS)
        first = statements.script(FIRST_STATEMENTS // WRITERS)
        rest = statements.script((STATEMENTS - FIRST_STATEMENTS) // WRITERS // 2)
        rest += statements.truncating_script() if share == 0 else ""
        rest += statements.script((STATEMENTS - FIRST_STATEMENTS) // WRITERS // 2)
        scripts.append((folder / f"first-{share}.sql", folder / f"rest-{share}.sql"))
        for file, text in zip(scripts[-1], (first, rest)):
            file.write_text(text)
        counts += statements.counts
    return scripts, counts


def start_writers(server, files):
    return [subprocess.Popen(
        [server.programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.url(), "-f", file],
        stdout=subprocess.DEVNULL, stderr=open(file.with_suffix(".log"), "w")) for file in files]


def finish_writers(writers, files):
    for writer, file in zip(writers, files):
        assert writer.wait(400) == 0, file.with_suffix(".log").read_text()[-2000:]


def run_beside(chain, server, scripts):
    """Lets the first scripts run beside the snapshot and the others beside the stream; then brings the rest across."""
    first, rest = zip(*scripts)
    writers = start_writers(server, first)
    run = chain.start("run")
    try:
        finish_writers(writers, first)
        wait_until(lambda: chain.entries("cut landed"), chain.log)
        writers = start_writers(server, rest)
        finish_writers(writers, rest)
        assert run.poll() is None, (chain.folder / "weir.log").read_text()[-3000:]
    finally:
        for writer in writers:
            writer.kill()
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    chain.weir("run", "--until-current")


def replay_from_snapshot(keys, transactions, snapshot, time):
    replay = Replay(keys)
    first = bisect.bisect_right([transaction.end for transaction in transactions], snapshot)
    for transaction in transactions[:first]:
        replay.apply(transaction)
    replay.take_snapshot(time)
    for transaction in transactions[first:]:
        replay.apply(transaction)
    return replay, transactions[first:]


def count_kinds(transactions, keys):
    """Counts in the log what the statements were to bring about."""
    changes = [change for transaction in transactions for change in transaction.changes]
    return {"changes": len(changes),
            "delete": sum(change.operation == "d" for change in changes),
            "truncate": sum(change.operation == "t" for change in changes),
            "unchanged": sum(UNCHANGED in (change.new or {}).values() for change in changes),
            "move_key": sum(change.operation == "u" and change.old is not None and bool(keys[change.table])
                            for change in changes)}


def assert_same_history(chain, replay, ends, cuts):
    cut_positions = [position(cut["position"]) for cut in cuts]
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        for table, columns in chain.contracts().items():
            found = collections.Counter(history.recorded(warehouse, table, columns, ends))
            expected = collections.Counter(history.expected(replay.versions[table], columns, cut_positions))
            missing, unknown = list((expected - found).elements()), list((found - expected).elements())
            assert (missing[:3], unknown[:3]) == ([], []), f"{table}: {len(missing)} missing, {len(unknown)} unknown"
            assert history.count_repeated(warehouse, table) == 0


def test_history_holds_every_version_of_random_statements(server, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    shared_data.create_tables(server, TABLES)
    slot = DecodingSlot.create(server)
    server.psql(NOTES)
    shared_data.load_tables(server, TABLES, samples=1)
    scripts, statements = write_scripts(server, tmp_path, seed)
    assert sum(statements.values()) >= STATEMENTS
    chain = Chain.make(server, tmp_path, tables=("synthea.*", "synpuf.*"))
    run_beside(chain, server, scripts)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()

    transactions, cuts = slot.read(), chain.entries("cut landed")
    keys = find_keys(server, ["synthea", "synpuf"])
    replay, streamed = replay_from_snapshot(keys, transactions, position(cuts[0]["position"]),
                                            microseconds(cuts[0]["commit_time"]))
    logged = count_kinds(streamed, keys)
    print(f"statements {dict(statements)}, in the log after the snapshot {logged}")
    for kind, part in (("delete", 0.15), ("move_key", 0.05), ("update_noted", 0.05)):
        assert statements[kind] >= part * STATEMENTS
    assert logged["changes"] > STATEMENTS / 2 and logged["truncate"] == 2
    for kind, part in (("delete", 0.1), ("move_key", 0.03), ("unchanged", 0.05)):
        assert logged[kind] >= part * logged["changes"]
    assert_same_history(chain, replay, [transaction.end for transaction in transactions], cuts)
