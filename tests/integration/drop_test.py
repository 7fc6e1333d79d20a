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


# What changes by itself: statistics, horizons, and where a session stands.
RESTLESS = "- array['relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relfrozenxid', 'relminmxid', 'datfrozenxid', 'datminmxid']"
CATALOGS = ("pg_class", "pg_attribute", "pg_proc", "pg_trigger", "pg_event_trigger", "pg_extension", "pg_namespace", "pg_type",
            "pg_constraint", "pg_index", "pg_publication", "pg_publication_rel", "pg_publication_namespace", "pg_subscription",
            "pg_authid", "pg_auth_members", "pg_db_role_setting", "pg_database", "pg_default_acl", "pg_depend", "pg_shdepend",
            "pg_description", "pg_language", "pg_foreign_server", "pg_largeobject_metadata", "pg_replication_origin", "pg_rewrite",
            "pg_prepared_xacts", "pg_replication_slots", "pg_file_settings")


def everything(server):
    """Returns {catalog: its rows}: all that somebody may leave behind in a database."""
    found = {}
    for catalog in CATALOGS:
        rows = server.psql(f"select to_jsonb(c) {RESTLESS} from {catalog} c order by 1").splitlines()
        found[catalog] = sorted(rows)
    found["sessions"] = server.psql("select count(*) from pg_stat_activity where application_name = 'weir'")
    found["rows"] = server.psql("select xmin, * from claims.plan order by 2")
    return found


def test_the_source_is_as_it_was_before(tmp_path):
    with PostgresServer.start() as server:
        server.psql("create schema claims; create table claims.plan (id int primary key); insert into claims.plan values (1);"
                    "create table claims.log (text text); create table claims.part (id int primary key) partition by range (id);"
                    "create table claims.part_1 partition of claims.part default")
        before = everything(server)
        chain = Chain.make(server, tmp_path)
        chain.weir("check")
        assert everything(server) == before, "nothing is changed before the first run"
        run = chain.start("run")
        try:
            wait_until(lambda: chain.entries("cut landed"), chain.log)
        finally:
            run.kill()
            run.wait()
        chain.weir("run", "--until-current")
        while_captured = everything(server)
        changed = {catalog for catalog in CATALOGS if while_captured[catalog] != before[catalog]}
        assert changed <= {"pg_publication", "pg_publication_rel", "pg_replication_slots", "pg_depend", "pg_shdepend"}
        assert {"pg_publication", "pg_replication_slots"} <= changed
        chain.weir("drop", "--yes")
        wait_until(lambda: everything(server) == before, lambda: str(
            {name for name, rows in everything(server).items() if rows != before[name]}), seconds=30)
