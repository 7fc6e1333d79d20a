"""Runs one benchmark beside its floor: run_benchmark.py NAME [--scale X]. See README.md."""

import argparse
import json
import os
import pathlib
import platform
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from measured_process import run_measured  # noqa: E402
from pipeline import BUILD, Pipeline, simulate  # noqa: E402
from postgres import PostgresServer  # noqa: E402

ROUNDS = 5
TARGET = 0.3


class Snapshot:
    """The payer's filled tables are read from the start: rows per second."""

    unit = "rows/s"
    floor_name = "psql: one session of COPY ... TO STDOUT (FORMAT binary) of the same tables, to /dev/null"
    lines = 1_000_000

    def __init__(self, server, scale):
        self.server = server
        simulate(server, "--load", "--scale", max(500, int(self.lines * scale)))
        server.psql("vacuum analyze; checkpoint")
        self.tables = server.psql("select format('claims.%I', tablename) from pg_tables where schemaname = 'claims'").split()
        self.rows = sum(int(server.psql(f"select count(*) from {table}")) for table in self.tables)

    def floor(self):
        copies = "; ".join(f"copy {table} to stdout (format binary)" for table in self.tables)
        return run_measured([self.server.programs / "psql", "-X", "-q", "-d", self.server.url(), "-c", copies])

    def weir(self, folder):
        """`weir capture` of a new pipeline: snapshot, landed files, ledger."""
        pipeline = Pipeline.initialise(self.server, folder)
        cost = pipeline.run("capture")
        require_all(pipeline.landed(), self.rows)
        pipeline.run("drop", "--yes")
        return cost


class Drain:
    """A backlog of the log, made by the payer's work, is read to its end: changes per second."""

    unit = "changes/s"
    floor_name = "pg_recvlogical with pgoutput over the same log, to /dev/null: the faster of text and binary"
    lines = 100_000
    transactions = 60_000

    def __init__(self, server, scale):
        self.server = server
        self.kept = tempfile.TemporaryDirectory(prefix="weirbench.")
        setting = ("--scale", max(500, int(self.lines * scale)))
        simulate(server, "--load", *setting)
        self.template = Pipeline.initialise(server, self.kept.name)
        self.template.run("capture")  # The snapshot, which is not measured here.
        self.before = self.template.landed()
        server.psql("select pg_create_logical_replication_slot('backlog', 'pgoutput');"
                    "create publication backlog for tables in schema claims")
        simulate(server, "--run", max(100, int(self.transactions * scale)))
        self.end = server.psql("select pg_current_wal_flush_lsn()")
        self.rows = self._count_changes()

    def _count_changes(self):
        """Counts the messages I, U and D of the backlog."""
        return int(self.server.psql(
            "select count(*) from pg_logical_slot_peek_binary_changes('backlog', null, null, 'proto_version', '1',"
            "'publication_names', 'backlog') where get_byte(data, 0) in (ascii('I'), ascii('U'), ascii('D'))"))

    def floor(self):
        return min((self._receive(binary) for binary in ("false", "true")), key=lambda cost: cost.wall_s)

    def _receive(self, binary):
        """Reads a copy of the backlog, so that every round finds the same one."""
        self._copy_slot("backlog")
        cost = run_measured([
            self.server.programs / "pg_recvlogical", "-d", self.server.url(), "-S", "backlog_copy", "--start",
            "-f", "/dev/null", "-E", self.end, "-o", "proto_version=1", "-o", "publication_names=backlog",
            "-o", f"binary={binary}", "--no-loop"])
        self._drop_slot("backlog")
        return cost

    def weir(self, folder):
        """`weir capture` of a copy of the pipeline and its slot, which stand before the backlog."""
        self._copy_slot("weir_weir")
        pipeline = self.template.copy(folder, "weir_weir_copy")
        cost = pipeline.run("capture")
        require_all(pipeline.landed() - self.before, self.rows)
        self._drop_slot("weir_weir")
        return cost

    def _copy_slot(self, name):
        self.server.psql(f"select pg_copy_logical_replication_slot('{name}', '{name}_copy')")

    def _drop_slot(self, name):
        self.server.psql(f"select pg_drop_replication_slot('{name}_copy')")


def require_all(found, expected):
    """A figure counts only if the work was done."""
    if found != expected:
        raise RuntimeError(f"weir landed {found} changes, the source has {expected}")


def measure(benchmark, rounds):
    """Runs floor and weir in turn; returns the costs of each."""
    floors, ours = [], []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
            floors.append(benchmark.floor())
            ours.append(benchmark.weir(folder))
        print(f"round {number}: floor {floors[-1].wall_s:.2f} s, weir {ours[-1].wall_s:.2f} s", flush=True)
    return floors, ours


