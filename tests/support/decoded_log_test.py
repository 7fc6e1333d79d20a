"""Goal: the witness reads what test_decoding writes, whatever is in it, and its versions are those that stood.

Method: texts as the plugin writes them, and a real server whose final tables are compared with the replay's.
"""

import json

import pytest

import fingerprint
from postgres import PostgresServer
from decoded_log import UNCHANGED, DecodingSlot, Replay, Transaction, find_keys, parse, read_changes


def test_values_are_read_as_postgres_wrote_them():
    (change,) = read_changes(
        """table public.t: INSERT: id[integer]:1 "a ""b"" [c]"[text[]]:'{x,"]:"}' note[text]:'it''s ''' """
        """empty[text]:'' gone[text]:null long[text]:unchanged-toast-datum bits[bit]:B'01' yes[boolean]:true """
        """lines[character varying]:'one
two: [three]:4''' amount[numeric]:-1.50 when[timestamp with time zone]:'2024-02-29 23:59:59.5+00'""")
    assert (change.operation, change.table, change.old) == ("c", "public.t", None)
    assert change.new == {
        "id": "1", 'a "b" [c]': '{x,"]:"}', "note": "it's '", "empty": "", "gone": None, "long": UNCHANGED, "bits": "01",
        "yes": "true", "lines": "one\ntwo: [three]:4'", "amount": "-1.50", "when": "2024-02-29 23:59:59.5+00"}


def test_old_rows_are_told_from_new_ones():
    (change,) = read_changes("table s.t: UPDATE: old-key: id[integer]:1 name[text]:' new-tuple: id[integer]:7' "
                             "new-tuple: id[integer]:2 name[text]:null")
    assert change.old == {"id": "1", "name": " new-tuple: id[integer]:7"}
    assert change.new == {"id": "2", "name": None}
    (change,) = read_changes("table s.t: UPDATE: id[integer]:1 name[text]:'x'")
    assert (change.old, change.new) == (None, {"id": "1", "name": "x"})
    (change,) = read_changes("table s.t: DELETE: id[integer]:1")
    assert (change.operation, change.old, change.new) == ("d", {"id": "1"}, None)


def test_a_truncate_is_a_change_of_each_of_its_tables():
    changes = read_changes('table s.t, "S 2"."a.b, c": TRUNCATE: restart_seqs cascade')
    assert [(change.operation, change.table) for change in changes] == [("t", "s.t"), ("t", "S 2.a.b, c")]


@pytest.mark.parametrize("line", ["table s.t: UPSERT: id[integer]:1", "table s.t: INSERT: id[integer]:'1",
                                  "table s.t: UPDATE: old-key: id[integer]:1 id[integer]:2", "table s: INSERT:"])
def test_what_is_not_understood_is_refused(line):
    with pytest.raises(ValueError):
        read_changes(line)


def test_transactions_have_the_end_of_their_commit():
    lines = [("16/B374D800", "BEGIN 7"), ("16/B374D800", "table s.t: INSERT: id[integer]:1"),
             ("16/B374D848", "COMMIT 7 (at 2024-02-29 23:59:59.5+00)"), ("16/B374D850", "BEGIN 8"),
             ("16/B374D880", "COMMIT 8 (at 1970-01-01 00:00:00.000001+00)")]
    first, second = parse(lines)
    assert (first.number, first.end, len(first.changes)) == (7, 0x16B374D848, 1)
    assert (second.time, second.changes) == (1, [])


def make_transactions(*bodies):
    """Commits one body of changes a second, from second 1 on."""
    return [Transaction(number, number * 100, number * 1_000_000, read_all(body))
            for number, body in enumerate(bodies, start=1)]


def read_all(lines):
    return [change for line in lines for change in read_changes(line)]


