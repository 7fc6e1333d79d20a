"""Goal: the source may forget its log only up to what the ledger holds, and does forget it while no captured
table changes.

Method: the slot's confirmed position is read first and the ledger's after it, again and again while a payer
works and weir is killed: the first must never be past the second.
"""

import signal
import time

import pytest

from chain import Chain, simulate, start_simulator
from decoded_log import position as offset
from postgres import PostgresServer

SETTING = ("--seed", 9, "--scale", 500)


@pytest.fixture
def payer():
    with PostgresServer.start() as server:
        simulate(server, *SETTING, "--load")
        yield server


def confirmed(server):
    return offset(server.psql("select confirmed_flush_lsn from pg_replication_slots where slot_name = 'weir_claims'"))


def test_nothing_is_acknowledged_before_the_ledger_has_it(payer, tmp_path):
    chain = Chain.make(payer, tmp_path)
    chain.weir("capture")
    payer_works = start_simulator(payer, *SETTING, "--run", 1500, "--rate", 150)
    seen = set()
    try:
        while payer_works.poll() is None:
            run = chain.start("capture", "--continuous")
            for _ in range(4):
                acknowledged = confirmed(payer)
                assert acknowledged <= offset(chain.weir("status")["position"])
                seen.add(acknowledged)
            run.kill()
            run.wait()
            acknowledged = confirmed(payer)
            assert acknowledged <= offset(chain.weir("status")["position"])
    finally:
        assert payer_works.wait(60) == 0
    assert len(seen) > 3, "the slot did not move"


def test_an_idle_pipeline_lets_the_source_forget_its_log(payer, tmp_path):
    """The log of a server must not grow because nothing happens in the captured tables."""
    chain = Chain.make(payer, tmp_path)
    chain.weir("capture")
    run = chain.start("run")
    try:
        payer.psql("create table public.other (text text); "
                   "insert into public.other select repeat('x', 1000) from generate_series(1, 30000)")
        end = offset(payer.psql("select pg_current_wal_flush_lsn()"))
        deadline = time.monotonic() + 60
        while confirmed(payer) < end:
            assert time.monotonic() < deadline
            time.sleep(0.2)
            payer.psql("select pg_logical_emit_message(false, 'other', 'more')")
        assert offset(chain.weir("status")["position"]) >= end
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    assert chain.entries("position advanced")
    assert [entry["cut"] for entry in chain.entries("cut landed")] == [1], "nothing changed in a captured table"
