"""Goal: what the payer does to a table's shape takes effect in order with the data; where the log does not tell what became of
the rows, the table is read again by itself, and no other table waits for it.

Method: one statement of DDL between changes of the same run, so that rows of both shapes are loaded together; both ends are
fingerprinted by psql and duckdb. `attempts` are the readings that it took: [1] is the first snapshot alone.
"""

import duckdb
import pytest

from chain import Chain
from postgres import PostgresServer

TABLES = """
create schema claims;
create table claims.plan (id int primary key, name text);
create table claims.line (id int primary key, plan int not null, code varchar(10) not null, note text, raw bytea);
insert into claims.plan select i, 'plan ' || i from generate_series(1, 20) i;
insert into claims.line select i, i % 7, 'c' || i % 90, repeat('x', i % 50), decode(to_hex(i + 4096), 'hex')
    from generate_series(1, 500) i;
"""
RUN = ("run", "--until-current")


@pytest.fixture(scope="module")
def shared_server():
    with PostgresServer.start() as running:
        yield running


@pytest.fixture
def server(shared_server):
    shared_server.psql("drop schema if exists claims cascade;" + TABLES)
    yield shared_server


@pytest.fixture
def chain(server, tmp_path):
    made = Chain.make(server, tmp_path)
    made.weir(*RUN)
    yield made
    made.weir("drop", "--yes")


def attempts(chain):
    return [entry["snapshot_attempt"] for entry in chain.entries("cut landed") if entry["snapshot_attempt"]]


def work(number):
    """Changes rows that stand, deletes some, and makes some."""
    return (f"update claims.plan set name = name || '+' where id % 5 = {number % 5};"
            f"update claims.line set plan = plan + 1 where id % 10 = {number};"
            f"delete from claims.line where id % 100 = {number}")


def do(server, *statements):
    for number, statement in enumerate(statements):
        server.psql(work(number))
        server.psql(statement)
    server.psql(work(len(statements)))


def ask(chain, statement):
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(statement).fetchall()


def check_equal(chain, readings):
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert attempts(chain) == readings
    assert chain.weir("status")["aside"] == []
    assert chain.weir("ledger", "verify")["verified"]


IN_ORDER = {
    "add_a_column": ["alter table claims.line add column extra int"],
    "add_a_column_with_a_constant": [
        "alter table claims.line add column paid numeric(12,2) default 12.50, add column status text not null default 'new one', "
        "add column due date default '2026-03-01', add column open boolean default true"],
    "add_columns_with_constants_one_after_another": [
        "alter table claims.line add column paid int default 5", "insert into claims.line (id, plan, code) values (900, 1, 'k')",
        "alter table claims.line add column open boolean default true", "alter table claims.line add column extra int"],
    "drop_a_column": ["alter table claims.line drop column note"],
    "drop_and_add_a_column_of_the_same_name": [
        "alter table claims.line drop column note", "alter table claims.line add column note int"],
    "rename_a_column": ["alter table claims.line rename column note to remark"],
    "nullability": ["alter table claims.line alter column plan drop not null",
                    "update claims.line set plan = null where id = 77"],
    "another_key": ["update claims.line set code = 'k' || id; alter table claims.line drop constraint line_pkey, "
                    "add primary key (code)", "update claims.line set code = code || 'z' where id = 55",
                    "delete from claims.line where id = 56"],
    "truncate": ["truncate claims.line", "insert into claims.line values (1, 2, 'c', 'after', null)"],
}


@pytest.mark.parametrize("statements", IN_ORDER.values(), ids=IN_ORDER.keys())
def test_takes_effect_in_order(server, chain, statements):
    do(server, *statements)
    check_equal(chain, [1])


REWRITTEN = {
    "exchange_the_names_of_two_columns": [
        "begin; alter table claims.line rename column note to other; alter table claims.line rename column code to note;"
        "alter table claims.line rename column other to code; commit"],
    "another_type": ["alter table claims.line alter column plan type text using 'plan ' || plan"],
    "bytes_become_text": ["alter table claims.line alter column raw type text using encode(raw, 'base64')"],
    "text_becomes_a_number": ["alter table claims.line alter column code type int using substr(code, 2)::int"],
    "a_column_with_a_value_of_its_own_in_each_row": [
        "alter table claims.line add column seen timestamptz default clock_timestamp()"],
    "an_identity_column": ["alter table claims.line add column number bigint generated always as identity"],
}


@pytest.mark.parametrize("statements", REWRITTEN.values(), ids=REWRITTEN.keys())
def test_a_rewritten_table_is_read_again_by_itself(server, chain, statements):
    do(server, *(statement.replace("plan = plan + 1", "") for statement in statements[:-1]))
    server.psql(work(3))
    server.psql(statements[-1])
    server.psql("update claims.plan set name = 'after'; delete from claims.line where id = 7")
    check_equal(chain, [1, 2])
    asides = chain.entries("table set aside")
    assert [(entry["table"], entry["reason"]) for entry in asides] == [("claims.line", "rewritten")]


