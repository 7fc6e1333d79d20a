"""Goal: `weir demo` runs the whole chain, proves it, says so, and leaves nothing behind."""

import json
import os
import subprocess

from chain import BUILD, SHARE
from postgres import reachable

FIELDS = {"rows_initial", "initial_load_s", "changes", "landed_p50_ms", "landed_p99_ms", "loaded_p50_ms",
          "loaded_p99_ms", "published_p99_ms", "source_equals_warehouse", "ledger_verified", "quality_passed",
          "schema_changes"}


def run_demo(folder, *words):
    return subprocess.run(
        [str(BUILD / "weir"), *words, "demo", "--scale", "2000", "--seconds", "3", "--rate", "100",
         "--folder", str(folder)],
        capture_output=True, text=True, timeout=300, env={**os.environ, "WEIR_SHARE": SHARE})


def test_json_ends_with_the_documented_fields_and_nothing_is_left(tmp_path):
    folder = reachable(tmp_path) / "demo"
    done = run_demo(folder, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert FIELDS <= set(result)
    assert result["source_equals_warehouse"] and result["ledger_verified"] and result["quality_passed"]
    assert result["changes"] > 0
    assert not folder.exists()


def test_it_prints_results_proof_and_three_commands(tmp_path):
    done = run_demo(reachable(tmp_path) / "demo")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("source = warehouse") == 9
    for text in ("ledger verified", "initial load", "freshness, landed", "freshness, published", "cost",
                 "schema changes", "quality", "Try next"):
        assert text in done.stdout


def test_a_folder_that_is_in_use_is_refused(tmp_path):
    (tmp_path / "mine").write_text("x")
    done = run_demo(tmp_path)
    assert done.returncode == 2
    assert "the demo wants a folder of its own" in done.stderr
    assert (tmp_path / "mine").exists()


def test_without_a_server_it_says_what_to_install(tmp_path):
    """The programs are looked for in PATH and where Debian has them; a namespace hides the latter."""
    hidden = tmp_path / "empty"
    hidden.mkdir()
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c",
         f"mount --bind {hidden} /usr/lib/postgresql && unset WEIR_POSTGRES_PROGRAMS && "
         f"PATH=/usr/bin:/bin exec {BUILD}/weir demo --scale 1000"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "apt-get install postgresql-15" in done.stderr
