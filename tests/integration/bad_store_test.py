"""Goal: a store that cannot be written, or not be read, and a ledger that was put back to an older state, stop weir
with what is wrong and what to do, and nothing is lost; once it is mended, weir goes on.

Method: the store lies on a small disk of its own (a tmpfs, so this needs root) that is mounted anew for reading
only, or filled; a pipeline is run by a user without rights to it; files of the ledger are exchanged for older ones
before a start and below a running weir (recovery_order_test.py
has a whole ledger that is older, before a start). A full disk below a running weir is in full_disk_test.py; a quota answers
as a full disk does (src/store/file_error_test.cpp).
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

import small_disk
from chain import SHARE, Chain, Payer, simulate, wait_until
from plain_user import as_plain_user
from postgres import PostgresServer

SETTING = ("--seed", 9, "--scale", 100, "--bulk-at", 0, "--alter-at", 0)
RUN = ("run", "--until-current")


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        simulate(running, *SETTING, "--load")
        yield running


@pytest.fixture
def payer(server):
    return Payer(server, *SETTING)


@pytest.fixture
def disk(tmp_path):
    with small_disk.mounted(tmp_path / "disk", "64m") as folder:
        yield folder


@pytest.fixture
def chain(server, tmp_path, disk):
    made = Chain(server, tmp_path / "pipeline")
    made.store = disk / "data"
    text = made.configuration.read_text()
    made.configuration.write_text(text.replace(str(tmp_path / "pipeline" / "data"), str(made.store)))
    made.init()
    made.weir(*RUN)
    yield made
    made.weir("drop", "--yes")


def mount_for(disk, how):
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def digest(folder):
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def check_goes_on(chain, payer):
    payer.works()
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]


def test_a_full_disk_ends_a_run_until_current(chain, disk, payer):
    payer.works()
    filler = small_disk.fill(disk)
    said = chain.weir(*RUN, expect=3)["error"]
    assert "unavailable: " in said and "No space left on device; free space on this disk, then retry" in said
    filler.unlink()
    check_goes_on(chain, payer)


def test_a_disk_for_reading_only_stops_the_start(chain, disk, payer):
    payer.works()
    mount_for(disk, "ro")
    before = digest(chain.store)
    said = chain.weir(*RUN, expect=1)["error"]
    assert "denied: " in said and "Read-only file system; mount the file system for writing" in said
    assert digest(chain.store) == before
    mount_for(disk, "rw")
    check_goes_on(chain, payer)


def test_a_user_without_rights_is_told_so(server):
    with tempfile.TemporaryDirectory(prefix="weirstore.", dir="/tmp") as name:
        chain = Chain.make(server, os.path.join(name, "pipeline"))
        try:
            os.chmod(name, 0o755)
            os.chmod(chain.folder, 0o755)
            os.chmod(chain.configuration, 0o644)
            before = digest(chain.store)
            done = subprocess.run(as_plain_user(chain.command(*RUN), SHARE), cwd="/", capture_output=True, text=True,
                                  timeout=60, env={"PATH": os.environ["PATH"], "WEIR_SHARE": SHARE})
            assert done.returncode == 1, done.stderr
            assert "denied: " in done.stderr and "give this user the right to read and write there" in done.stderr
            assert digest(chain.store) == before
        finally:
            chain.weir("drop", "--yes")


def older(chain, part):
    """Keeps a part of the ledger as it is now; returns a function that puts it in place of the newer one, and
    returns one that puts the newer one back."""
    kept = chain.folder / "older"
    copy(chain.store / part, kept)

    def exchange():
        newer = chain.folder / "newer"
        copy(chain.store / part, newer)
        copy(kept, chain.store / part)
        return lambda: copy(newer, chain.store / part)
    return exchange


def copy(source, target):
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        shutil.copy(source, f"{target}.copied")
        os.rename(f"{target}.copied", target)


def test_an_older_head_stops_the_start(chain, payer):
    put_older = older(chain, "ledger/head")
    payer.works()
    chain.weir(*RUN)
    put_newer = put_older()
    before = digest(chain.store / "ledger")
    assert "it was taken back; put the newest ledger/ back from a copy" in chain.weir(*RUN, expect=5)["error"]
    assert digest(chain.store / "ledger") == before
    put_newer()
    check_goes_on(chain, payer)


# Files are exchanged one after another, so that weir may meet an older head before the older checkpoint.
@pytest.mark.parametrize("part, messages", [("ledger/head", ["it was taken back"]), ("ledger", ["the ledger went back", "it was taken back"])])
def test_an_older_ledger_stops_a_running_weir(chain, payer, part, messages):
    put_older = older(chain, part)
    run = chain.start("run")
    try:
        cuts = chain.weir("status")["loaded"]
        payer.works()
        wait_until(lambda: chain.weir("status")["loaded"] > cuts, chain.log)
        put_newer = put_older()
        assert run.wait(120) == 5, chain.log()
        assert any(message in chain.log() for message in messages) and "put the newest ledger/ back" in chain.log()
        put_newer()
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    check_goes_on(chain, payer)