def summarise(name, benchmark, floors, ours, scale):
    """Returns the last line: medians, and under which conditions they came about."""
    floor = benchmark.rows / statistics.median(cost.wall_s for cost in floors)
    value = benchmark.rows / statistics.median(cost.wall_s for cost in ours)
    cpu_s = statistics.median(cost.cpu_s for cost in ours)
    return {
        "name": name, "value": round(value), "unit": benchmark.unit, "floor": round(floor),
        "ratio": round(value / floor, 3), "target": TARGET,
        "peak_rss_mib": round(max(cost.peak_rss_mib for cost in ours), 1),
        "cpu_us_per_row": round(cpu_s * 1e6 / benchmark.rows, 3),
        "conditions": {"rows": benchmark.rows, "scale": scale, "rounds": len(ours), "floor": benchmark.floor_name,
                       "postgresql": benchmark.server.psql("show server_version").split()[0],
                       "fsync_of_the_source": "off", **machine()},
        "load_average": load_average(),
    }


def machine():
    return {"cores": os.cpu_count(), "machine": platform.machine()}


def load_average():
    return [round(load, 2) for load in os.getloadavg()]


def compare(name, options):
    """Measures weir beside the floor of the benchmark."""
    kind = {"snapshot": Snapshot, "drain": Drain}[name]
    print(f"{name}: {kind.__doc__}\nfloor: {kind.floor_name}", flush=True)
    with PostgresServer.start() as server:
        benchmark = kind(server, options.scale)
        floors, ours = measure(benchmark, options.rounds)
        return summarise(name, benchmark, floors, ours, options.scale)


def latency(name, options):
    """Runs the whole chain while the payer works, as `weir demo` does; there is no floor to compare with."""
    setting = {"scale": max(500, int(100_000 * options.scale)), "rate": 500, "seconds": max(3, int(60 * options.scale))}
    words = [word for option, value in setting.items() for word in (f"--{option}", value)]
    with tempfile.TemporaryFile("w+") as output:
        cost = run_measured([BUILD / "weir", "--json", "demo", *words], stdout=output)
        output.seek(0)
        result = json.loads(output.read().splitlines()[-1])
    places = {key: value for key, value in result.items() if key.endswith(("_p50_ms", "_p99_ms"))}
    return {
        "name": name, "value": result["landed_p99_ms"], "unit": "ms from commit until landed, p99", "floor": None,
        "ratio": None, "target": None, "peak_rss_mib": round(cost.peak_rss_mib, 1),
        "cpu_us_per_row": round(cost.cpu_s * 1e6 / (result["rows_initial"] + result["changes"]), 3),
        "conditions": {**setting, **places, "changes": result["changes"], "cut_interval": "1s", "models_every": "15s",
                       "processor_time_and_memory": "of weir, the payer simulator and dbt", **machine()},
        "load_average": load_average(),
    }


MAKE_TABLES = """do $$ begin for i in 1..{} loop execute format(
    'create table claims.t%s (id int primary key, name text, amount numeric(12,2), at timestamptz)', i); end loop; end $$"""


def tables(name, options):
    """Captures many tables of which nearly all are idle: how long until the stream of a new pipeline, and of a known one."""
    count = max(10, int(1000 * options.scale))
    with PostgresServer.start(settings={"max_locks_per_transaction": "256"}) as server, tempfile.TemporaryDirectory() as folder:
        server.psql("create schema claims")
        server.psql(MAKE_TABLES.format(count))
        pipeline = Pipeline.initialise(server, folder)
        first = pipeline.run("capture")
        server.psql("insert into claims.t1 values (1)")
        again = [pipeline.run("capture") for _ in range(options.rounds)]
        pipeline.run("drop", "--yes")
        version = server.psql("show server_version").split()[0]
    return {
        "name": name, "value": round(first.wall_s, 2), "unit": "s until a new pipeline is current", "floor": None, "ratio": None,
        "target": 30, "peak_rss_mib": round(max(cost.peak_rss_mib for cost in (first, *again)), 1), "cpu_us_per_row": None,
        "conditions": {"tables": count, "known_pipeline_s": round(statistics.median(cost.wall_s for cost in again), 2),
                       "postgresql": version, **machine()},
        "load_average": load_average(),
    }


BENCHMARKS = {"snapshot": compare, "drain": compare, "latency": latency, "tables": tables}


def main(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of floor and weir in turn")
    options = parser.parse_args(words)
    print(json.dumps(BENCHMARKS[options.name](options.name, options)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
