"""Goal: with the DDL trigger, what becomes of columns and of older rows is exact, also where names and catalog mislead, and the
source's own statements never fail by it.

Method: as in ddl_test, but all statements are through before weir reads the first row of them, so that the catalog no longer
tells what it told then. `shapes` are the versions of a table: the columns' numbers and names; one number is one column.
"""

import json
import subprocess

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer

# `gone` leaves a hole in the numbers: 1 id, 2 plan, 3 code, 5 note, 6 memo.
TABLES = """
create schema claims;
create table claims.plan (id int primary key, name text);
create table claims.line (id int primary key, plan int not null, code varchar(10) not null, gone int, note text, memo text);
alter table claims.line drop column gone;
insert into claims.plan select i, 'plan ' || i from generate_series(1, 20) i;
insert into claims.line select i, i % 7, 'c' || i, repeat('x', i % 50), 'm' || i from generate_series(1, 500) i;
"""
RUN = ("run", "--until-current")
STREAMED = {"logical_decoding_work_mem": "64kB"}
FIRST = [(1, "id"), (2, "plan"), (3, "code"), (5, "note"), (6, "memo")]


@pytest.fixture(scope="module")
def shared_server():
    with PostgresServer.start(settings=STREAMED) as running:
        yield running


@pytest.fixture
def server(shared_server):
    shared_server.psql("drop schema if exists claims cascade;" + TABLES)
    yield shared_server


def make_trigger(chain, *words, expect=0):
    return chain.weir("init", chain.url, "--ddl-trigger", *words, expect=expect)


@pytest.fixture
def chain(server, tmp_path):
    made = Chain.make(server, tmp_path)
    make_trigger(made)
    made.weir(*RUN)
    yield made
    made.weir("drop", "--yes")


def contracts(chain, table="claims.line"):
    found = [json.loads(path.read_text()) for path in (chain.store / "contracts" / table).glob("*.json")]
    return sorted(found, key=lambda contract: contract["version"])


def shapes(chain, table="claims.line"):
    return [[(column["id"], column["name"]) for column in contract["columns"]] for contract in contracts(chain, table)]


def column(contract, name):
    return next(column for column in contract["columns"] if column["name"] == name)


def attempts(chain):
    return [entry["snapshot_attempt"] for entry in chain.entries("cut landed") if entry["snapshot_attempt"]]


def asides(chain):
    return [(entry["table"], entry["reason"]) for entry in chain.entries("table set aside")]


def check_equal(chain, readings):
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert attempts(chain) == readings
    assert chain.weir("status")["aside"] == []
    assert chain.weir("ledger", "verify")["verified"]


def work(number):
    """Changes rows that stand, deletes some, and makes some in another table."""
    return (f"update claims.line set plan = plan + 1 where id % 10 = {number}; delete from claims.line where id % 100 = {number};"
            f"update claims.plan set name = name || '+' where id % 5 = {number}")


def do(server, *statements):
    for number, statement in enumerate(statements):
        server.psql(work(number) + ";" + statement)
    server.psql(work(len(statements)))


def test_a_renamed_column_stays_the_same_one(server, chain):
    do(server, "alter table claims.line rename note to remark", "alter table claims.line rename remark to comment")
    check_equal(chain, [1])
    assert shapes(chain) == [FIRST, FIRST[:3] + [(5, "remark"), (6, "memo")], FIRST[:3] + [(5, "comment"), (6, "memo")]]


def test_two_columns_of_one_type_exchange_their_names(server, chain):
    server.psql("begin; alter table claims.line rename note to other; alter table claims.line rename memo to note;"
                "alter table claims.line rename other to memo; update claims.line set memo = 'now memo' where id = 3; commit")
    server.psql("update claims.line set note = 'now note' where id = 4")
    check_equal(chain, [1])
    assert shapes(chain)[-1] == FIRST[:3] + [(5, "memo"), (6, "note")]


