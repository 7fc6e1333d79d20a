"""Goal: the fingerprints of docs/formats/canonical_text.md are equal exactly if the rows are.

Method: one set of rows in a real PostgreSQL and, as the landed types have them, in DuckDB; SQL from tests/support, and
weir's own SQL as tests/golden holds it, run by psql and by the duckdb package. Nothing of weir is linked.
"""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

SKIPPED = 77
try:
    import duckdb
except ImportError:
    print("skipped: this Python has no duckdb package")
    sys.exit(SKIPPED)
import fingerprint
import private_postgres

if not private_postgres.is_installed():
    print("skipped: no PostgreSQL in", private_postgres.BIN)
    sys.exit(SKIPPED)

# name, PostgreSQL type, landed type, DuckDB type, values. A value is a literal's text, or a pair where the two differ.
HOSTILE = ["", "|", "\\", "\\N", "a\\|b||", "O'Neil", "\u00e9\u4e2d\U0001f600", "line\nend\ttab", " blank ", "N"]
COLUMNS = [
    ("id", "bigint", "int64", "BIGINT", ["-9223372036854775808", "9223372036854775807", "0"]),
    ("flag", "boolean", "bool", "BOOLEAN", ["true", "false"]),
    ("small", "smallint", "int16", "SMALLINT", ["-32768", "32767"]),
    ("medium", "integer", "int32", "INTEGER", ["-2147483648", "7"]),
    ("money", "numeric(12,2)", "decimal(12,2)", "DECIMAL(12,2)", ["0", "-0.01", "1.5", "9999999999.99", "-12"]),
    ("whole", "numeric(38,0)", "decimal(38,0)", "DECIMAL(38,0)", ["99999999999999999999999999999999999999", "-1"]),
    ("share", "numeric(3,3)", "decimal(3,3)", "DECIMAL(3,3)", ["0", "0.999", "-0.001"]),
    ("real", "real", "float32", "FLOAT", ["0", "-0", "1.5", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "0.1"]),
    ("double", "double precision", "float64", "DOUBLE",
     ["0", "-0", "0.1", "1e15", "1e16", "123456789012345678", "5e-324", "1.7976931348623157e308", "NaN", "-Infinity", "1e-5"]),
    ('name "x"', "text", "text", "VARCHAR", HOSTILE),
    ("padded", "char(5)", "text", "VARCHAR", [("a", "a    "), ("", "     ")]),
    ("document", "jsonb", "text", "VARCHAR",
     [('{"b":1,"a":[1.50,null]}', '{"a": [1.50, null], "b": 1}'), ("{}", "{}"), ('"\\\\|"', '"\\\\|"')]),
    ("address", "inet", "text", "VARCHAR", ["10.0.0.1", "10.0.0.0/8"]),
    ("free_number", "numeric", "text", "VARCHAR", ["1.000", "NaN", "-0.10"]),
    ("raw", "bytea", "bytes", "BLOB", [("\\x00ff7c5c", "\\x00\\xFF\\x7C\\x5C"), ("", "")]),
    ("day", "date", "date", "DATE",
     ["2024-02-29", "infinity", "-infinity", ("0044-03-15 BC", "0044-03-15 (BC)"), "12024-01-01", "0001-01-01",
      ("4713-01-01 BC", "4713-01-01 (BC)"), ("0001-12-31 BC", "0001-12-31 (BC)"), "1582-10-10"]),
    ("clock", "time", "time", "TIME", ["00:00:00", "24:00:00", "23:59:59.999999", "12:00:00.5", "01:02:03.000010"]),
    ("local", "timestamp", "timestamp", "TIMESTAMP",
     ["2024-02-29 23:59:59.000001", "2024-01-01 00:00:00", "infinity", "-infinity", "1969-12-31 23:59:59.999999",
      ("0044-03-15 10:00:00.5 BC", "0044-03-15 (BC) 10:00:00.5"), "290000-01-01 00:00:00.1", "1500-02-28 01:00:00"]),
    ("instant", "timestamptz", "timestamptz", "TIMESTAMPTZ",
     ["2024-03-31 02:30:00.123456+02", "1900-01-01 00:00:00+00", "infinity", "-infinity",
      ("0001-12-31 23:59:59.999999+00 BC", "0001-12-31 (BC) 23:59:59.999999+00"), "1500-02-28 01:00:00+00",
      "12024-06-01 00:00:00+00"]),
]
LANDED = [(name, landed) for name, _, landed, _, _ in COLUMNS]
ROWS = 40
NAME = fingerprint.quoted('name "x"')
PG_TABLE = '"odd ""schema"""."every type"'
SETTINGS = fingerprint.POSTGRES_SETTINGS
GOLDEN = ROOT / "tests" / "golden" / "fingerprint"


