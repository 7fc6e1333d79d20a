"""Goal: whatever tells a table's rows apart in the log, the warehouse has what the source has, and publishing a table never
makes the source's own UPDATE or DELETE fail. A table without any identity is an append log, and `weir check` says so.

Method: one table for each replica identity, with TOASTed columns, changed by psql in every way and compared by fingerprints;
the source's statements run as if weir were not there. The landed files say which values the log left out.
"""

import pytest

from chain import Chain
from landing import landed_rows
from postgres import PostgresServer

RUN = ("run", "--until-current")
COLUMNS = "id int not null, part int not null, short text, long text, other text"
IDENTITIES = {
    "by_key": "alter table claims.by_key add primary key (id)",
    "by_two_keys": "alter table claims.by_two_keys add primary key (part, id)",
    "by_index": "alter table claims.by_index add primary key (id); create unique index by_part on claims.by_index (part);"
                "alter table claims.by_index replica identity using index by_part",
    "whole_with_key": "alter table claims.whole_with_key add primary key (id); alter table claims.whole_with_key replica identity full",
    "whole": "alter table claims.whole replica identity full",
    "whole_deferrable": "alter table claims.whole_deferrable add primary key (id) deferrable initially deferred;"
                       "alter table claims.whole_deferrable replica identity full",
}
APPENDED = {
    "nothing": "alter table claims.nothing add primary key (id); alter table claims.nothing replica identity nothing",
    "keyless": "select 1",
    "deferrable": "alter table claims.deferrable add primary key (id) deferrable",
    "index_gone": "create unique index gone on claims.index_gone (id); alter table claims.index_gone replica identity using "
                  "index gone; drop index claims.gone",
}
# Too long for a row even compressed: it lies in the TOAST table.
LONG = "(select string_agg(md5((i * 1000 + j)::text), '') from generate_series(1, 200) j)"
ROWS = "insert into claims.{0} select i, i + 100, 'short ' || i, " + LONG + ", " + LONG + " from generate_series({1}, {2}) i"
CHANGES = (
    "update claims.{0} set short = 'other' where id <= 4",
    "update claims.{0} set long = null where id = 2",
    "update claims.{0} set long = upper(long) where id = 3",
    "update claims.{0} set id = id + 1000 where id in (4, 5)",
    "update claims.{0} set part = part + 1000, short = 'moved' where id in (6, 7)",
    "begin; update claims.{0} set short = 'twice' where id = 8; update claims.{0} set id = 2000 where id = 8;"
    "update claims.{0} set short = 'thrice' where id = 2000; commit",
    "delete from claims.{0} where id in (9, 10)",
    "begin; delete from claims.{0} where id = 11; insert into claims.{0} values (11, 111, 'again', 'b', null); commit",
    "update claims.{0} set id = id where id = 12",
)


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        running.psql("create schema claims")
        yield running


def make_tables(server, identities):
    for table, statements in identities.items():
        server.psql(f"create table claims.{table} ({COLUMNS}); alter table claims.{table} alter long set storage external;"
                    f"{statements};" + ROWS.format(table, 1, 12))


def test_every_identity_gives_what_the_source_has_and_unchanged_values_stay(server, tmp_path):
    """A value that the log leaves out, of a new row or of an old one, is neither null nor a magic text."""
    make_tables(server, IDENTITIES)
    chain = Chain.make(server, tmp_path)
    assert [finding for finding in chain.weir("check")["findings"] if finding["object"] != "store"] == []
    chain.weir(*RUN)
    for table in IDENTITIES:
        for statement in (ROWS.format(table, 13, 20), *CHANGES):
            server.psql(statement.format(table))
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    for table in ("by_key", "by_two_keys", "by_index"):
        left_out = [row["unchanged"] for row in landed_rows(chain, f"claims.{table}") if row["op"] == "u"]
        assert ["long", "other"] in left_out and ["other"] in left_out
    assert all(row["unchanged"] is None for row in landed_rows(chain, "claims.whole"))


def test_a_long_key_that_the_log_leaves_out_of_the_new_row_is_still_the_key(server, tmp_path):
    long_key = "(select string_agg(md5((i * 100 + j)::text), '') from generate_series(1, 70) j)"
    server.psql("create table claims.long_key (id text primary key, short text, other text);"
                "alter table claims.long_key alter id set storage external;"
                f"insert into claims.long_key select {long_key}, 'a', repeat('x', 1500) from generate_series(1, 5) i")
    chain = Chain.make(server, tmp_path)
    chain.weir(*RUN)
    for statement in ("update claims.long_key set short = 'b'", "delete from claims.long_key where ctid = '(2,1)'",
                      "update claims.long_key set id = 'k' where ctid = (select max(ctid) from claims.long_key)"):
        server.psql(statement)
    chain.weir(*RUN)
    assert any("id" in (row["unchanged"] or []) for row in landed_rows(chain, "claims.long_key"))
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_a_table_without_identity_is_an_append_log_and_the_source_goes_on_as_before(server, tmp_path):
    make_tables(server, APPENDED)
    chain = Chain.make(server, tmp_path)
    findings = [finding for finding in chain.weir("check")["findings"] if finding["object"] != "store"]
    assert {finding["object"] for finding in findings} == {f"claims.{table}" for table in APPENDED}
    assert all(finding["severity"] == "warning" and "append log" in finding["message"] for finding in findings)
    chain.weir(*RUN)
    before = chain.source_fingerprints()
    assert chain.warehouse_fingerprints() == before
    for table in APPENDED:
        server.psql(ROWS.format(table, 13, 14))
    after = chain.source_fingerprints()
    for table in APPENDED:
        for statement in CHANGES[:5] + ("delete from claims.{0} where id < 10",):
            server.psql(statement.format(table))
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == after, "what was added stays, whatever became of it"
    for table in APPENDED:
        assert {row["op"] for row in landed_rows(chain, f"claims.{table}")} == {"r", "c"}
        server.psql(f"truncate claims.{table};" + ROWS.format(table, 1, 2))
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_a_table_that_got_an_identity_is_captured_whole_by_a_new_snapshot(server, tmp_path):
    make_tables(server, {"keyless": APPENDED["keyless"]})
    chain = Chain.make(server, tmp_path)
    chain.weir(*RUN)
    server.psql("alter table claims.keyless add primary key (id)")
    chain.weir("drop", "--yes")
    chain.init()
    chain.weir(*RUN)
    for statement in CHANGES:
        server.psql(statement.format("keyless"))
    chain.weir(*RUN)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