def test_the_row_that_follows_a_statement_at_once_has_its_shape(server, chain):
    server.psql("begin; alter table claims.line add status text default 'one'; insert into claims.line (id, plan, code) values (900, 1, 'k'); commit")
    server.psql("alter table claims.line drop status")
    check_equal(chain, [1])
    assert column(contracts(chain)[1], "status")["missing_value"] == "one"


def test_a_column_is_renamed_and_another_gets_its_name(server, chain):
    do(server, "alter table claims.line rename note to remark; alter table claims.line add note text",
       "update claims.line set note = 'new note' where id % 3 = 0", "alter table claims.line rename note to later")
    check_equal(chain, [1])
    assert shapes(chain)[-2:] == [FIRST[:3] + [(5, "remark"), (6, "memo"), (7, name)] for name in ("note", "later")]


def test_a_dropped_column_is_not_one_that_comes_with_its_name_and_type(server, chain):
    do(server, "alter table claims.line drop note, add note text", "update claims.line set note = 'new' where id % 3 = 0")
    check_equal(chain, [1])
    assert shapes(chain)[-1] == FIRST[:3] + [(6, "memo"), (7, "note")]


def test_a_constant_default_is_the_one_of_that_moment(server, chain):
    do(server, "alter table claims.line add status text default 'one', add due timestamptz default '2026-03-01 10:00+00'",
       "alter table claims.line alter status set default 'two'", "insert into claims.line (id, plan, code) values (900, 1, 'k')",
       "alter table claims.line drop due")
    check_equal(chain, [1])
    added = next(contract for contract in contracts(chain) if any(column["name"] == "due" for column in contract["columns"]))
    assert column(added, "status")["missing_value"] == "one"
    assert column(added, "due")["missing_value"] == "2026-03-01 10:00:00+00"
    assert column(contracts(chain)[-1], "status")["missing_value"] == "one"


def test_a_constant_is_written_alike_whoever_adds_the_column(server, chain):
    server.psql("set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set bytea_output = 'escape'; set extra_float_digits = -5;"
                "alter table claims.line add due timestamptz default '2026-03-01 10:00+00', add rate float8 default 0.123456789012345")
    server.psql(work(1))
    check_equal(chain, [1])
    assert column(contracts(chain)[-1], "due")["missing_value"] == "2026-03-01 10:00:00+00"
    assert column(contracts(chain)[-1], "rate")["missing_value"] == "0.123456789012345"


REWRITTEN = {
    "another_type": "alter table claims.line alter plan type text using 'plan ' || plan",
    "the_same_type_and_other_values": "alter table claims.line alter plan type int using plan * 2",
    "a_value_of_its_own_in_each_row": "alter table claims.line add seen timestamptz default clock_timestamp()",
    "a_domain_with_a_default_of_its_own": "create domain claims.seen as timestamptz default clock_timestamp();"
                                          "alter table claims.line add seen claims.seen",
}


@pytest.mark.parametrize("statement", REWRITTEN.values(), ids=REWRITTEN.keys())
def test_a_rewritten_table_is_read_again_before_its_next_row(server, chain, statement):
    server.psql(statement)
    check_equal(chain, [1, 2])
    assert set(asides(chain)) == {("claims.line", "rewritten")}


def test_a_table_that_is_only_stored_otherwise_is_not_read_again(server, chain):
    server.psql("create access method other type table handler heap_tableam_handler; alter table claims.line set access method other")
    server.psql(work(1))
    check_equal(chain, [1])
    server.psql("alter table claims.line set access method heap; drop access method other")


def test_another_key_is_told_of_a_table_that_writes_whole_rows(server, chain):
    do(server, "alter table claims.line replica identity full",
       "alter table claims.line drop constraint line_pkey, add primary key (code); update claims.line set code = code || 'z' where id = 55")
    check_equal(chain, [1])
    assert [column["name"] for column in contracts(chain)[-1]["columns"] if column["in_key"]] == ["code"]


def test_not_null_is_as_the_source_has_it(server, chain):
    server.psql("alter table claims.line alter plan drop not null, alter memo set not null")
    server.psql(work(1))
    check_equal(chain, [1])
    newest = contracts(chain)[-1]
    assert column(newest, "plan")["nullable"] and not column(newest, "memo")["nullable"]


