"""Goal: anybody who may, can ask the warehouse at any moment, and the ledger knows that they did.

Method: the real program, asked while it runs, while its models are built, after it was killed and when
nobody runs; the ledger's `data read` entries are compared with hashes made here.
"""

import hashlib
import signal
import subprocess

import pytest

from chain import Chain, simulate, wait_until
from postgres import PostgresServer

COUNT = "select count(*) as claims from claims.claim"


@pytest.fixture(scope="module")
def payer():
    with PostgresServer.start() as server:
        simulate(server, "--seed", 5, "--scale", 1000, "--load")
        yield server


@pytest.fixture
def chain(payer, tmp_path):
    """In a folder whose name is longer than a socket's address may be."""
    payer.psql("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    return Chain.make(payer, tmp_path / ("a" * 60) / ("b" * 60),
                      more="models: {project: claims, every: 1s}\n")


def start(chain):
    run = chain.start("run")
    wait_until(lambda: (chain.store / "run" / "query.sock").exists(), chain.log)
    wait_until(lambda: chain.weir("status")["loaded"] >= 1, chain.log)
    return run


def stop(run):
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 0


def claims_of(payer):
    return payer.psql("select count(*) from claims.claim")


def test_a_running_weir_answers_even_while_it_builds_models(payer, chain):
    run = start(chain)
    try:
        answers = []
        while chain.weir("status")["published"] < 1:
            answers.append(chain.weir("query", COUNT)["rows"])
    finally:
        stop(run)
    assert answers and all(rows == [{"claims": claims_of(payer)}] for rows in answers)
    reads = chain.entries("data read")
    assert len(reads) == len(answers)
    assert {read["statement"] for read in reads} == {hashlib.sha256(COUNT.encode()).hexdigest()}
    assert {read["rows"] for read in reads} == {1}
    assert not (chain.store / "run" / "query.sock").exists()


def test_what_is_no_query_is_refused_and_changes_nothing(chain, tmp_path):
    run = start(chain)
    try:
        for statement in ("delete from claims_history.claim", "drop view claims.claim", "set threads = 1",
                          f"copy claims.claim to '{tmp_path}/out'", "select 1; select 2",
                          "select 1) ; drop view claims.claim; select (1"):
            refused = chain.weir("query", statement, expect=2)
            assert refused["error"].startswith("weir: invalid: "), statement
        assert not (tmp_path / "out").exists()
        assert int(chain.weir("query", COUNT)["rows"][0]["claims"]) > 0
    finally:
        stop(run)


def test_only_this_user_may_open_the_socket(chain):
    run = start(chain)
    try:
        assert (chain.store / "run" / "query.sock").stat().st_mode & 0o777 == 0o600
        assert (chain.store / "run").stat().st_mode & 0o777 == 0o700
    finally:
        stop(run)


def test_a_dead_process_leaves_a_socket_that_is_in_nobodys_way(payer, chain):
    run = start(chain)
    run.kill()
    run.wait()
    assert (chain.store / "run" / "query.sock").exists()
    wait_until(lambda: subprocess.run(["pgrep", "-f", str(chain.store / "models")], stdout=subprocess.DEVNULL)
               .returncode == 1, "dbt outlives the weir that started it")
    assert chain.weir("query", COUNT)["rows"] == [{"claims": claims_of(payer)}]
    stop(start(chain))


def test_without_a_running_weir_the_file_is_asked_and_the_ledger_told(payer, chain):
    chain.weir("capture")
    chain.weir("refine")
    chain.weir("load")
    assert chain.weir("query", COUNT + ";")["rows"] == [{"claims": claims_of(payer)}]
    (read,) = chain.entries("data read")
    assert read["statement"] == hashlib.sha256((COUNT + ";").encode()).hexdigest()
    chain.weir("ledger", "verify")
