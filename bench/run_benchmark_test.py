"""Goal: each benchmark runs, weir's side and its floor, does the whole work, and ends with every field.

Method: the real floors and the real program on a payer of a few thousand rows, where the figures mean nothing.
"""

import json

import pytest

import run_benchmark as bench
from compared import median_wall, summarise
from conditions import require_all
from measured_process import Cost, Running, run_measured, run_together

FIELDS = {"name", "value", "unit", "floor", "ratio", "target", "peak_rss_mib", "cpu_us_per_row", "conditions",
          "load_average"}


def last_line(capsys, *words):
    assert bench.main(words) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("name, unit, target", [("snapshot", "rows/s", 0.6), ("snapshot-encrypted", "rows/s", 0.54),
                                                ("drain", "changes/s", 0.9), ("drain-encrypted", "changes/s", 0.81),
                                                ("drain-full", "changes/s", 0.85), ("drain-single", "changes/s", 0.8)])
def test_floor_and_weir_run_side_by_side(capsys, name, unit, target):
    line = last_line(capsys, name, "--scale", "0.001", "--rounds", "1")
    assert set(line) - {"rival_ratio"} == FIELDS
    assert (line["name"], line["unit"], line["target"]) == (name, unit, target)
    assert min(line[figure] for figure in ("value", "floor", "ratio", "peak_rss_mib", "cpu_us_per_row")) > 0
    assert line["conditions"]["rows"] >= 300
    assert ("rival_ratio" in line) == name.startswith("snapshot")


def test_the_latency_of_both_cuts_is_reported(capsys):
    line = last_line(capsys, "latency", "--scale", "0.01")
    assert set(line) == FIELDS
    for cut in ("50ms", "1s"):
        assert line["conditions"][cut]["landed_p99_ms"] >= line["conditions"][cut]["landed_p50_ms"] > 0
        assert line["conditions"][cut]["changes"] > 100
    assert line["value"] == line["conditions"]["50ms"]["landed_p50_ms"]


def test_the_memory_for_large_and_for_many_transactions_is_reported(capsys):
    line = last_line(capsys, "memory", "--scale", "0.001")
    assert set(line) == FIELDS
    largest = max(line["conditions"]["huge_mib"], line["conditions"]["interleaved_mib"])
    assert line["value"] == pytest.approx(largest, abs=0.1) and largest > 0
    assert line["conditions"]["rows"] == 10_000


def test_the_growth_of_a_changes_cost_is_reported(capsys):
    line = last_line(capsys, "growth", "--scale", "0.001", "--rounds", "1")
    assert set(line) == FIELDS
    assert line["conditions"]["rows"] == [1000, 50_000] and min(line["conditions"]["cpu_us_per_change"]) > 0


def test_many_tables_are_captured_and_the_time_is_reported(capsys):
    line = last_line(capsys, "tables", "--scale", "0.01", "--rounds", "1")
    assert set(line) == FIELDS
    assert line["conditions"]["tables"] == 10 and line["value"] > 0 and line["peak_rss_mib"] > 0


def test_the_cost_of_a_ledger_is_reported_at_every_size(capsys):
    line = last_line(capsys, "ledger", "--scale", "0.001", "--rounds", "1")
    assert set(line) == FIELDS
    assert [log["entries"] for log in line["conditions"]["ledgers"]] == [1, 1, 100, 1000]
    assert all(log["append_processor_ms"] > 0 and log["verify_s"] > 0 for log in line["conditions"]["ledgers"])
    assert line["value"] > 0 and line["floor"] > 0


def test_a_figure_of_half_the_work_is_refused():
    require_all(7, 7)
    with pytest.raises(RuntimeError, match="landed 3 changes, the source has 7"):
        require_all(3, 7)


def test_a_program_that_fails_is_no_figure():
    with pytest.raises(RuntimeError, match="ended with 3: why"):
        run_measured(["sh", "-c", "echo why >&2; exit 3"])


def test_programs_run_together():
    cost = run_together([["sleep", "0.2"], ["sleep", "0.1"]])
    assert 0.2 <= cost.wall_s and cost.peak_rss_mib > 0


def test_the_memory_is_the_programs_own():
    held = bytearray(200 << 20)
    assert 0 < Running(["sleep", "0.3"]).finish().peak_rss_mib < 50 < len(held)


def test_the_last_line_has_every_field_and_the_median():
    class Finished:
        unit, floor_name, rival_name, rows, target = "rows/s", "cp", "mv", 100, 0.5

        class server:
            psql = staticmethod(lambda _: "15.1")

    floors = [Cost(seconds, 1, 5) for seconds in (1, 9, 2)]
    rivals = [Cost(seconds, 1, 5) for seconds in (2, 1, 9)]
    ours = [Cost(seconds, 2, 7) for seconds in (4, 4, 40)]
    line = summarise("x", Finished(), (floors, rivals, ours), 0.5)
    assert set(line) == FIELDS | {"rival_ratio"}
    assert (line["floor"], line["value"], line["ratio"], line["rival_ratio"]) == (50, 25, 0.5, 0.5)
    assert (line["peak_rss_mib"], line["cpu_us_per_row"]) == (7, 20000)
    assert median_wall(ours) == 4
