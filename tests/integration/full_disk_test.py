"""Goal: a disk that is full stops weir's stages, not weir, and loses nothing; once there is room it goes on.

Method: the store lies on a small disk of its own (a tmpfs, so this needs root), which a file fills up while a
payer works.
"""

import signal

import pytest

import small_disk
from chain import Chain, simulate, start_simulator, wait_until
from postgres import PostgresServer

SETTING = ("--seed", 13, "--scale", 1000)


@pytest.fixture
def disk(tmp_path):
    with small_disk.mounted(tmp_path / "disk", "256m") as folder:
        yield folder


def test_a_full_disk_is_outlasted(disk, tmp_path):
    with PostgresServer.start() as server:
        simulate(server, *SETTING, "--load")
        chain = Chain(server, tmp_path / "pipeline")
        chain.store = disk / "data"
        chain.configuration.write_text(
            chain.configuration.read_text().replace(str(tmp_path / "pipeline" / "data"), str(chain.store)))
        chain.init()
        run = chain.start("run")
        try:
            log = tmp_path / "pipeline" / "weir.log"
            wait_until(lambda: b"landed cut 1:" in log.read_bytes(), chain.log)
            payer_works = start_simulator(server, *SETTING, "--run", 600, "--rate", 100)
            filler = small_disk.fill(disk)
            wait_until(lambda: b"No space left on device" in log.read_bytes(), chain.log)
            assert payer_works.wait(120) == 0
            assert run.poll() is None
            filler.unlink()
            wait_until(lambda: chain.weir("status")["landed"] > 1, chain.log)
        finally:
            run.send_signal(signal.SIGTERM)
            ended = run.wait(90)
        assert ended == 0, log.read_text()[-2000:]
        chain.weir("run", "--until-current")
        assert chain.warehouse_fingerprints() == chain.source_fingerprints()
        chain.weir("ledger", "verify")
