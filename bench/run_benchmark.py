"""Runs one benchmark beside its floor: run_benchmark.py NAME [--scale X]. See README.md."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from measured_process import run_measured  # noqa: E402
from postgres import PostgresServer  # noqa: E402

ROUNDS = 5
TARGET = 0.3
WEIR = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build/release")) / "weir"

# A row of a claim: keys, exact money, dates, short codes and a note, as in a payer's tables.
TABLE = """
create table claim_line (
    claim_line_id bigint primary key, claim_id bigint not null, line_number smallint not null,
    procedure_code text not null, modifier text, place_of_service text, units integer,
    billed_amount numeric(12,2), allowed_amount numeric(12,2), paid_amount numeric(12,2),
    service_from date, service_to date, received_at timestamptz, status text, note text)"""
ROW = """
    {n}, {n} / 3, ({n} % 3)::smallint, 'C' || lpad(({n} % 5000)::text, 4, '0'),
    case when {n} % 7 = 0 then '25' end, '11', ({n} % 9)::integer, ({n} % 99991) / 100.0,
    ({n} % 79999) / 100.0, ({n} % 59999) / 100.0, date '2020-01-01' + ({n} % 1500)::integer,
    date '2020-01-02' + ({n} % 1500)::integer, timestamptz '2020-01-01Z' + {n} * interval '1 second',
    (array['received','paid','denied'])[1 + {n} % 3], 'note of line ' || {n}"""


class Snapshot:
    """A filled table is read from the start: rows per second."""

    unit = "rows/s"
    floor_name = "psql: one session of COPY claim_line TO STDOUT (FORMAT binary), to /dev/null"

    def __init__(self, server, scale):
        self.server = server
        self.rows = max(1000, int(5_000_000 * scale))
        server.psql(f"{TABLE}; insert into claim_line select {ROW.format(n='n')} from generate_series(1, {self.rows}) n;"
                    "vacuum analyze claim_line; checkpoint")

    def floor(self, _):
        return run_measured([self.server.programs / "psql", "-X", "-q", "-d", self.server.url(), "-c",
                             "copy claim_line to stdout (format binary)"])

    def weir(self, folder):
        """`weir capture` of a pipeline without cuts: snapshot, landed files, ledger."""
        configuration = initialise(self.server, folder)
        return run_measured([WEIR, "capture", "--config", configuration])

    def clean(self, folder):
        drop(folder)


class Drain:
    """A backlog of the log is read to its end: changes per second."""

    unit = "changes/s"
    floor_name = "pg_recvlogical with pgoutput, to /dev/null: the faster of text and binary"

    def __init__(self, server, scale):
        self.server = server
        self.rows = max(1000, int(2_000_000 * scale))
        self.kept = tempfile.TemporaryDirectory(prefix="weirbench.")
        server.psql(TABLE)
        self.template = initialise(server, pathlib.Path(self.kept.name))
        run_measured([WEIR, "capture", "--config", self.template])  # The snapshot of the empty table.
        server.psql("select pg_create_logical_replication_slot('backlog', 'pgoutput');"
                    "create publication backlog for table claim_line")
        batch = 100
        server.psql("".join(
            f"insert into claim_line select {ROW.format(n='n')} from generate_series({first}, {min(first + batch, self.rows + 1) - 1}) n;\n"
            for first in range(1, self.rows + 1, batch)))
        self.end = server.psql("select pg_current_wal_flush_lsn()")

    def floor(self, _):
        return min((self._receive(binary) for binary in ("false", "true")), key=lambda cost: cost.wall_s)

    def _receive(self, binary):
        """Reads a copy of the backlog, so that every round finds the same one."""
        self.server.psql("select pg_copy_logical_replication_slot('backlog', 'backlog_copy')")
        cost = run_measured([
            self.server.programs / "pg_recvlogical", "-d", self.server.url(), "-S", "backlog_copy", "--start",
            "-f", "/dev/null", "-E", self.end, "-o", "proto_version=1", "-o", "publication_names=backlog",
            "-o", f"binary={binary}", "--no-loop"])
        self.server.psql("select pg_drop_replication_slot('backlog_copy')")
        return cost

    def weir(self, folder):
        """`weir capture` of a copy of the pipeline and its slot, which stand before the backlog."""
        slot = configured_slot(self.template)
        shutil.copytree(self.template.parent, folder, dirs_exist_ok=True)
        configuration = folder / "weir.yaml"
        text = configuration.read_text().replace(str(self.template.parent), str(folder))
        configuration.write_text(text.replace(f"slot: {slot}", f"slot: {slot}_copy"))
        self.server.psql(f"select pg_copy_logical_replication_slot('{slot}', '{slot}_copy')")
        return run_measured([WEIR, "capture", "--config", configuration])

    def clean(self, folder):
        slot = configured_slot(folder / "weir.yaml")
        self.server.psql(f"select pg_drop_replication_slot('{slot}')")


BENCHMARKS = {"snapshot": Snapshot, "drain": Drain}


def initialise(server, folder):
    """Has weir write a configuration for this server; returns its path."""
    configuration = folder / "weir.yaml"
    run_measured([WEIR, "init", server.url(), "--config", configuration], cwd=folder)
    return configuration


def drop(folder):
    run_measured([WEIR, "drop", "--yes", "--config", folder / "weir.yaml"], cwd=folder)


def configured_slot(configuration):
    lines = configuration.read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.strip().startswith("slot:"))


def measure(benchmark, rounds):
    """Runs floor and weir in turn; returns the costs of each."""
    floors, ours = [], []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory(prefix="weirbench.") as name:
            folder = pathlib.Path(name)
            floors.append(benchmark.floor(folder))
            ours.append(benchmark.weir(folder))
            benchmark.clean(folder)
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
                       "cores": os.cpu_count(), "machine": platform.machine(), "fsync_of_the_source": "off",
                       "postgresql": benchmark.server.psql("show server_version").split()[0]},
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def main(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(words)
    kind = BENCHMARKS[options.name]
    print(f"{options.name}: {kind.__doc__}\nfloor: {kind.floor_name}", flush=True)
    with PostgresServer.start() as server:
        benchmark = kind(server, options.scale)
        floors, ours = measure(benchmark, options.rounds)
        print(json.dumps(summarise(options.name, benchmark, floors, ours, options.scale)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
