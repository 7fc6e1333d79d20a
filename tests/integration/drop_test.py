"""Goal: `weir drop` takes away what weir made and nothing else, and only when told twice.

Method: the real program on a real server; the server and the folder are looked at before and after.
"""

import signal

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer


@pytest.fixture
def chain(tmp_path):
    with PostgresServer.start() as server:
        server.psql("create schema claims; create table claims.plan (id int primary key)")
        made = Chain.make(server, tmp_path)
        made.weir("run", "--until-current")
        yield made


def slots_and_publications(chain):
    return chain.server.psql("select (select count(*) from pg_replication_slots), (select count(*) from pg_publication)")


def test_nothing_is_removed_without_a_yes(chain):
    refused = chain.weir("drop", expect=2)["error"]
    assert "weir_claims" in refused and str(chain.store) in refused and "--yes" in refused
    assert slots_and_publications(chain) == "1|2"
    chain.weir("ledger", "verify")


def test_what_weir_made_is_removed_and_nothing_else(chain):
    other = chain.store / "notes.txt"
    other.write_text("of somebody else")
    chain.weir("drop", "--yes")
    assert slots_and_publications(chain) == "0|0"
    assert [path.name for path in chain.store.iterdir()] == ["notes.txt"]
    other.unlink()
    chain.weir("drop", "--yes")
    assert not chain.store.exists()


def test_the_store_may_be_kept(chain):
    chain.weir("drop", "--yes", "--keep-store")
    assert slots_and_publications(chain) == "0|0"
    chain.weir("ledger", "verify")


def test_a_running_weir_is_in_the_way(chain):
    run = chain.start("run")
    try:
        wait_until(lambda: chain.weir("status")["stages"][0]["process"], chain.log)
        assert str(run.pid) in chain.weir("drop", "--yes", expect=2)["error"]
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    assert slots_and_publications(chain) == "1|2"
