"""Goal: `weir status` says of each stage how far it is behind, what it did, what it fails at, and why publication is held.

Method: stages are run one by one on a small source, one of whose rows does not fit; what status says is compared with
what was done, and with the ledger.
"""

import signal

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer
from small_models import BREAK, MEND, write_project, write_suite

TYPES = "refine: {types: {claims.plan.metal: json}}\n"


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        running.psql("create schema claims; create table claims.plan (plan_id int primary key, name text, "
                     "line_of_business text, metal text); insert into claims.plan values (1, 'one', 'a', '{}')")
        yield running


def stages(chain):
    return {stage["stage"]: stage for stage in chain.weir("status")["stages"]}


def test_each_stage_says_how_far_it_is_behind_and_what_it_did(server, tmp_path):
    chain = Chain.make(server, tmp_path, more=TYPES)
    assert {stage["cut"] for stage in stages(chain).values()} == {0}
    chain.weir("capture")
    server.psql("set synchronous_commit = on; insert into claims.plan values (2, 'two', 'a', '{\"a\": 1}'), (3, 'three', 'a', 'not json')")
    assert stages(chain)["capture"]["lag_bytes"] > 0
    chain.weir("capture")
    first = stages(chain)
    assert (first["capture"]["cut"], first["capture"]["rows"]) == (2, 3)
    assert (first["refine"]["cut"], first["refine"]["lag_seconds"]) == (0, None)
    chain.weir("refine")
    second = stages(chain)
    assert [second["refine"][name] for name in ("cut", "rows", "rejected", "lag_bytes", "lag_seconds")] == [2, 2, 1, 0, 0]
    chain.weir("load")
    assert [stages(chain)["load"][name] for name in ("cut", "rows", "lag_bytes")] == [2, 2, 0]


def test_a_stage_that_fails_says_so_until_it_works_again(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    chain.weir("capture")
    run = chain.start("run")
    try:
        wait_until(lambda: stages(chain)["capture"]["process"] == str(run.pid), chain.log)
        server.kill()
        failing = wait_until(lambda: stages(chain)["capture"]["error"], chain.log)
        assert failing.startswith("unavailable: ")
        assert chain.weir("status")["source_error"].startswith("unavailable: ")
        server.start_again()
        server.psql("insert into claims.plan values (4, 'four', 'a', '{}')")
        wait_until(lambda: chain.weir("status")["loaded"] == 2, chain.log)
        assert stages(chain)["capture"]["error"] is None
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    assert stages(chain)["capture"]["process"] is None


def test_a_publication_that_is_held_has_a_reason(server, tmp_path):
    chain = Chain.make(server, tmp_path, more=write_project(tmp_path) + write_suite(tmp_path))
    chain.weir("run", "--until-current")
    assert chain.weir("status")["held"] is None
    server.psql(BREAK)
    chain.weir("run", "--until-current", expect=4)
    status = chain.weir("status")
    assert status["held"] == "at cut 2 1 of 1 expectations of suite plans did not hold"
    assert (status["loaded"], status["published"]) == (2, 1)
    server.psql(MEND)
    chain.weir("run", "--until-current")
    assert chain.weir("status")["held"] is None


def test_a_snapshot_that_waits_for_a_prepared_transaction_says_which_and_goes_on_once_that_has_ended(tmp_path):
    with PostgresServer.start(settings={"max_prepared_transactions": "2"}) as server:
        server.psql("create schema claims; create table claims.plan (plan_id int primary key); insert into claims.plan values (1)")
        server.psql("begin; insert into claims.plan values (2); prepare transaction 'pending'")
        chain = Chain.make(server, tmp_path)
        run = chain.start("run", "--until-current")
        try:
            wait_until(lambda: "gid=pending" in (stages(chain)["capture"]["error"] or ""), chain.log, seconds=60)
            assert "COMMIT PREPARED" in chain.log()
            server.psql("commit prepared 'pending'")
            assert run.wait(60) == 0, chain.log()
        finally:
            run.kill()
            run.wait()
        assert stages(chain)["capture"]["error"] is None
        assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_a_run_that_waits_for_a_transaction_can_be_stopped(server, tmp_path):
    """Making a slot may take as long as others do; it is told, and ends when somebody wants it to."""
    session = server.open_session()
    session.run("begin; insert into claims.plan values (2);")
    chain = Chain.make(server, tmp_path)
    run = chain.start("run")
    try:
        wait_until(lambda: "waits for a transaction in progress" in chain.log(), chain.log, seconds=60)
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0, chain.log()
    finally:
        run.kill()
        run.wait()
        session.close()
    assert server.psql("select count(*) from pg_replication_slots") == "0"
