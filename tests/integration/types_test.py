"""Goal: every value of every type of PostgreSQL is in the warehouse as the server writes it, whatever the role's settings.

Method: a table for each group of types holds chosen and generated edge values. The rows come once by the snapshot and once
by the stream; weir's role has settings of its own for everything that shapes text. Then each value of the current view
is compared with what the server prints. That no built-in type is forgotten, pg_type itself says.
"""

import dataclasses
import json
import random
from decimal import Decimal

import duckdb
import pytest

import canonical_text
import fingerprint
import type_values
from chain import Chain
from fingerprint import quoted
from postgres import PostgresServer

SEED = 42
STREAMED = 1_000  # What streamed rows have added to their number.
HOSTILE = """
    CREATE ROLE stranger SUPERUSER LOGIN REPLICATION;
    ALTER ROLE stranger SET datestyle = 'German, DMY'; ALTER ROLE stranger SET intervalstyle = 'iso_8601';
    ALTER ROLE stranger SET timezone = 'Asia/Kolkata'; ALTER ROLE stranger SET extra_float_digits = -15;
    ALTER ROLE stranger SET bytea_output = 'escape'; ALTER ROLE stranger SET lc_monetary = 'C.utf8';
    ALTER ROLE stranger SET quote_all_identifiers = on; ALTER ROLE stranger SET standard_conforming_strings = off;
    ALTER ROLE stranger SET search_path = types, public; ALTER ROLE stranger SET client_encoding = 'LATIN1';
    ALTER ROLE stranger SET xmlbinary = 'hex'; ALTER ROLE stranger SET xmloption = 'document';"""
READING = fingerprint.POSTGRES_SETTINGS + "SET search_path TO pg_catalog;\n"


@dataclasses.dataclass
class Group:
    """A table of one column for each type, called like the type."""
    name: str
    values: dict
    key: bool = True

    @property
    def table(self):
        return f"types.{self.name}"

    def create(self):
        columns = "".join(f", {quoted(name)} {name}" for name in self.values)
        identity = "ADD PRIMARY KEY (id)" if self.key else "REPLICA IDENTITY FULL"
        return f"CREATE TABLE {self.table} (id integer{columns}); ALTER TABLE {self.table} {identity};\n"

    def insert(self):
        """One row for each place in the lists of values, and one of nulls."""
        rows = max(map(len, self.values.values())) + 1
        lines = (", ".join([str(row), *(values[row] if row < len(values) else "NULL" for values in self.values.values())])
                 for row in range(rows))
        return "".join(f"INSERT INTO {self.table} VALUES ({line});\n" for line in lines)

    def insert_again(self):
        columns = ", ".join(map(quoted, self.values))
        return f"INSERT INTO {self.table} SELECT id + {STREAMED}, {columns} FROM {self.table};\n"


def arrays_of(values):
    """Arrays of each type: all values with a null, none, two dimensions, bounds of their own."""
    return {f"{name}[]": [f"ARRAY[{', '.join(each)}, NULL]::{name}[]", f"'{{}}'::{name}[]", f"'{{NULL}}'::{name}[]",
                          f"ARRAY[ARRAY[{each[0]}, NULL], ARRAY[{each[-1]}, {each[0]}]]::{name}[]",
                          f"array_fill({each[0]}, ARRAY[2, 1], ARRAY[-1, 7])::{name}[]"]
            for name, each in values.items()}


# What PostgreSQL itself refuses: pseudo-types, and row types with one in them.
PROBE = """
    CREATE TEMP TABLE refused (type text);
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT format_type(oid, NULL) FROM pg_type WHERE typtype <> 'p'
                    AND typnamespace::regnamespace::text IN ('pg_catalog', 'information_schema') LOOP
            BEGIN
                EXECUTE format('CREATE TEMP TABLE probe (it %s); DROP TABLE probe', name);
            EXCEPTION WHEN invalid_table_definition THEN INSERT INTO refused VALUES (name);
            END;
        END LOOP;
    END $$; SELECT * FROM refused"""


def read_refused(server):
    return set(server.psql(READING + PROBE).splitlines())


def read_composites(server):
    """Returns {row type: expressions} of the catalogs' row types that a table can have."""
    rows = server.psql(READING + """
        SELECT format_type(t.oid, NULL), c.relnatts FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typtype = 'c' AND t.typnamespace::regnamespace::text IN ('pg_catalog', 'information_schema') ORDER BY 1""")
    refused = read_refused(server)
    # A view of the memory's nodes fails on a machine that has none.
    return {name: [f"(SELECT r FROM {name} r LIMIT {0 if name.endswith('_numa') else 1})",
                   f"'({',' * (int(columns) - 1)})'::{name}"]
            for name, columns in (line.split("|") for line in rows.splitlines()) if name not in refused}


