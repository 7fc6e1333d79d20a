"""Goal: each benchmark runs, weir's side and its floor, does the whole work, and ends with every field.

Method: the real floors and the real program on a payer of a few thousand rows, where the figures mean nothing.
"""

import json

import pytest

import run_benchmark as bench
from measured_process import Cost, run_measured

FIELDS = {"name", "value", "unit", "floor", "ratio", "target", "peak_rss_mib", "cpu_us_per_row", "conditions",
          "load_average"}


def last_line(capsys, *words):
    assert bench.main(words) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("name, unit", [("snapshot", "rows/s"), ("drain", "changes/s")])
def test_floor_and_weir_run_side_by_side(capsys, name, unit):
    line = last_line(capsys, name, "--scale", "0.001", "--rounds", "1")
    assert set(line) == FIELDS
    assert (line["name"], line["unit"], line["target"]) == (name, unit, 0.3)
    assert min(line[figure] for figure in ("value", "floor", "ratio", "peak_rss_mib", "cpu_us_per_row")) > 0
    assert line["conditions"]["rows"] > 500


def test_the_latency_of_the_whole_chain_is_reported(capsys):
    line = last_line(capsys, "latency", "--scale", "0.01")
    assert set(line) == FIELDS
    assert line["value"] == line["conditions"]["landed_p99_ms"] >= line["conditions"]["landed_p50_ms"] > 0
    assert line["conditions"]["changes"] > 0 and line["peak_rss_mib"] > 0


def test_many_tables_are_captured_and_the_time_is_reported(capsys):
    line = last_line(capsys, "tables", "--scale", "0.01", "--rounds", "1")
    assert set(line) == FIELDS
    assert line["conditions"]["tables"] == 10 and line["value"] > 0 and line["peak_rss_mib"] > 0


def test_a_figure_of_half_the_work_is_refused():
    bench.require_all(7, 7)
    with pytest.raises(RuntimeError, match="landed 3 changes, the source has 7"):
        bench.require_all(3, 7)


def test_a_program_that_fails_is_no_figure():
    with pytest.raises(RuntimeError, match="ended with 3: why"):
        run_measured(["sh", "-c", "echo why >&2; exit 3"])


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
