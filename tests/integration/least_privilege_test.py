"""Goal: what `weir init --print-grants` prints is enough for the whole chain, and no part of it can be left out.

Method: a new role gets exactly these statements, then everything is done under it alone; and once for each statement, a role
that got all others.
"""

import subprocess

import pytest

from chain import Chain
from postgres import PostgresServer

TABLE = ("create schema claims; create table claims.plan (id int primary key, name text);"
         "create table claims.line (id int primary key, plan int); insert into claims.plan values (1, 'one')")
CHANGES = "insert into claims.plan values (2, 'two'); update claims.line set plan = 2; delete from claims.plan where id = 1"
RUN = ("run", "--until-current")


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        running.psql(TABLE)
        yield running


def as_weir(chain):
    """The pipeline connects as the role `weir` from now on."""
    chain.connect_to(chain.server.url(user="weir"))
    return chain


def print_grants(chain, *words):
    return chain.weir("init", chain.server.url(), "--print-grants", "--pipeline", "claims", "--tables", "claims.*",
                      *words)["statements"]


def test_the_printed_grants_are_enough_for_everything(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    server.psql(";".join(print_grants(chain)))
    as_weir(chain)
    assert chain.weir("check")["ready"]
    chain.weir(*RUN)
    server.psql(CHANGES)
    chain.weir(*RUN)
    chain.weir("status", "--check")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    left = chain.weir("drop", "--yes")
    assert left["publication_left"] and not chain.store.exists()
    assert server.psql("select count(*) from pg_replication_slots") == "0"


def test_nothing_is_written_and_the_role_may_have_another_name(server, tmp_path):
    chain = Chain(server, tmp_path)
    chain.configuration.unlink()
    statements = print_grants(chain, "--role", "Claims reader")
    assert statements[0] == 'CREATE ROLE "Claims reader" LOGIN REPLICATION'
    assert not chain.configuration.exists() and not chain.store.exists()
    assert "REPLICATION" not in "".join(print_grants(chain, "--snapshot-only"))


def test_none_of_the_statements_is_superfluous(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    server.psql("revoke connect on database postgres from public;"
                "do $$ begin execute format('revoke execute on function %s from public', (select oid::regprocedure from "
                "pg_proc where proname = 'pg_logical_emit_message' and proargtypes[2] = 'text'::regtype)); end $$")
    statements = print_grants(chain)
    assert len(statements) == 7
    as_weir(chain)
    for missing in range(1, len(statements)):
        server.psql(";".join(statements[:missing] + statements[missing + 1:]))
        assert any(subprocess.run(chain.command(*words), capture_output=True).returncode for words in (("check",), RUN))
        server.psql("drop publication if exists weir_claims, weir_claims_append; drop owned by weir; drop role weir;"
                    "select pg_drop_replication_slot(slot_name) from pg_replication_slots")


def test_a_snapshot_alone_needs_less(server, tmp_path):
    chain = Chain(server, tmp_path)
    chain.configuration.write_text(chain.configuration.read_text().replace("source:\n", "source:\n  snapshot_only: true\n"))
    chain.init()
    server.psql(";".join(print_grants(chain, "--snapshot-only")))
    as_weir(chain).weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