def test_versions_follow_each_other_by_key():
    replay = Replay({"s.t": ("id",)})
    for transaction in make_transactions(
            ["table s.t: INSERT: id[integer]:1 long[text]:'x' n[integer]:0"],
            ["table s.other: INSERT: id[integer]:9",
             "table s.t: UPDATE: id[integer]:1 long[text]:unchanged-toast-datum n[integer]:1",
             "table s.t: UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 long[text]:unchanged-toast-datum n[integer]:2"],
            ["table s.t: INSERT: id[integer]:1 long[text]:null n[integer]:3", "table s.t: TRUNCATE: (no-flags)"]):
        replay.apply(transaction)
    assert [(version.row["id"], version.row["long"], version.begin, version.end, version.valid_from, version.valid_to)
            for version in replay.versions["s.t"]] == [
        ("1", "x", (100, 0), (200, 0), 1_000_000, 2_000_000),
        ("1", "x", (200, 0), (200, 1), 2_000_000, 2_000_000),
        ("2", "x", (200, 1), (300, 1), 2_000_000, 3_000_000),
        ("1", None, (300, 0), (300, 1), 3_000_000, 3_000_000)]
    assert replay.tables["s.t"].open_versions() == []


def test_equal_rows_without_a_key_end_oldest_first():
    replay = Replay({"s.t": ()})
    insert = "table s.t: INSERT: a[text]:'x' b[text]:null"
    for transaction in make_transactions([insert], [insert, "table s.t: DELETE: a[text]:'x'"]):
        replay.apply(transaction)
    (open_version,) = replay.tables["s.t"].open_versions()
    assert open_version.begin == (200, 0)
    assert replay.versions["s.t"][0].end == (200, 1)


def test_times_of_a_key_never_go_back():
    replay = Replay({"s.t": ("id",)})
    for number, time, line in ((1, 50, "INSERT: id[integer]:1 n[text]:'a'"), (2, 40, "UPDATE: id[integer]:1 n[text]:'b'"),
                               (3, 30, "DELETE: id[integer]:1"), (4, 20, "INSERT: id[integer]:1 n[text]:'c'")):
        replay.apply(Transaction(number, number, time, read_changes("table s.t: " + line)))
    assert [(version.valid_from, version.valid_to) for version in replay.versions["s.t"]] == [
        (50, 50), (50, 50), (50, None)]


STATEMENTS = r"""
create table s."T 1" (id int, part text, n numeric, note text, "odd ""name" bytea, primary key (part, id));
alter table s."T 1" alter note set storage external;
create table s.keyless (a text, at timestamptz, long text); alter table s.keyless replica identity full;
alter table s.keyless alter long set storage external;
insert into s."T 1" select i, E'it''s \\ a|b\n]:', i / 7.0, repeat('x', 9000 + i), '\x00ff' from generate_series(1, 30) i;
insert into s.keyless select 'a', '2024-01-01 00:00:00.5+02', repeat('y', 9000) from generate_series(1, 5);
begin; update s."T 1" set n = null where id < 9; savepoint p; delete from s."T 1"; rollback to p;
update s."T 1" set id = id + 100 where id > 20; delete from s."T 1" where id = 10; commit;
begin; truncate s.keyless; rollback;
update s.keyless set a = '' where ctid = (select min(ctid) from s.keyless);
delete from s.keyless where ctid = (select max(ctid) from s.keyless where a = 'a');
"""


def test_a_real_servers_log_gives_its_tables():
    with PostgresServer.start() as server:
        server.psql("create schema s")
        slot = DecodingSlot.create(server)
        server.psql(STATEMENTS)
        replay = Replay(keys := find_keys(server, ["s"]))
        assert keys == {"s.T 1": ("part", "id"), "s.keyless": ()}
        for transaction in slot.read():
            replay.apply(transaction)
        for table, rows in replay.tables.items():
            standing = [version.row for version in rows.open_versions()]
            schema, name = table.split(".")
            columns = list(standing[0])
            listed = ", ".join(fingerprint.quoted(column) + "::text" for column in columns)
            in_server = server.psql(fingerprint.POSTGRES_SETTINGS +
                                    f'select json_build_array({listed}) from {schema}."{name}"')
            assert sorted(map(repr, (list(row.values()) for row in standing))) == sorted(
                repr(json.loads(line)) for line in in_server.split("\n"))
