"""Benchmarks of weir beside a floor, and a rival where there is one, in alternating rounds."""

import pathlib
import statistics
import sys
import tempfile

from backlog import Backlog
from conditions import conditions, line, require_all
from measured_process import run_measured, run_together
from pipeline import Pipeline
from postgres import PostgresServer
import wide_table

HERE = pathlib.Path(__file__).resolve().parent


class Snapshot:
    """A filled table of 16 columns is read from the start: rows per second."""

    unit, target = "rows/s", 0.6
    floor_name = "psql: two sessions of COPY ... TO STDOUT (FORMAT binary) of a half each, to /dev/null"
    configuration = ""
    rival_name = "duckdb with its postgres extension, two threads, to zstd Parquet"

    def __init__(self, server, scale):
        self.server = server
        self.rows = max(1000, int(4_000_000 * scale))
        wide_table.fill(server, self.rows)
        pages = int(server.psql("select pg_relation_size('claims.line') / 8192"))
        self.halves = (f"ctid < '({pages // 2},0)'", f"ctid >= '({pages // 2},0)'")

    def floor(self):
        return run_together([[self.server.programs / "psql", "-X", "-q", "-d", self.server.url(), "-c",
                              f"copy (select * from claims.line where {half}) to stdout (format binary)"]
                             for half in self.halves])

    def rival(self, folder):
        return run_measured([sys.executable, HERE / "duckdb_copy.py", self.server.url(), "claims.line",
                             pathlib.Path(folder) / "line.parquet"])

    def weir(self, folder):
        """`weir capture` of a new pipeline: snapshot, landed files, hashes, ledger."""
        pipeline = Pipeline.initialise(self.server, folder)
        pipeline.add(self.configuration)
        cost = pipeline.run("capture")
        require_all(pipeline.landed(), self.rows)
        pipeline.run("drop", "--yes")
        return cost


ENCRYPTED = "encryption: {keyring: keyring}\n"  # Beside the tags that `weir init` proposes.


class EncryptedSnapshot(Snapshot):
    """The same into encrypted files, tagged columns under keys of their own."""

    target, configuration = 0.54, ENCRYPTED


class Drain:
    """A backlog of a million changes in transactions of 100 rows, identity DEFAULT, is read to its end: changes per second."""

    unit, target = "changes/s", 0.9
    floor_name = "pg_recvlogical with pgoutput over the same log, to /dev/null: the faster of text and binary"
    rival_name = None
    identity, changes = "default", 1_000_000
    configuration = ""

    def __init__(self, server, scale):
        self.server = server
        rows = max(2000, int(1_000_000 * scale))
        wide_table.fill(server, rows)
        server.psql(f"alter table claims.line replica identity {self.identity}")
        self.kept = tempfile.TemporaryDirectory(prefix="weirbench.")
        self.template = Pipeline.initialise(server, self.kept.name)
        self.template.add(self.configuration)
        self.template.run("capture")  # The snapshot, which is not measured here.
        self.backlog = Backlog(server)
        self.work(rows + 1, max(300, int(self.changes * scale)))
        self.rows = self.backlog.close()

    def work(self, first, changes):
        wide_table.work(self.server, first, changes, 100)

    def floor(self):
        return self.backlog.receive()

    def weir(self, folder):
        """`weir capture` of a copy of the pipeline and its slot, which stand before the backlog."""
        return self.backlog.capture(self.template, folder, self.rows)


class EncryptedDrain(Drain):
    """The same into encrypted files, tagged columns under keys of their own."""

    target, configuration = 0.81, ENCRYPTED


class FullDrain(Drain):
    """The same with identity FULL, both images of a row."""

    identity, target = "full", 0.85


class SingleDrain(Drain):
    """The same with a transaction for each row."""

    target, changes = 0.8, 300_000

    def work(self, first, changes):
        wide_table.work_singly(self.server, first, changes)


KINDS = {"snapshot": Snapshot, "snapshot-encrypted": EncryptedSnapshot, "drain": Drain, "drain-encrypted": EncryptedDrain,
         "drain-full": FullDrain, "drain-single": SingleDrain}


def measure(benchmark, rounds):
    """Runs floor, rival and weir in turn; returns the costs of each."""
    floors, rivals, ours = [], [], []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
            floors.append(benchmark.floor())
            if benchmark.rival_name:
                rivals.append(benchmark.rival(folder))
            ours.append(benchmark.weir(pathlib.Path(folder) / "weir"))
        rival = f", rival {rivals[-1].wall_s:.2f} s" if rivals else ""
        print(f"round {number}: floor {floors[-1].wall_s:.2f} s{rival}, weir {ours[-1].wall_s:.2f} s", flush=True)
    return floors, rivals, ours


def median_wall(costs):
    return statistics.median(cost.wall_s for cost in costs)


def summarise(name, benchmark, costs, scale):
    """Returns the last line: medians, and under which conditions they came about."""
    floors, rivals, ours = costs
    rival = {"rival_ratio": round(median_wall(rivals) / median_wall(ours), 3)} if rivals else {}
    return line(name, benchmark.unit, benchmark.rows / median_wall(ours),
                floor=benchmark.rows / median_wall(floors), target=benchmark.target, costs=ours, rows=benchmark.rows, **rival,
                conditions=conditions(benchmark.server, rows=benchmark.rows, scale=scale, rounds=len(ours),
                                      floor=benchmark.floor_name, rival=benchmark.rival_name))


def compare(name, options):
    """Measures weir beside the floor of the benchmark."""
    kind = KINDS[name]
    print(f"{name}: {kind.__doc__}\nfloor: {kind.floor_name}", flush=True)
    with PostgresServer.start() as server:
        benchmark = kind(server, options.scale)
        return summarise(name, benchmark, measure(benchmark, options.rounds), options.scale)
