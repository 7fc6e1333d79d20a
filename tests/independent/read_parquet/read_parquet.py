"""Reads files that weir wrote with software that weir did not: read_parquet.py LANDED PROCESSING.

What is expected here is written from docs/formats/landed_file.md and processing_file.md, and from the
rows that src/refine/read_parquet_integration_test.cpp says it lands.
"""

import datetime
import decimal
import sys

import duckdb
import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet as parquet

UTC = datetime.timezone.utc
FAR_DATE = 2**31 - 1
FAR_TIME = 2**63 - 1

COLUMNS = [
    ("id", pyarrow.int64(), 1, "bigint"),
    ("ok", pyarrow.bool_(), 2, "boolean"),
    ("small", pyarrow.int16(), 3, "smallint"),
    ("n", pyarrow.int32(), 4, "integer"),
    ("r", pyarrow.float32(), 5, "real"),
    ("d", pyarrow.float64(), 6, "double precision"),
    ("paid", pyarrow.decimal128(12, 2), 7, "numeric(12,2)"),
    ("big", pyarrow.decimal128(38, 10), 8, "numeric(38,10)"),
    ("note", pyarrow.string(), 9, "text"),
    ("raw", pyarrow.binary(), 10, "bytea"),
    ("born", pyarrow.date32(), 11, "date"),
    ("at", pyarrow.time64("us"), 12, "time without time zone"),
    ("seen", pyarrow.timestamp("us"), 13, "timestamp without time zone"),
    ("stamp", pyarrow.timestamp("us", "UTC"), 14, "timestamp with time zone"),
    ("amount", pyarrow.string(), 15, "numeric"),
    ("doc", pyarrow.string(), 16, "jsonb"),
]
DECLARED = {"amount": pyarrow.decimal128(12, 2)}

FULL = {
    "id": 1, "ok": True, "small": -32768, "n": 2147483647, "r": 0.5, "d": -1.25,
    "paid": decimal.Decimal("1234567890.12"), "big": decimal.Decimal("-1234567890123456789012345678.0123456789"),
    "note": "ä|\\ note", "raw": b"raw", "born": datetime.date(1899, 12, 31), "at": datetime.time(23, 59, 59, 999999),
    "seen": datetime.datetime(1969, 12, 31, 23, 59, 59, 999999),
    "stamp": datetime.datetime(2026, 3, 31, 12, 0, 0, 1, UTC), "amount": "0.10", "doc": '{"a": 1}',
}
EMPTY = dict.fromkeys(FULL)
COMMIT = datetime.datetime(2026, 3, 31, 23, 0, 0, 1, UTC)

# op, commit_position, ordinal, transaction_id, commit_time, before_image, after_image, unchanged
CHANGES = [
    ("r", 100, 0, 0, COMMIT, None, FULL, None),
    ("u", 101, 0, 7, COMMIT, {**EMPTY, "id": 1}, {**EMPTY, "id": 2}, ["note", "doc"]),
    ("d", 101, 1, 7, COMMIT, FULL, None, None),
    ("t", 102, 0, 8, COMMIT, None, None, None),
]
UNTYPED = [{"image": "a", "column": "paid", "text": "NaN"}]


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}:\n found    {found}\n expected {expected}")


def image(types):
    return pyarrow.struct([pyarrow.field(name, types.get(name, kind)) for name, kind, _, _ in COLUMNS])


def strings():
    return pyarrow.list_(pyarrow.field("element", pyarrow.string(), False))


def check_schema(what, found, names_and_types):
    check(f"{what}: columns", [field.name for field in found], [name for name, _ in names_and_types])
    for field, (name, kind) in zip(found, names_and_types):
        if not field.type.equals(kind):
            sys.exit(f"{what}: column {name} is {field.type}, expected {kind}")


def check_metadata(what, fields):
    for field, (_, _, number, source_type) in zip(fields, COLUMNS):
        check(f"{what}: metadata of {field.name}", dict(field.metadata),
              {b"weir.id": str(number).encode(), b"weir.source_type": source_type.encode()})