def test_columns_that_went_with_their_type_are_told(server, chain):
    server.psql("create type claims.kind as enum ('a'); alter table claims.line add kind claims.kind; drop type claims.kind cascade")
    chain.weir(*RUN)
    assert shapes(chain)[-2:] == [FIRST + [(7, "kind")], FIRST]


def test_a_type_that_is_gone_by_now_is_what_it_was(server, chain):
    server.psql("create type claims.kind as enum ('a'); create domain claims.amount as numeric(9,2);"
                "alter table claims.line add kind claims.kind default 'a', add amount claims.amount default 1.50;"
                + work(1) + "; drop type claims.kind cascade; drop domain claims.amount cascade;" + work(2))
    check_equal(chain, [1])
    added = contracts(chain)[1]
    assert column(added, "kind")["source_type"] == "claims.kind" and asides(chain) == []


def test_what_is_rolled_back_was_never_told(server, chain):
    server.psql("begin; savepoint a; alter table claims.line drop note, add note int; rollback to a;"
                "update claims.line set note = 'still text' where id = 3; commit;"
                "begin; alter table claims.line rename note to remark; rollback")
    check_equal(chain, [1])
    assert shapes(chain) == [FIRST] and asides(chain) == []


def big(first):
    return (f"insert into claims.line (id, plan, code, note) select i, i % 7, 'b' || i, repeat('y', 200) "
            f"from generate_series({first}, {first + 999}) i;")


def streamed(server):
    return int(server.psql("select stream_bytes from pg_stat_replication_slots where slot_name = 'weir_claims'") or 0)


def test_a_streamed_transaction_takes_its_shapes_in_order(server, chain):
    server.psql("begin;" + big(1000) + "alter table claims.line rename note to remark; alter table claims.line add note text default 'n';"
                + big(2000) + "alter table claims.line rename note to later; alter table claims.line add extra int;"
                "update claims.line set later = 'l' where id % 4 = 0; commit")
    check_equal(chain, [1])
    assert streamed(server) > 0
    assert shapes(chain)[-1] == FIRST[:3] + [(5, "remark"), (6, "memo"), (7, "later"), (8, "extra")]


def test_a_subtransaction_that_was_streamed_and_rolled_back_takes_its_shape_along(server, chain):
    run = chain.start("run")
    session = server.open_session()
    try:
        wait_until(lambda: server.psql("select active from pg_replication_slots") == "t", chain.log)
        before = streamed(server)
        session.run("begin; savepoint a; alter table claims.line drop note, add note int default 7;"
                    "insert into claims.line (id, plan, code) select i, i % 7, 'w' || i from generate_series(5000, 9000) i;")
        wait_until(lambda: streamed(server) > before + 300_000, chain.log)
        landed = len(chain.entries("cut landed"))
        session.run("rollback to a;" + big(2000) + "commit;")
        # A new start would decode only what was not rolled back.
        wait_until(lambda: len(chain.entries("cut landed")) > landed, chain.log)
    finally:
        session.close()
        run.terminate()
        assert run.wait(60) == 0
    check_equal(chain, [1])
    assert shapes(chain) == [FIRST] and asides(chain) == []


def test_a_partitioned_table_is_told_of_by_its_root(server, tmp_path):
    server.psql("create table claims.part (id int primary key, note text, memo text) partition by range (id);"
                "create table claims.part_1 partition of claims.part for values from (0) to (100);"
                "create table claims.part_2 partition of claims.part default;"
                "insert into claims.part select i, 'n' || i, 'm' || i from generate_series(1, 200) i")
    chain = Chain.make(server, tmp_path, tables=("claims.part",))
    make_trigger(chain)
    chain.weir(*RUN)
    server.psql("begin; alter table claims.part rename note to other; alter table claims.part rename memo to note;"
                "alter table claims.part rename other to memo; update claims.part set memo = 'x' where id % 2 = 0; commit")
    server.psql("alter table claims.part drop memo, add memo text default 'c', add gap int default 3; update claims.part set memo = 'y' where id % 3 = 0")
    check_equal(chain, [1])
    assert shapes(chain, "claims.part")[-1] == [(1, "id"), (3, "note"), (4, "memo"), (5, "gap")]
    server.psql("alter table claims.part alter note type text using note || '!'")
    check_equal(chain, [1, 2])
    chain.weir("drop", "--yes")