def installed_extensions(server):
    found = set(server.psql("SELECT name FROM pg_available_extensions").splitlines())
    return [name for name in type_values.EXTENSION_LITERALS if name in found]


def not_built(server):
    """Returns the types that the server has by name alone: it may have been built without XML."""
    try:
        server.psql("SELECT '<a/>'::xml")
    except RuntimeError as refused:
        if "unsupported XML feature" in str(refused):
            return {"xml", "xml[]"}
        raise
    return set()


def literals(server):
    missing = not_built(server)
    return {name: texts for name, texts in type_values.LITERALS.items() if name not in missing}


def make_scalars(server):
    """Chosen and generated values of every type that has no type in it."""
    texts = type_values.with_generated(random.Random(SEED), literals(server), 40)
    values = type_values.expressions(texts)
    return {name: each + type_values.COMPUTED.get(name, []) for name, each in values.items()}


def make_groups(server):
    made = {name: [expression] for name, expression in type_values.FROM_CATALOGS.items()}
    composites = Group("composites", read_composites(server))
    again = {name: [f"(SELECT {quoted(name)} FROM {composites.table} WHERE id = {row})" for row in range(len(values))]
             for name, values in composites.values.items()}
    own = type_values.expressions(type_values.USER_LITERALS)
    for extension in installed_extensions(server):
        server.psql(f"CREATE EXTENSION {extension} SCHEMA public")
        own |= type_values.expressions(
            {f"public.{name}": texts for name, texts in type_values.EXTENSION_LITERALS[extension].items()})
    chosen_only = type_values.expressions(literals(server))
    empty = {f"{name}[]": [f"'{{}}'::{name}[]", f"'{{NULL}}'::{name}[]"] for name in type_values.WITHOUT_ELEMENTS}
    return [Group("scalars", make_scalars(server) | made), Group("arrays", arrays_of(chosen_only) | empty),
            composites, Group("composite_arrays", arrays_of(again)),
            Group("own", own | arrays_of(own)),
            Group("without_key", chosen_only | own, key=False)]


def server_rows(server, group):
    """Returns {number: [what the server prints of each column, or None]}."""
    texts = ", ".join(f"CASE WHEN {name} IS DISTINCT FROM NULL THEN format('%s', {name}) END"
                      for name in ["id", *map(quoted, group.values)])
    lines = server.psql(READING + f"SELECT json_build_array(VARIADIC ARRAY[{texts}]::text[]) FROM {group.table}")
    rows = map(json.loads, lines.splitlines())
    return {int(row[0]): row[1:] for row in rows}


def warehouse_rows(chain, group):
    """The same of the current view, in canonical text."""
    landed = dict(chain.contracts()[group.table])
    texts = ", ".join(fingerprint.duckdb_text(landed[name], f"r.{quoted(name)}") for name in group.values)
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        rows = warehouse.execute(f"SELECT id, {texts} FROM {group.table} r").fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: list(row[1:]) for row in rows}


def differences(chain, server, group):
    landed = dict(chain.contracts()[group.table])
    found, expected = warehouse_rows(chain, group), server_rows(server, group)
    assert found.keys() == expected.keys()
    return [(name, row, text and text[:80], is_text and is_text[:80]) for row, texts in expected.items()
            for name, text, is_text in zip(group.values, texts, found[row])
            if is_text != (None if text is None else canonical_text.value_text(landed[name], text))]


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        running.psql(HOSTILE + type_values.STATISTICS + type_values.USER_TYPES)
        yield running


@pytest.fixture(scope="module")
def groups(server):
    return {group.name: group for group in make_groups(server)}


@pytest.fixture(scope="module")
def chain(server, groups, tmp_path_factory):
    """A pipeline that has brought every group across, half by the snapshot and half by the stream."""
    for group in groups.values():
        server.psql(group.create() + group.insert())
    made = Chain.make(server, tmp_path_factory.mktemp("types"), tables=("types.*",), user="stranger")
    made.weir("run", "--until-current")
    for group in groups.values():
        server.psql(group.insert_again())
    server.psql(f"UPDATE types.without_key SET id = id + {STREAMED * 10} WHERE id % 2 = 0;"
                "DELETE FROM types.without_key WHERE id % 3 = 0;")
    made.weir("run", "--until-current")
    return made