def check_landed(path):
    table = parquet.read_table(path)
    untyped = pyarrow.list_(pyarrow.field("element", pyarrow.struct(
        [pyarrow.field(name, pyarrow.string(), False) for name in ("image", "column", "text")])))
    check_schema("landed", table.schema, [
        ("op", pyarrow.string()), ("commit_position", pyarrow.int64()), ("ordinal", pyarrow.int64()),
        ("transaction_id", pyarrow.int64()), ("commit_time", pyarrow.timestamp("us", "UTC")),
        ("schema_version", pyarrow.int32()), ("before_image", image({})), ("after_image", image({})),
        ("unchanged", strings()), ("untyped", untyped)])
    for name in ("before_image", "after_image"):
        check_metadata(name, table.schema.field(name).type)
    rows = table.slice(0, 4).to_pylist()
    check("landed rows", rows, [
        {"op": op, "commit_position": position, "ordinal": ordinal, "transaction_id": xid, "commit_time": time,
         "schema_version": 3, "before_image": before, "after_image": after, "unchanged": unchanged, "untyped": None}
        for op, position, ordinal, xid, time, before, after, unchanged in CHANGES])
    check("untyped", table.column("untyped").to_pylist()[4:], [None, UNTYPED])
    check("rows", table.num_rows, 6)
    codec = parquet.ParquetFile(path).metadata.row_group(0).column(0).compression
    check("compression", codec, "ZSTD")


def check_processing(path):
    table = parquet.read_table(path)
    own = [(name, DECLARED.get(name, kind)) for name, kind, _, _ in COLUMNS]
    check_schema("processing", table.schema, [
        ("_op", pyarrow.string()), ("_cut", pyarrow.int64()), ("_commit_position", pyarrow.int64()),
        ("_ordinal", pyarrow.int64()), ("_transaction_id", pyarrow.int64()),
        ("_commit_time", pyarrow.timestamp("us", "UTC")), ("_schema_version", pyarrow.int32()),
        ("_load_dt", pyarrow.date32()), ("_unchanged", strings()), ("_before", image(DECLARED)), *own])
    check_metadata("processing", list(table.schema)[10:])

    def typed(row):
        return row and {**row, "amount": row["amount"] and decimal.Decimal(row["amount"])}

    check("processing rows", table.slice(0, 4).to_pylist(), [
        {"_op": op, "_cut": 12, "_commit_position": position, "_ordinal": ordinal, "_transaction_id": xid,
         "_commit_time": time, "_schema_version": 3, "_load_dt": datetime.date(2026, 3, 31), "_unchanged": unchanged,
         "_before": typed(before), **typed(after or EMPTY)}
        for op, position, ordinal, xid, time, before, after, unchanged in CHANGES])
    check("rows", table.num_rows, 5)
    for name, kind, value in [("born", pyarrow.int32(), FAR_DATE), ("seen", pyarrow.int64(), FAR_TIME),
                              ("stamp", pyarrow.int64(), -FAR_TIME), ("at", pyarrow.int64(), 86_400_000_000)]:
        check(name, compute.cast(table.column(name), kind)[4].as_py(), value)


def check_in_duckdb(landed, processing):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    found = connection.execute(
        "select after_image.born = 'infinity', after_image.seen = 'infinity', after_image.stamp = '-infinity', "
        "after_image.\"at\"::varchar from read_parquet($1) where ordinal = 5", [landed]).fetchall()
    check("infinities in DuckDB", found, [(True, True, True, "24:00:00")])
    found = connection.execute(
        "select count(*), sum(amount), any_value(typeof(amount)), count(*) filter (where \"_before\".id = 1), "
        "max(paid)::varchar, max(big)::varchar, min(stamp) filter (where isfinite(stamp))::varchar "
        "from read_parquet($1)", [processing]).fetchall()
    check("sums in DuckDB", found, [(5, decimal.Decimal("0.10"), "DECIMAL(12,2)", 2, "1234567890.12",
                                     "-1234567890123456789012345678.0123456789",
                                     "2026-03-31 12:00:00.000001+00")])


if __name__ == "__main__":
    check_landed(sys.argv[1])
    check_processing(sys.argv[2])
    check_in_duckdb(sys.argv[1], sys.argv[2])