def test_a_renamed_table_is_read_under_its_new_name_and_its_history_stays(server, chain):
    server.psql(work(1))
    server.psql("alter table claims.line rename to claim_line; update claims.claim_line set plan = 9 where id = 9")
    chain.weir(*RUN)
    state = {table["table"]: table["reason"] for table in chain.weir("status")["aside"]}
    assert state == {"claims.line": "unreadable"}
    assert ask(chain, "select count(*) from claims.claim_line") == [(int(server.psql("select count(*) from claims.claim_line")),)]
    assert ask(chain, "select count(*) > 0 from claims_history.line") == [(True,)]


def names_of(chain):
    return {table["table"]: table["reason"] for table in chain.weir("status")["aside"]}


def check_that_the_others_go_on(server, chain):
    """Two starts: one that meets the table, and one that finds it set aside."""
    for name in ("first", "second"):
        server.psql(f"update claims.plan set name = '{name}'")
        chain.weir(*RUN)
        assert ask(chain, "select distinct name from claims.plan") == [(name,)]


@pytest.mark.parametrize("column", ["_op", "_CUT", "_commit_time", "_before"])
def test_a_column_named_like_ours_sets_aside_its_table_alone(server, chain, column):
    server.psql(f'alter table claims.line add "{column}" int; update claims.line set "{column}" = 1 where id = 3')
    check_that_the_others_go_on(server, chain)
    assert names_of(chain) == {"claims.line": "unreadable"}
    details = [entry["detail"] for entry in chain.entries("table set aside")]
    assert details and all("the name of one of weir's own; rename it or leave the table out" in detail for detail in details)
    assert "rename" in chain.weir("check", expect=2)["findings"][-1]["remedy"]
    server.psql(f'alter table claims.line rename "{column}" to other')
    chain.weir("snapshot", "claims.line")
    chain.weir(*RUN)
    assert names_of(chain) == {} and chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_a_table_that_has_such_a_column_from_the_first_is_not_read(server, tmp_path):
    server.psql("create table claims.odd (id int primary key, _cut int); insert into claims.odd values (1, 1)")
    chain = Chain.make(server, tmp_path)
    check_that_the_others_go_on(server, chain)
    server.psql("update claims.odd set _cut = 2")
    check_that_the_others_go_on(server, chain)
    assert names_of(chain) == {"claims.odd": "unreadable"}
    chain.weir("drop", "--yes")


NOT_TO_BE_DESCRIBED = {
    "dropped": "drop table claims.line",
    "renamed": "alter table claims.line rename to other",
    "unlogged": "alter publication weir_claims drop table claims.line; alter table claims.line set unlogged",
    "a_partition_of_another": "alter table claims.whole attach partition claims.line default",
}


@pytest.mark.parametrize("statement", NOT_TO_BE_DESCRIBED.values(), ids=NOT_TO_BE_DESCRIBED.keys())
def test_a_table_that_cannot_be_described_at_a_start_sets_aside_itself_alone(server, tmp_path, statement):
    server.psql("create table claims.whole (like claims.line including all) partition by range (id)")
    chain = Chain.make(server, tmp_path, tables=("claims.plan", "claims.line", "claims.whole"))
    chain.weir(*RUN)
    server.psql(statement)
    check_that_the_others_go_on(server, chain)
    assert names_of(chain) == {"claims.line": "unreadable"}
    assert ask(chain, "select count(*) from claims.line") == [(500,)]
    chain.weir("drop", "--yes")


def test_a_table_without_columns_sets_aside_itself_alone(server, chain):
    server.psql("alter table claims.line drop id, drop plan, drop code, drop note, drop raw")
    check_that_the_others_go_on(server, chain)
    server.psql("insert into claims.line default values")
    check_that_the_others_go_on(server, chain)
    assert names_of(chain) == {"claims.line": "unreadable"}
    assert "has no column" in chain.entries("table set aside")[0]["detail"]
    assert ask(chain, "select count(*) from claims.line") == [(500,)]


def test_a_name_that_was_never_captured_is_refused(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    chain.weir(*RUN)
    text = chain.configuration.read_text()
    chain.configuration.write_text(text.replace("[claims.*]", "[claims.*, claims.lime]"))
    assert "no table matches" in chain.weir(*RUN, expect=2)["error"]
    chain.configuration.write_text(text)
    chain.weir("drop", "--yes")


def test_rows_of_before_read_as_the_constant_without_a_version_of_their_own(server, chain):
    versions = ask(chain, "select count(*) from claims_history.line")
    server.psql("alter table claims.line add column status text default 'constant'")
    server.psql("update claims.line set note = 'touched' where id = 5")
    chain.weir(*RUN)
    assert ask(chain, "select status, count(*) from claims.line group by all") == [("constant", 500)]
    assert ask(chain, "select count(*) from claims_history.line")[0][0] == versions[0][0] + 1