def test_an_owner_without_any_other_right_alters_a_table(server, chain):
    emit = emit_function(server)
    server.psql(f"revoke execute on function {emit} from public")
    server.psql("drop role if exists joe; create role joe; grant usage, create on schema claims to joe; alter table claims.line owner to joe")
    server.psql("set role joe; alter table claims.line drop note, add note text; update claims.line set note = 'x' where id = 3")
    check_equal(chain, [1])
    assert shapes(chain)[-1] == FIRST[:3] + [(6, "memo"), (7, "note")]
    server.psql(f"drop owned by joe; drop role joe; grant execute on function {emit} to public")


def emit_function(server):
    return server.psql("select format('%s(%s)', oid::regproc, oidvectortypes(proargtypes)) from pg_proc "
                       "where proname = 'pg_logical_emit_message' and proargtypes[2] = 'bytea'::regtype")


def test_a_trigger_that_fails_lets_the_statement_pass(server, chain):
    emit = emit_function(server)
    server.psql(f"revoke execute on function {emit} from public; create role nobody;"
                "grant usage on schema weir_claims to nobody; alter function weir_claims.tell_shape() owner to nobody")
    try:
        said = subprocess.run([server.programs / "psql", server.url(), "-c", "alter table claims.line rename note to remark"], capture_output=True, text=True)
        assert said.returncode == 0 and "weir is not told of this change of a table, sqlstate=42501" in said.stderr
        server.psql("alter table claims.line add extra int default 5, alter plan type bigint; drop table claims.plan")
        server.psql("update claims.line set extra = 6 where id = 3")
        chain.weir(*RUN)
        assert ("claims.line", "rewritten") in asides(chain), "what is not told is as without the trigger"
    finally:
        server.psql(f"grant execute on function {emit} to public; alter function weir_claims.tell_shape() owner to postgres;"
                    "drop owned by nobody; drop role nobody")


def emit(server, prefix, content):
    server.psql(f"select pg_logical_emit_message(true, '{prefix}', '{content}')")


def test_messages_of_others_are_nothing_to_weir(server, chain):
    shape = json.dumps({"schema": "claims", "table": "line"})
    for prefix in ("weir", "weir_claims", "weir_other.shape", "weir_claims.shape.more"):
        emit(server, prefix, shape)
    server.psql(f"select pg_logical_emit_message(false, 'weir_claims.shape', '{shape}')")
    server.psql("begin; select pg_logical_emit_message(true, 'outbox', repeat('z', 100000));" + big(1000) + "commit")
    check_equal(chain, [1])
    assert asides(chain) == []


def test_a_message_that_cannot_be_read_sets_aside_the_table_that_it_names(server, chain):
    emit(server, "weir_claims.shape", json.dumps({"schema": "claims", "table": "line", "columns": "secret"}))
    server.psql("update claims.plan set name = 'after'; update claims.line set note = 'after' where id = 4")
    check_equal(chain, [1, 2])
    asides = chain.entries("table set aside")
    assert [(entry["table"], entry["reason"]) for entry in asides] == [("claims.line", "unreadable")]
    assert "cannot read what the DDL trigger tells" in asides[0]["detail"] and "secret" not in asides[0]["detail"]


def test_a_message_that_names_no_table_is_told(server, chain):
    emit(server, "weir_claims.shape", "no shape at all")
    server.psql(work(1))
    said = subprocess.run(chain.command(*RUN), capture_output=True, text=True)
    assert said.returncode == 0 and "cannot read what the DDL trigger tells" in said.stderr + said.stdout
    assert "no shape at all" not in said.stderr + said.stdout
    check_equal(chain, [1])


