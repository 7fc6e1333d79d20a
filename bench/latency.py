"""How long after its commit a change is in the ledger, while transactions come at a steady rate."""

import pathlib
import re
import signal
import subprocess
import tempfile
import time

import duckdb

import wide_table
from conditions import conditions, line
from measured_process import Running
from pipeline import BUILD, Pipeline
from postgres import PostgresServer

RATE = 2_000
# The server hands on what it has flushed: without this its log writer alone would decide, five times a second.
SETTINGS = {"synchronous_commit": "on"}
CUTS = {"50ms": ("landed_p50_ms", 100), "1s": ("landed_p99_ms", 1200)}
INSERT = r"""\set k random(1, 1000000000000)
insert into claims.line select {} from generate_series(:k::bigint, :k) i on conflict do nothing;
"""


def work(server, folder, seconds):
    """Commits at the rate for so long, from four sessions; returns how many transactions a second there were."""
    script = pathlib.Path(folder) / "insert.sql"
    script.write_text(INSERT.format(wide_table.ROW))
    shown = subprocess.run(
        [server.programs / "pgbench", "-n", "-M", "prepared", "-c", "4", "-R", str(RATE), "-T", str(seconds), "-f", script,
         server.url()], check=True, capture_output=True, text=True).stdout
    return float(next(row for row in shown.splitlines() if row.startswith("tps")).split()[2])


class Landings:
    """When weir said that a cut had landed, by cut."""

    def __init__(self):
        self.times = {}

    def hear(self, line):
        found = re.match(r"landed cut (\d+):", line)
        if found:
            self.times[int(found[1])] = time.time()

    def latencies(self, pipeline):
        """Returns median and 99th percentile of the milliseconds from commit until weir said so, and how many changes there were."""
        database = duckdb.connect()
        database.execute("create table landed (cut bigint, seconds double)")
        database.executemany("insert into landed values (?, ?)", list(self.times.items()))
        files = pipeline.folder / "weir-data/landing/**/cut-*.parquet"
        return database.execute(
            "select quantile_cont(ms, 0.5), quantile_cont(ms, 0.99), count(*) from (select seconds * 1000 - epoch_us(commit_time) / 1000"
            f" as ms from read_parquet('{files}', filename = true) join landed"
            " on landed.cut = regexp_extract(filename, 'cut-0*([0-9]+)', 1)::bigint)").fetchone()


def measure(interval, seconds):
    with PostgresServer.start(settings=SETTINGS) as server, tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
        wide_table.fill(server, 100_000)
        pipeline = Pipeline.initialise(server, folder)
        pipeline.set("cut: {interval: 1s", f"cut: {{interval: {interval}")
        pipeline.run("capture")
        landings = Landings()
        running = Running([BUILD / "weir", "--config", pipeline.configuration, "capture", "--continuous"],
                          on_error_line=landings.hear)
        time.sleep(1)
        rate = work(server, folder, seconds)
        time.sleep(2)
        cost = running.stop(signal.SIGTERM)
        p50, p99, changes = landings.latencies(pipeline)
        found = {"landed_p50_ms": round(p50, 1), "landed_p99_ms": round(p99, 1), "changes": changes, "rate": round(rate)}
        print(f"cuts of {interval}: {found}", flush=True)
        return found, cost, conditions(server)


def latency(name, options):
    """2,000 transactions a second for five minutes, with cuts of 50 ms and of 1 s; `value` is the median with cuts of 50 ms."""
    seconds = max(3, int(300 * options.scale))
    measured = {interval: measure(interval, seconds) for interval in CUTS}
    short = measured["50ms"]
    known = {**short[2], "seconds": seconds, **{interval: {**found, "target": dict([CUTS[interval]])}
                                                for interval, (found, _, _) in measured.items()}}
    return line(name, "ms from commit until landed, median", short[0]["landed_p50_ms"], target=CUTS["50ms"][1],
                costs=[cost for _, cost, _ in measured.values()], rows=short[0]["changes"], conditions=known)


