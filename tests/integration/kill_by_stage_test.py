"""Goal: kill -9 within any stage, while the payer works, leaves every change exactly once, a ledger that
verifies, and cuts that end where transactions end.

Method: kill_at.c kills `weir run` inside a file system call or a message of the stage at hand, drawn from a
printed seed; while dbt builds, the test kills. The histogram counts where the process was, by thread and path.
Both ends are fingerprinted by psql and the duckdb package; landing is compared, transaction by transaction,
with a slot of PostgreSQL's own test_decoding. With WEIR_TEST_FULL=1 more kills, and 10 of the server.
"""

import collections
import os
import pathlib
import random
import select
import signal

import pytest

from chain import Chain, start_simulator, simulate, wait_until
from decoded_log import position as offset
from kill_at import STAGES, KillAt
from landing import Decoder, changes_by_transaction, repeated, repeated_versions, snapshot_files, streamed_files
from postgres import PostgresServer

FULL = os.environ.get("WEIR_TEST_FULL") == "1"
SETTING = ("--seed", 11, "--scale", 2000, "--bulk-at", 300, "--alter-at", 500)
KILLS = {stage: 15 for stage in STAGES} if FULL else {**{stage: 3 for stage in STAGES}, "model run": 2}
MODELS = "models: {project: claims, every: 100ms}\n"

# Thread, place and highest point of each stage's kills.
POINTS = {
    "snapshot": [("worker", "unfinished data", 25), ("worker", "/landing/", 40)],
    "stream": [("", "replication stream", 30)],  # A thread of its own reads it.
    "file writing": [("capture", "unfinished data", 60), ("capture", "/landing/", 80)],
    "ledger append": [("", "unfinished entries", 120), ("", "/ledger/", 200)],
    "refine": [("refine", "unfinished data", 60), ("refine", "/processing/", 80)],
    "load": [("load", "/warehouse/", 12)],
    "publication": [("load", "/published/", 30)],
}


@pytest.fixture
def server():
    with PostgresServer.start(settings={"synchronous_commit": "on"}) as running:
        yield running


class Payer:
    """The simulator, at work until it is told to stop."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.process = start_simulator(self.server, *SETTING, "--run", 1_000_000, "--rate", 30)
        return self

    def works(self):
        return self.process.poll() is None

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(120) == 0


class Killer:
    """Kills runs of one pipeline and keeps the histogram."""

    def __init__(self, server, folder, draw):
        self.draw = draw
        self.modelled = Chain(server, folder, interval="200ms", more=MODELS)
        self.modelled.configuration = self.modelled.configuration.rename(folder / "models.yaml")
        self.plain = Chain(server, folder, interval="200ms")
        self.plain.init()
        self.kill_at = KillAt(folder)
        self.histogram = collections.Counter()

    def kill_in(self, stage):
        if stage != "model run":
            self.kill_inside_a_call(stage, self.plain)
        elif self.draw.random() < 0.5:
            self.kill_inside_a_call("publication", self.modelled)
        else:
            self.kill_while_dbt_builds()

    def kill_inside_a_call(self, stage, chain):
        thread, place, highest = self.draw.choice(POINTS[stage])
        run = chain.start("run", environment=self.kill_at.at(thread, place, self.draw.randint(1, highest)))
        try:
            assert run.wait(300) == -signal.SIGKILL, chain.log()
        finally:
            run.kill()
        where = self.kill_at.where(chain.store)
        print(f"{stage}: {where}, {self.kill_at.note.read_text().strip().replace(str(chain.store), '')}")
        self.histogram[where] += 1

    def kill_while_dbt_builds(self):
        run = self.modelled.start("run")
        try:
            child = wait_until(lambda: dbt_of(run), self.modelled.log)
            with os.fdopen(os.pidfd_open(child)) as end:
                select.select([end], [], [], self.draw.uniform(0, 3))
                assert not ended(end, 0), "dbt was done before it was killed"
                run.kill()
                run.wait()
                assert ended(end, 30), "dbt outlives the weir that started it"
        finally:
            run.kill()
        self.histogram["model run"] += 1


def ended(process, seconds):
    return bool(select.select([process], [], [], seconds)[0])


def dbt_of(run):
    """Returns the child that is dbt, if weir has one now."""
    assert run.poll() is None
    for thread in pathlib.Path(f"/proc/{run.pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            if b"dbt" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


def check_whole(chain, decoder):
    """Checks landing, history, cuts and ledger against the source, which is at rest."""
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]
    landed = chain.entries("cut landed")
    for kind in ("cut landed", "cut refined"):
        cuts = [entry["cut"] for entry in chain.entries(kind)]
        assert cuts == list(range(1, len(landed) + 1)), kind
    loads = chain.entries("cuts loaded")
    assert [load["from"] for load in loads] == [0, *(load["to"] for load in loads[:-1])]
    assert loads[-1]["to"] == len(landed)
    check_changes(chain, landed, decoder.transactions())
    assert repeated_versions(chain) == {}


def check_changes(chain, landed, transactions):
    for table, files in snapshot_files(chain).items():
        assert repeated(files) == 0, table
    streamed = streamed_files(chain)
    assert repeated(streamed) == 0
    begin = offset(chain.entries("snapshot started")[-1]["position"])
    after = {transaction: changes for transaction, (position, changes) in transactions.items()
             if changes > 0 and offset(position) > begin}
    assert changes_by_transaction(streamed) == after
    ends = {position for position, _ in transactions.values()}
    assert [cut["cut"] for cut in landed[1:] if cut["position"] not in ends] == []


def test_a_kill_in_any_stage_leaves_every_change_exactly_once(server, tmp_path, capsys):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    simulate(server, *SETTING, "--load")
    decoder = Decoder(server)
    killer = Killer(server, tmp_path, random.Random(seed))
    with Payer(server) as payer:
        for _ in range(KILLS["snapshot"]):
            killer.kill_in("snapshot")
            assert killer.plain.entries("cut landed") == []
        later = [stage for stage in STAGES[1:] for _ in range(KILLS[stage])]
        killer.draw.shuffle(later)
        for stage in later:
            killer.kill_in(stage)
            assert payer.works()
    with capsys.disabled():
        print(f"\nkilled in: {dict(killer.histogram)}, seed {seed}")
    assert killer.histogram == KILLS
    killer.plain.weir("run", "--until-current")
    check_whole(killer.plain, decoder)


def test_kills_of_the_server_leave_every_change_exactly_once(server, tmp_path):
    simulate(server, *SETTING, "--load")
    decoder = Decoder(server)
    chain = Killer(server, tmp_path, random.Random(0)).plain
    run = chain.start("run")
    try:
        with Payer(server):
            for _ in range(10 if FULL else 2):
                before = len(chain.entries("cut landed"))
                wait_until(lambda: len(chain.entries("cut landed")) > before + 1, chain.log)
                server.kill()
                server.start_again()
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0, chain.log()
    chain.weir("run", "--until-current")
    check_whole(chain, decoder)
