"""Goal: weir needs no rights but those of a user who owns a folder.

Method: the demo, which has everything in it, as a plain user with a home of its own. Run as root, the tests
become nobody for it; demo_test.py runs the demo as whoever runs the tests.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from chain import BUILD, SHARE
from plain_user import as_plain_user, give

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="weirhome.", dir="/tmp") as folder:
        yield pathlib.Path(give(folder))


def run(home, *command):
    environment = {"HOME": str(home), "WEIR_SHARE": SHARE, "PATH": f"{pathlib.Path(sys.executable).parent}:/usr/bin:/bin"}
    return subprocess.run(as_plain_user([str(word) for word in command], ROOT), cwd="/", env=environment,
                          capture_output=True, text=True, timeout=300)


def test_the_user_is_a_plain_one(home):
    assert run(home, "id", "-u").stdout.strip() == str(os.geteuid() or 65534)
    assert run(home, "sh", "-c", "grep CapEff /proc/self/status").stdout.split() == ["CapEff:", "0" * 16]


def test_a_plain_user_runs_the_demo(home):
    done = run(home, BUILD / "weir", "--json", "demo", "--scale", "1000", "--seconds", "2", "--rate", "100",
               "--folder", home / "demo")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["source_equals_warehouse"] and result["ledger_verified"] and result["quality_passed"]
    assert not (home / "demo").exists()


def test_a_folder_of_somebody_else_is_refused(home):
    done = run(home, BUILD / "weir", "demo", "--folder", "/usr/share/weir-demo")
    assert done.returncode == 3
    assert "cannot make the folder of the demo: " in done.stderr and "name another with --folder" in done.stderr
