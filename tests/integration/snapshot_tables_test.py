"""Goal: a table that is new, that somebody wants read again, or that cannot be read for a while comes (back) whole, in
one cut, while the log of the others goes on; what the log did not tell of it is repaired, deletes included.

Method: a real server, `weir run`, changes beside it, and changes that are hidden from the log; both ends are fingerprinted by
psql and duckdb, and the history is read with the duckdb package.
"""

import signal

import duckdb
import pytest

from chain import Chain, wait_until
from postgres import PostgresServer

TABLES = """
create schema claims;
create table claims.plan (id int primary key, name text);
create table claims.line (id int primary key, plan int, note text);
create table claims.event (at int, what text);
alter table claims.event replica identity full;
insert into claims.plan select i, 'plan ' || i from generate_series(1, 300) i;
insert into claims.line select i, i % 7, repeat('x', 300) from generate_series(1, 3000) i;
insert into claims.event select i % 40, 'event' from generate_series(1, 200) i;
"""
UNTIL_CURRENT = ("run", "--until-current")


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        running.psql(TABLES)
        yield running


@pytest.fixture
def chain(server, tmp_path):
    return Chain.make(server, tmp_path)


def look_often(chain):
    text = chain.configuration.read_text()
    chain.configuration.write_text(text.replace("chunk_blocks: 16", "chunk_blocks: 16\n  look_for_tables: 100ms"))


def attempts(chain):
    """Returns the attempts that have a cut."""
    return [entry["snapshot_attempt"] for entry in chain.entries("cut landed") if entry["snapshot_attempt"]]


def aside(chain):
    return {table["table"]: table["reason"] for table in chain.weir("status")["aside"]}


def history(chain, statement):
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(statement).fetchall()


def check_equal(chain):
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]


def test_a_new_table_is_read_while_the_log_goes_on(server, chain):
    look_often(chain)
    chain.weir(*UNTIL_CURRENT)
    run = chain.start("run")
    try:
        server.psql("create table claims.extra (id int primary key, note text);"
                    "insert into claims.extra select i, repeat('n', 500) from generate_series(1, 5000) i")
        for number in range(20):
            server.psql(f"insert into claims.plan values ({1000 + number}, 'more');"
                        f"update claims.extra set note = 'changed' where id = {number * 100 + 1};"
                        f"delete from claims.extra where id = {number * 100 + 2};"
                        f"insert into claims.extra values ({10000 + number}, 'late')")
        wait_until(lambda: attempts(chain) == [1, 2], chain.log)
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0, chain.log()
    chain.weir(*UNTIL_CURRENT)
    check_equal(chain)
    back = [entry["cut"] for entry in chain.entries("cut landed") if entry["snapshot_attempt"] == 2]
    assert history(chain, "select min(from_cut) from claims_history.extra") == [(back[0],)]
    assert aside(chain) == {}


def hide_from_log(server, statements):
    """The publication does not have the tables meanwhile, so that the log tells nothing of it."""
    server.psql("alter publication weir_claims drop table claims.line, claims.event;" + statements +
                ";alter publication weir_claims add table only claims.line, only claims.event")


LOST = ("update claims.line set note = 'lost' where id between 10 and 19; delete from claims.line where id between 20 and 29;"
        "insert into claims.line values (9001, 1, 'lost'); delete from claims.event where at = 3;"
        "insert into claims.event values (3, 'lost'), (3, 'lost')")


def test_a_table_read_again_is_repaired_with_what_the_log_did_not_tell(server, chain):
    chain.weir(*UNTIL_CURRENT)
    hide_from_log(server, LOST)
    server.psql("update claims.line set note = 'told' where id between 15 and 25")
    chain.weir(*UNTIL_CURRENT)
    assert chain.warehouse_fingerprints() != chain.source_fingerprints()
    before = history(chain, "select count(*) from claims_history.line")
    assert chain.weir("snapshot", "claims.line", "claims.event")["requested"] == ["claims.line", "claims.event"]
    server.psql("update claims.line set note = 'on the way' where id = 40; delete from claims.line where id = 41")
    chain.weir(*UNTIL_CURRENT)
    check_equal(chain)
    assert attempts(chain) == [1, 2]
    # Nothing but what changed has a new version: 4 of ten updates were told later, 1 insert, 1 on the way.
    assert history(chain, "select count(*) from claims_history.line")[0][0] - before[0][0] == 7
    assert chain.weir("snapshot", "claims.nothing", expect=2)["error"].count("does not capture this table")
    assert chain.weir("snapshot", expect=2)["error"].count("name tables")


def test_a_table_that_is_empty_by_now_is_repaired_too(server, chain):
    chain.weir(*UNTIL_CURRENT)
    hide_from_log(server, "delete from claims.line; delete from claims.event")
    chain.weir("snapshot", "--all")
    chain.weir(*UNTIL_CURRENT)
    check_equal(chain)


def test_a_reading_that_is_killed_goes_on(server, chain):
    chain.weir(*UNTIL_CURRENT)
    hide_from_log(server, LOST)
    chain.weir("snapshot", "--all")
    landed = len(chain.entries("chunk landed"))
    for _ in range(3):
        run = chain.start(*UNTIL_CURRENT)
        log = chain.folder / "weir.log"
        told = log.read_text().count("snapshot: ") if log.exists() else 0
        wait_until(lambda: run.poll() is not None or log.read_text().count("snapshot: ") > told, chain.log)
        run.kill()
        run.wait()
        server.psql("update claims.line set note = note || 'y' where id % 50 = 1")
    chain.weir(*UNTIL_CURRENT)
    assert len(chain.entries("chunk landed")) > landed
    check_equal(chain)


def test_a_table_that_cannot_be_read_does_not_hold_the_others(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    for statement in chain.weir("init", server.url(), "--print-grants", "--pipeline", "claims", "--tables", "claims.*")["statements"]:
        server.psql(statement)
    server.psql("revoke select on claims.line from weir")
    chain.connect_to(server.url(user="weir"))
    chain.weir(*UNTIL_CURRENT)
    assert aside(chain) == {"claims.line": "unreadable"}
    expected = chain.source_fingerprints()
    found = chain.warehouse_fingerprints()
    assert found["claims.plan"] == expected["claims.plan"] and found["claims.event"] == expected["claims.event"]
    server.psql("grant select on claims.line to weir; update claims.line set note = 'seen' where id < 5")
    chain.weir(*UNTIL_CURRENT)
    assert aside(chain) == {}
    check_equal(chain)


def exchange(server, path, offset, content):
    """Writes into a file of the stopped server and returns what stood there."""
    server.stop()
    with open(server.data / path, "r+b") as pages:
        pages.seek(offset)
        before = pages.read(len(content))
        pages.seek(offset)
        pages.write(content)
    server.start_again()
    return before


def test_a_damaged_page_sets_its_table_aside_and_not_the_others(server, chain):
    path = server.psql("checkpoint; select pg_relation_filepath('claims.line')")
    whole = exchange(server, path, 20 * 8192, b"\x5a" * 64)
    chain.weir(*UNTIL_CURRENT)
    assert aside(chain) == {"claims.line": "unreadable"}
    exchange(server, path, 20 * 8192, whole)
    chain.weir(*UNTIL_CURRENT)
    assert aside(chain) == {}
    check_equal(chain)
