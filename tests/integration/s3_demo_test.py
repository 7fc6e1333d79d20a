"""Goal: `weir demo --s3` proves the whole chain on a bucket, and says what it lacks before a minute's work.

Method: a small demo on the versitygw that set-up installs; and one with a PATH that has none.
"""

import json
import os
import subprocess

from chain import BUILD, SHARE
from postgres import reachable
from s3_servers import PROGRAMS


def demo(*words, path):
    return subprocess.run(
        [BUILD / "weir", "--json", "demo", "--s3", *map(str, words)], capture_output=True, text=True, timeout=500,
        env={**os.environ, "WEIR_SHARE": SHARE, "PATH": path})


def test_the_demo_proves_the_chain_on_a_bucket(tmp_path):
    done = demo("--folder", reachable(tmp_path) / "demo", "--scale", 2000, "--rate", 20, "--seconds", 5,
                path=f"{PROGRAMS}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["source_equals_warehouse"] is True
    assert result["ledger_verified"] is True


def test_the_demo_says_that_its_server_is_missing(tmp_path):
    (tmp_path / "bin").mkdir()
    for program in ("dbt", "python3"):
        found = subprocess.run(["which", program], capture_output=True, text=True).stdout.strip()
        (tmp_path / "bin" / program).symlink_to(found)
    done = demo("--folder", tmp_path / "demo", path=str(tmp_path / "bin"))
    assert done.returncode == 2
    assert "there is no versitygw on PATH" in done.stderr
    assert not (tmp_path / "demo").exists()
