"""Goal: a start compares ledger, slot and warehouse; what is behind is loaded again, and what cannot be of one
history stops before anything moves, so that putting back the right file mends it.

Method: a real pipeline whose ledger, slot or warehouse is exchanged for an older one; both ends are
fingerprinted by psql and the duckdb package, and the ledger's files are hashed before and after.
"""

import hashlib
import shutil

import pytest

from chain import Chain, Payer, simulate
from postgres import PostgresServer

SETTING = ("--seed", 5, "--scale", 100, "--bulk-at", 0, "--alter-at", 0)


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        simulate(running, *SETTING, "--load")
        yield running


@pytest.fixture
def payer(server):
    return Payer(server, *SETTING)


@pytest.fixture
def chain(server, tmp_path):
    made = Chain(server, tmp_path)
    made.init()
    yield made
    made.weir("drop", "--yes")


def keep(chain, folder):
    """Copies a folder of the store aside and returns a function that puts the copy in place of what is there."""
    kept = chain.folder / f"kept-{len(list(chain.folder.iterdir()))}"
    shutil.copytree(chain.store / folder, kept)

    def put_back():
        shutil.rmtree(chain.store / folder)
        shutil.copytree(kept, chain.store / folder)
    return put_back


def digest(chain, folder="ledger"):
    """Returns what the files of a folder of the store hold."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (chain.store / folder).rglob("*") if path.is_file()}


def check_equal(chain):
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    loads = chain.entries("cuts loaded")
    assert [load["from"] for load in loads] == [0, *(load["to"] for load in loads[:-1])]
    assert chain.weir("ledger", "verify")["verified"]


def refuse(chain, command, message):
    """The command stops with exit code 5, says why, and has committed nothing."""
    before = digest(chain)
    assert message in chain.weir(*command, expect=5)["error"]
    assert digest(chain) == before


def confirmed(server):
    return server.psql("select confirmed_flush_lsn from pg_replication_slots where slot_name = 'weir_claims'")


RUN = ("run", "--until-current")


@pytest.mark.parametrize("more_changes", [False, True])
def test_an_older_warehouse_is_loaded_again_from_processing(chain, payer, more_changes):
    chain.weir(*RUN)
    payer.works()
    chain.weir(*RUN)
    older = keep(chain, "warehouse")
    for _ in range(2):
        payer.works()
        chain.weir(*RUN)
    loads = len(chain.entries("cuts loaded"))
    older()
    if more_changes:
        payer.works()
    chain.weir(*RUN)
    check_equal(chain)
    assert len(chain.entries("cuts loaded")) == loads + more_changes


def test_without_a_warehouse_everything_is_loaded_again(chain, payer):
    chain.weir(*RUN)
    payer.works()
    chain.weir(*RUN)
    shutil.rmtree(chain.store / "warehouse")
    chain.weir("load")
    check_equal(chain)
    payer.works()
    chain.weir(*RUN)
    check_equal(chain)


@pytest.mark.parametrize("command", [RUN, ("capture",), ("load",)])
def test_a_warehouse_ahead_of_the_ledger_stops_the_start(chain, payer, command):
    chain.weir("capture")
    older = keep(chain, "ledger")
    for stage in ("refine", "load"):
        chain.weir(stage)
    newer = keep(chain, "ledger")
    older()
    message = "the warehouse is ahead of the ledger"
    if command == ("load",):
        assert message in chain.weir(*command, expect=5)["error"]
    else:
        refuse(chain, command, message)
    newer()
    payer.works()
    chain.weir(*RUN)
    check_equal(chain)


def test_a_ledger_behind_the_slot_stops_the_start_and_loses_nothing(chain, payer):
    chain.weir(*RUN)
    older = keep(chain, "ledger")
    payer.works()
    chain.weir(*RUN)
    newer = keep(chain, "ledger")
    landed = digest(chain, "landing")
    older()
    payer.works()
    refuse(chain, RUN, "the slot is ahead of the ledger: changes in between are gone from the log; restore the ledger")
    assert digest(chain, "landing") == landed
    newer()
    chain.weir(*RUN)
    check_equal(chain)


def test_a_ledger_from_before_the_snapshot_does_not_take_the_slot_away(chain, server, payer):
    older = keep(chain, "ledger")
    chain.weir(*RUN)
    newer = keep(chain, "ledger")
    older()
    slot = confirmed(server)
    refuse(chain, ("capture",), "the warehouse is ahead of the ledger")
    assert confirmed(server) == slot
    newer()
    payer.works()
    chain.weir(*RUN)
    check_equal(chain)


def test_a_slot_that_was_read_by_somebody_else_stops_the_start(chain, server, payer):
    chain.weir(*RUN)
    payer.works()
    server.psql("select pg_replication_slot_advance('weir_claims', pg_current_wal_lsn())")
    refuse(chain, RUN, "the slot is ahead of the ledger")


def test_a_dropped_slot_stops_the_start_and_the_remedy_works(chain, server, payer):
    chain.weir(*RUN)
    server.psql("select pg_drop_replication_slot('weir_claims')")
    payer.works()
    refuse(chain, RUN, "the replication slot is gone, and with it the log since the last cut; `weir repair` goes on")
    chain.weir("repair")
    chain.weir(*RUN)
    check_equal(chain)
