"""Goal: each benchmark's floor runs, its cost is measured, and the last line has every field.
Method: the real floors on a small table. The program under measure is `weir`: its side is run by
`./dev bench NAME --scale 0.01` once it is built."""

import run_benchmark as bench
from measured_process import Cost
from postgres import PostgresServer

FIELDS = {"name", "value", "unit", "floor", "ratio", "target", "peak_rss_mib", "cpu_us_per_row", "conditions",
          "load_average"}


def test_the_floor_of_snapshot_runs():
    with PostgresServer.start() as server:
        snapshot = bench.Snapshot(server, 0.001)
        cost = snapshot.floor(None)
        assert server.psql("select count(*) from claim_line") == str(snapshot.rows)
        assert cost.wall_s > 0 and cost.peak_rss_mib > 1


def test_the_floor_of_drain_reads_the_whole_backlog(monkeypatch):
    monkeypatch.setattr(bench, "initialise", lambda server, folder: folder / "weir.yaml")
    monkeypatch.setattr(bench, "WEIR", "true")
    with PostgresServer.start() as server:
        drain = bench.Drain(server, 0.001)
        assert drain.floor(None).wall_s > 0
        slots = server.psql("select slot_name from pg_replication_slots")
        assert slots == "backlog"


def test_the_last_line_has_every_field_and_the_median():
    class Finished:
        unit, floor_name, rows = "rows/s", "cp", 100

        class server:
            psql = staticmethod(lambda _: "15.1")

    floors = [Cost(seconds, 1, 5) for seconds in (1, 9, 2)]
    ours = [Cost(seconds, 2, 7) for seconds in (4, 4, 40)]
    line = bench.summarise("x", Finished(), floors, ours, 0.5)
    assert set(line) == FIELDS
    assert (line["floor"], line["value"], line["ratio"]) == (50, 25, 0.5)
    assert (line["peak_rss_mib"], line["cpu_us_per_row"]) == (7, 20000)
