"""Goal: a partitioned table is one table in the warehouse, equal to its root; and where partitions come or go with their rows,
which the log does not tell, weir says so, while it runs and after it was away.

Method: real programs on a real server, with partitions and partitions of partitions; fingerprints by psql and duckdb.
"""

import signal

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer

RUN = ("run", "--until-current")
TABLE = """create schema claims;
create table claims.claim (id int, year int, note text, primary key (id, year)) partition by range (year);
create table claims.old partition of claims.claim for values from (0) to (2000) partition by hash (id);
create table claims.old_0 partition of claims.old for values with (modulus 2, remainder 0);
create table claims.old_1 partition of claims.old for values with (modulus 2, remainder 1);
create table claims.new partition of claims.claim for values from (2000) to (2100);
create table claims.event (id int, text text) partition by range (id);
create table claims.event_0 partition of claims.event default;
insert into claims.event values (1, 'one');
insert into claims.claim select i, 1900 + i % 150, repeat('n', 500) from generate_series(1, 4000) i"""
FULL = """create table claims.full (like claims.new including all); insert into claims.full values (1, 2100, 'unseen');
alter table claims.claim attach partition claims.full for values from (2100) to (2200)"""


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        running.psql(TABLE)
        yield running


@pytest.fixture
def chain(server, tmp_path):
    return Chain.make(server, tmp_path)


def check_equal(chain):
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]


def test_a_partitioned_table_is_one_table_and_a_killed_snapshot_of_it_goes_on(server, chain):
    log = chain.folder / "weir.log"
    for _ in range(2):
        before = log.read_text().count("snapshot: ") if log.exists() else 0
        run = chain.start("run", "--until-current")
        wait_until(lambda: log.exists() and log.read_text().count("snapshot: ") >= before + 2 or run.poll() is not None, chain.log)
        run.kill()
        run.wait()
        server.psql("update claims.claim set year = 2050 where id % 100 = 7 and year < 2000;"
                    "delete from claims.claim where id % 100 = 8; insert into claims.event values (2, 'two')")
    chain.weir(*RUN)
    assert set(chain.contracts()) == {"claims.claim", "claims.event"}
    check_equal(chain)
    server.psql("create table claims.newest partition of claims.claim for values from (2100) to (2200);"
                "insert into claims.claim select i, 2150, 'new' from generate_series(1, 50) i;"
                "update claims.claim set year = 1950 where year = 2150 and id < 10; truncate claims.event;"
                "insert into claims.event values (3, 'three')")
    server.psql("update claims.claim set year = year + 100 where year between 1990 and 2010")
    chain.weir(*RUN)
    check_equal(chain)
    assert chain.weir("status")["untold"] == []


def test_rows_that_came_or_went_with_a_partition_are_said_after_weir_was_away(server, chain):
    chain.weir(*RUN)
    server.psql(FULL)
    server.psql("alter table claims.claim detach partition claims.new; truncate claims.old_0")
    chain.weir(*RUN)
    untold = chain.weir("status")["untold"]
    assert len(untold) == 3 and all("claims.claim differs from the source" in line for line in untold)
    for part in ("claims.full was attached with rows", "claims.new was detached or dropped",
                 "claims.old_0 was emptied by a TRUNCATE of its own"):
        assert any(part in line for line in untold)
    chain.weir(*RUN)
    assert chain.weir("status")["untold"] == untold, "said once"
    chain.weir("drop", "--yes")
    chain.init()
    server.psql("drop table claims.new")
    chain.weir(*RUN)
    assert chain.weir("status")["untold"] == []
    check_equal(chain)


def test_they_are_said_while_weir_runs(server, chain):
    run = chain.start("run")
    try:
        wait_until(lambda: chain.entries("cut landed"), chain.log, seconds=60)
        server.psql(FULL)
        wait_until(lambda: "claims.full was attached with rows" in chain.log(), chain.log, seconds=60)
        assert run.poll() is None
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