def literal(value, side):
    if value is None:
        return "NULL"
    text = value if isinstance(value, str) else value[side]
    return "'" + text.replace("'", "''") + "'"


def row(number):
    """Row `number`: the n-th value of every column, null after the last; the first rows have no key twice."""
    return [values[(number // 2) % len(values)] if number % 2 == 0 or index == number % len(COLUMNS) else None
            for index, (_, _, _, _, values) in enumerate(COLUMNS)]


def inserts(table, side, types):
    values = ",\n".join("(" + ", ".join(f"CAST({literal(v, side)} AS {t})" for v, t in zip(row(n), types)) + ")"
                        for n in range(ROWS))
    return f"INSERT INTO {table} VALUES {values};"


class Fingerprint(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(private_postgres.PrivatePostgres())
        columns = ", ".join(f"{fingerprint.quoted(name)} {pg}" for name, pg, _, _, _ in COLUMNS)
        cls.server.psql('CREATE SCHEMA "odd ""schema""";' + f"CREATE TABLE {PG_TABLE} ({columns});"
                        + inserts(PG_TABLE, 0, [pg for _, pg, _, _, _ in COLUMNS])
                        # A sign that PostgreSQL keeps and does not show.
                        + "".join(f"UPDATE {PG_TABLE} SET {name} = -{name} WHERE {name} = 'NaN';" for name in ('"real"', '"double"')))
        cls.duck = duckdb.connect()
        columns = ", ".join(f"{fingerprint.quoted(name)} {duck}" for name, _, _, duck, _ in COLUMNS)
        cls.duck.execute(f"CREATE TABLE every_type ({columns});"
                         + inserts("every_type", 1, [duck for _, _, _, duck, _ in COLUMNS]))

    def source(self, columns=LANDED, before=""):
        script = f"BEGIN; {before}; {SETTINGS} {fingerprint.postgres(columns, PG_TABLE)}; ROLLBACK;"
        return tuple(int(field) for field in self.server.psql(script)[-1])

    def warehouse(self, columns=LANDED, before=None):
        self.duck.execute("BEGIN")
        try:
            if before:
                self.duck.execute(before)
            return tuple(int(v) for v in self.duck.execute(fingerprint.duckdb(columns, "every_type")).fetchone())
        finally:
            self.duck.execute("ROLLBACK")

    def test_every_type_is_equal_column_by_column(self):
        for column in LANDED:
            with self.subTest(column[0]):
                self.assertEqual(self.source([column]), self.warehouse([column]))

    def test_whole_rows_are_equal(self):
        self.assertEqual(self.source(), self.warehouse())
        self.assertEqual(self.source()[0], ROWS)

    def test_the_sql_of_weir_agrees_with_the_page(self):
        settings = (GOLDEN / "settings.postgres.sql").read_text()
        # Settings that would change every text, if weir's own did not come after them.
        hostile = "SET TimeZone='Asia/Tokyo'; SET DateStyle='SQL, DMY'; SET bytea_output='escape'; SET extra_float_digits=-5;"
        script = hostile + settings + (GOLDEN / "every_type.postgres.sql").read_text() + ";"
        self.assertEqual(tuple(int(f) for f in self.server.psql(script)[-1]), self.source())
        self.duck.execute("SET TimeZone='Asia/Tokyo'")
        found = self.duck.execute((GOLDEN / "every_type.duckdb.sql").read_text()).fetchone()
        self.assertEqual(tuple(int(v) for v in found), self.source())

    def test_an_empty_table_is_three_zeros(self):
        self.assertEqual(self.source(before=f"DELETE FROM {PG_TABLE}"), (0, 0, 0))
        self.assertEqual(self.warehouse(before="DELETE FROM every_type"), (0, 0, 0))

    def test_the_order_of_rows_does_not_matter(self):
        shuffled = "CREATE TABLE t AS SELECT * FROM every_type ORDER BY random(); DELETE FROM every_type; " \
                   "INSERT INTO every_type SELECT * FROM t"
        self.assertEqual(self.warehouse(before=shuffled), self.source())

    def test_a_separator_in_a_text_is_not_a_column(self):
        two = [("a", "text"), ("b", "text")]
        texts = [("x|", "y"), ("x", "|y"), ("x\\", "|y"), ("\\N", ""), (None, ""), ("x|y", ""), ("", "x|y"), ("", None)]
        seen = {self.duck.execute(fingerprint.duckdb(two, f"(SELECT {literal(a, 0)} AS a, {literal(b, 0)} AS b)")).fetchone()
                for a, b in texts}
        self.assertEqual(len(seen), len(texts))

    # One row's change on either side, done by hand: (what, PostgreSQL, DuckDB), with the table's name put in for {}.
    CHANGES = [
        ("insert", "INSERT INTO {} (id) VALUES (1)", None),
        ("insert of a row that is there", "INSERT INTO {} SELECT * FROM {} WHERE money = 1.5 LIMIT 1", None),
        ("delete", "DELETE FROM {} WHERE small = -32768", None),
        ("one cent", "UPDATE {} SET money = money + 0.01 WHERE money = 1.5", None),
        ("blank to null", f"UPDATE {{}} SET {NAME} = NULL WHERE {NAME} = ''", None),
        ("null to blank", f"UPDATE {{}} SET {NAME} = '' WHERE {NAME} IS NULL", None),
        ("one microsecond", "UPDATE {} SET instant = instant + interval '1 microsecond' WHERE instant = '1900-01-01 00:00:00+00'",
         None),
        ("one microsecond without a zone", "UPDATE {} SET local = local + interval '1 microsecond' WHERE local = '2024-01-01'", None),
        ("one jsonb key", "UPDATE {} SET document = '{{\"k\": 1}}' WHERE document = '{{}}'", None),
        ("the sign of zero", "UPDATE {} SET double = '-0' WHERE double = 0", 
         # DuckDB does not write an update whose new value equals the old one, as -0 does.
         "CREATE TABLE t AS SELECT * REPLACE (-double AS double) FROM {} WHERE double = 0; DELETE FROM {} WHERE double = 0; "
         "INSERT INTO every_type SELECT * FROM t"),
        ("one byte", "UPDATE {} SET raw = '\\x00ff7c5d' WHERE raw = '\\x00ff7c5c'",
         "UPDATE {} SET raw = '\\x00\\xFF\\x7C\\x5D'::BLOB WHERE raw = '\\x00\\xFF\\x7C\\x5C'::BLOB"),
        ("padding", "UPDATE {} SET padded = 'b' WHERE padded = 'a'", "UPDATE {} SET padded = 'a' WHERE padded = 'a    '"),
        ("two values exchanged", "UPDATE {} SET small = medium, medium = small WHERE medium = 7", None),
    ]

    def test_each_change_on_either_side_changes_the_fingerprint(self):
        equal = self.source()
        for what, pg, duck in self.CHANGES:
            with self.subTest(what):
                self.assertNotEqual(self.source(before=pg.format(PG_TABLE, PG_TABLE)), equal, "source")
                changed = (duck or pg).format("every_type", "every_type")
                self.assertNotEqual(self.warehouse(before=changed), equal, "warehouse")
                self.assertEqual(self.warehouse(), equal, "put back")


if __name__ == "__main__":
    unittest.main(verbosity=2)