def test_no_built_in_type_is_forgotten(server, groups):
    known = set(server.psql(READING + """
        SELECT format_type(oid, NULL) FROM pg_type WHERE typtype <> 'p'
        AND typnamespace::regnamespace::text IN ('pg_catalog', 'information_schema')""").splitlines())
    covered = {name for group in groups.values() for name in group.values}
    assert known - covered - read_refused(server) - not_built(server) - type_values.WITHOUT_VALUES.keys() == set()


@pytest.mark.parametrize("name", ["scalars", "arrays", "composites", "composite_arrays", "own", "without_key"])
def test_every_value_arrives_as_the_server_writes_it(server, groups, chain, name):
    """No numeric is rounded; moments before Christ, beyond 9999 and infinite ones are themselves."""
    wrong = differences(chain, server, groups[name])
    assert wrong[:20] == [], f"{len(wrong)} values, {sorted({each[0] for each in wrong})}"


def test_nothing_but_what_no_type_holds_is_in_quarantine(chain):
    assert chain.weir("quarantine", "list")["quarantine"] == []
    assert all(entry["quarantined"] == 0 for entry in chain.entries("cut refined"))


@pytest.fixture
def own_server():
    with PostgresServer.start() as running:
        running.psql(HOSTILE + type_values.USER_TYPES)
        yield running


def test_the_binary_stream_brings_the_same(own_server, tmp_path):
    scalars = make_scalars(own_server)
    group = Group("binary", {name: scalars[name] for name in type_values.BINARY})
    own_server.psql(group.create() + group.insert())
    chain = Chain.make(own_server, tmp_path, tables=("types.*",), user="stranger")
    chain.weir("run", "--until-current")
    own_server.psql(group.insert_again())
    chain.weir("run", "--until-current")
    assert differences(chain, own_server, group) == []
    landed = dict(chain.contracts()[group.table])
    assert landed["information_schema.cardinal_number"] == "int32", "a domain has the type of its base"
    texts = canonical_text.fingerprint(
        canonical_text.digest(chain.contracts()[group.table], dict(zip(["id", *group.values], [str(number), *row])))
        for number, row in server_rows(own_server, group).items())
    assert chain.source_fingerprints() == chain.warehouse_fingerprints() == {group.table: texts}


def landed_untyped(chain):
    """Returns {number: (image, column, text)} of the landed rows with one value that has no type."""
    snapshot = [path for entry in chain.entries("chunk landed") for path in chain.files_of(entry)]
    streamed = [path for entry in chain.entries("cut landed") for path in chain.files_of(entry)]
    rows = duckdb.execute("SELECT after_image.id, u.image, u.column, u.text FROM (SELECT after_image, unnest(untyped) AS u "
                          "FROM read_parquet($1))", [snapshot + streamed]).fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def test_what_no_landed_type_holds_is_in_quarantine_and_told(own_server, tmp_path):
    """One value in each row; the other rows and their neighbours in the same table arrive."""
    columns = "".join(f", {quoted(name)} {name}" for name in type_values.OUTSIDE)
    values = [(name, sql, text) for name, texts in type_values.OUTSIDE.items() for sql, text in texts.items()]
    own_server.psql(f"CREATE TABLE types.outside (id integer PRIMARY KEY{columns});")
    own_server.psql("".join(f"INSERT INTO types.outside (id, {quoted(name)}) VALUES ({row}, {sql}), ({row + 100}, NULL);"
                            for row, (name, sql, _) in enumerate(values)))
    chain = Chain.make(own_server, tmp_path, tables=("types.*",), user="stranger")
    chain.weir("run", "--until-current")
    own_server.psql(f"INSERT INTO types.outside SELECT r.id + {STREAMED}, (r).{', (r).'.join(map(quoted, type_values.OUTSIDE))}"
                    " FROM types.outside r;")
    chain.weir("run", "--until-current")
    assert landed_untyped(chain) == {row + added: ("a", name, text) for added in (0, STREAMED)
                                     for row, (name, _, text) in enumerate(values)}
    counted = {(each["cut"], each["column"], each["reason"]): each["rows"]
               for each in chain.weir("quarantine", "list")["quarantine"]}
    assert counted == {(cut, name, "untyped_value"): len(texts)
                       for cut in (1, 2) for name, texts in type_values.OUTSIDE.items()}
    group = Group("outside", {name: [] for name in type_values.OUTSIDE})
    assert warehouse_rows(chain, group) == {
        row + added: [None] * len(group.values) for added in (100, 100 + STREAMED) for row in range(len(values))}
    own_server.psql("UPDATE types.outside SET " + ", ".join(f"{quoted(name)} = NULL" for name in group.values))
    chain.weir("run", "--until-current")
    assert differences(chain, own_server, group) == [], "a row that was mended is in the warehouse"


