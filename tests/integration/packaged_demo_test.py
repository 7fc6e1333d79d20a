"""Goal: whoever unpacks the tarball runs the demo, with nothing of the checkout.

Method: the tarball of `./dev package`, unpacked into another folder and run from a third one. Its environment
is a PATH with dbt and PostgreSQL's programs: no compiler, no WEIR_SHARE, no HOME.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile

import pytest

from chain import BUILD
from package import make_package
from postgres import find_programs


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    tarball = make_package(BUILD, folder / "dist")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder)
    return folder / tarball.name.removesuffix(".tar.gz")


def only(folder, *programs):
    """Returns a folder for PATH with links to these programs and nothing else."""
    folder.mkdir()
    for program in programs:
        (folder / program.name).symlink_to(program)
    return str(folder)


def run_demo(unpacked, folder, path, *words):
    return subprocess.run([unpacked / "bin/weir", "demo", "--scale", "1000", "--seconds", "2", "--rate", "100", *words],
                          capture_output=True, text=True, timeout=300, cwd=folder, env={"PATH": path})


def test_the_unpacked_tarball_runs_the_demo(unpacked, tmp_path):
    dbt = pathlib.Path(sys.executable).parent / "dbt"
    done = run_demo(unpacked, tmp_path, f"{only(tmp_path / 'programs', dbt)}:{find_programs()}", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["source_equals_warehouse"] and result["ledger_verified"] and result["quality_passed"]
    assert result["models"] > 0 and result["model_tests_passed"] > 0
    assert os.listdir(tmp_path) == ["programs"]


def test_without_dbt_it_says_what_to_install(unpacked, tmp_path):
    done = run_demo(unpacked, tmp_path, str(find_programs()))
    assert done.returncode == 2
    assert re.search(r"cannot find dbt: install dbt-core .* and name its program as models\.dbt", done.stderr)
    assert "private PostgreSQL" not in done.stdout + done.stderr  # It looks before it begins.