def own_objects(server):
    return server.psql("select (select count(*) from pg_event_trigger), (select count(*) from pg_namespace where nspname = 'weir_claims'), "
                       "(select count(*) from pg_proc where proname = 'tell_shape')")


def test_init_may_be_repeated_and_drop_leaves_nothing(server, tmp_path):
    assert own_objects(server) == "0|0|0"
    chain = Chain.make(server, tmp_path)
    written = chain.configuration.read_text()
    for _ in range(2):
        assert make_trigger(chain)["ddl_trigger"]
        assert own_objects(server) == "3|1|1"
    assert chain.configuration.read_text() == written
    chain.weir(*RUN)
    assert not chain.weir("drop", "--yes")["ddl_trigger_left"]
    assert own_objects(server) == "0|0|0"


def test_init_makes_it_with_everything_else(server, tmp_path):
    chain = Chain(server, tmp_path)
    chain.configuration.unlink()
    make_trigger(chain, "--tables", "claims.*", "--pipeline", "claims", "--store", chain.store)
    assert chain.configuration.exists() and own_objects(server) == "3|1|1"
    chain.weir(*RUN)
    chain.weir("drop", "--yes")


def test_who_may_not_is_told_who_may_and_nothing_is_written(server, tmp_path):
    server.psql("drop role if exists joe; create role joe login; grant create on database postgres to joe")
    chain = Chain(server, tmp_path, user="joe")
    chain.configuration.unlink()
    refused = make_trigger(chain, "--tables", "claims.*", expect=1)["error"]
    assert "denied" in refused and "superuser" in refused and "rds_superuser" in refused
    assert not chain.configuration.exists() and own_objects(server) == "0|0|0"
    server.psql("revoke create on database postgres from joe; drop role joe")


def test_a_schema_of_somebody_else_is_left_alone(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    server.psql("create schema weir_claims")
    assert "somebody else has a schema" in make_trigger(chain, expect=2)["error"]
    chain.weir("drop", "--yes")
    assert own_objects(server) == "0|1|0"
    server.psql("drop schema weir_claims")


def test_a_role_that_owns_nothing_uses_it_and_leaves_it(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    statements = chain.weir("init", server.url(), "--print-grants", "--ddl-trigger", "--pipeline", "claims", "--tables", "claims.*")["statements"]
    server.psql(";".join(statements))
    chain.connect_to(server.url(user="weir"))
    chain.weir(*RUN)
    server.psql("alter table claims.line drop note, add note text; update claims.line set note = 'x' where id = 3")
    check_equal(chain, [1])
    assert shapes(chain)[-1] == FIRST[:3] + [(6, "memo"), (7, "note")]
    left = subprocess.run([word for word in chain.command("drop", "--yes") if word != "--json"], capture_output=True, text=True)
    assert left.returncode == 0
    statements = next(line for line in left.stdout.splitlines() if "DDL trigger" in line).split("remove them: ")[1]
    server.psql(statements)
    assert own_objects(server) == "0|0|0"
    server.psql("drop publication weir_claims, weir_claims_append; drop owned by weir; drop role weir")


def test_temporary_tables_are_left_out(server, chain):
    server.psql("create publication look for all tables; select pg_create_logical_replication_slot('look', 'pgoutput')")
    server.psql("begin; create temp table line (a int); alter table line add b int; commit; alter table claims.plan add extra int")
    server.psql("set synchronous_commit = on; update claims.plan set extra = 1")
    told = server.psql("select count(*) filter (where position('pg_temp' in encode(data, 'escape')) > 0), count(*) from "
                       "pg_logical_slot_get_binary_changes('look', null, null, 'proto_version', '1', 'publication_names', 'look', "
                       "'messages', 'true') where encode(data, 'escape') like '%weir_claims.shape%'")
    server.psql("select pg_drop_replication_slot('look'); drop publication look")
    assert told == "0|2", "the shape, and the message that keeps the order"