def test_long_values_arrive_whole(own_server, tmp_path):
    text, other = 20_000_000, 4_000_000
    own_server.psql(f"""
        CREATE TABLE types.long (id integer PRIMARY KEY, "text" text, "bytea" bytea, "json" json, "text[]" text[]);
        INSERT INTO types.long VALUES (1, repeat('wörd\n', {text} / 5), decode(repeat('00ff', {other} / 2), 'hex'),
            json_build_array(repeat('\"', {other} / 2)), ARRAY[repeat('"', {other} / 2), NULL])""")
    chain = Chain.make(own_server, tmp_path, tables=("types.*",), user="stranger")
    chain.weir("run", "--until-current")
    own_server.psql(f'INSERT INTO types.long SELECT id + {STREAMED}, "text", "bytea", "json", "text[]" FROM types.long')
    chain.weir("run", "--until-current")
    group = Group("long", {name: [] for name in ("text", "bytea", "json", "text[]")})
    assert differences(chain, own_server, group) == []


def test_types_that_are_dropped_before_the_log_is_read_keep_name_and_values(own_server, tmp_path):
    own_server.psql("""
        CREATE DOMAIN types.count AS integer;
        CREATE TABLE types.dropped (id integer PRIMARY KEY, state "odd ""schema"."it's", pair types.pair, count types.count,
            cents types.cents);
        INSERT INTO types.dropped VALUES (1, 'quo"te', '(1,a)', 7, 0.10)""")
    chain = Chain.make(own_server, tmp_path, tables=("types.*",), user="stranger")
    chain.weir("run", "--until-current")
    own_server.psql("""
        INSERT INTO types.dropped VALUES (2, 'it''s', '(2,"b c")', 8, -0.10);
        DROP SCHEMA "odd ""schema" CASCADE; DROP TYPE types.pair CASCADE; DROP DOMAIN types.count, types.dollars CASCADE""")
    chain.weir("run", "--until-current")
    (contract,) = (chain.store / "contracts").rglob("*.json")
    assert [column["source_type"] for column in json.loads(contract.read_text())["columns"]] == [
        "integer", '"odd ""schema"."it\'s"', "types.pair", "types.count", "types.cents"]
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        assert warehouse.execute("SELECT * EXCLUDE (valid_from, valid_to, from_cut, to_cut, commit_position, ordinal, "
                                 "end_position, end_ordinal, op) FROM types_history.dropped ORDER BY id").fetchall() == [
            (1, 'quo"te', "(1,a)", 7, Decimal("0.10")), (2, "it's", '(2,"b c")', 8, Decimal("-0.10"))]


def test_bytes_that_are_no_text_are_in_quarantine_and_told(own_server, tmp_path):
    """A database that does not know its encoding has rows in any: those in UTF-8 arrive."""
    own_server.psql("CREATE DATABASE unknown ENCODING 'SQL_ASCII' TEMPLATE template0")
    own_server.psql("CREATE SCHEMA types; CREATE TABLE types.notes (id integer PRIMARY KEY, note text, at inet);", "unknown")
    insert = r"INSERT INTO types.notes VALUES ({0} + 1, E'caf\xe9 \\'), ({0} + 2, E'caf\xc3\xa9'), ({0} + 3, NULL);"
    own_server.psql(insert.format(0), "unknown")
    chain = Chain.make(own_server, tmp_path, tables=("types.*",), database="unknown")
    chain.weir("run", "--until-current")
    own_server.psql(insert.format(STREAMED), "unknown")
    chain.weir("run", "--until-current")
    assert landed_untyped(chain) == {row + 1: ("a", "note", r"caf\351 \\") for row in (0, STREAMED)}
    assert sum(each["rows"] for each in chain.weir("quarantine", "list")["quarantine"]) == 2
    assert warehouse_rows(chain, Group("notes", {"note": []})) == {
        row + added: [text] for added in (0, STREAMED) for row, text in ((2, "café"), (3, None))}
