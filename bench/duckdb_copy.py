"""The rival of a snapshot: DuckDB reads a table by its postgres extension into Parquet. duckdb_copy.py URL TABLE FILE"""

import pathlib
import sys

import duckdb

EXTENSION = pathlib.Path(__file__).resolve().parent.parent / ".deps/duckdb-postgres/postgres_scanner.duckdb_extension"

url, table, file = sys.argv[1:]
connection = duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": False})
connection.execute(f"load '{EXTENSION}'")
connection.execute(f"attach '{url}' as source (type postgres, read_only)")
connection.execute("set preserve_insertion_order = false")
connection.execute(f"copy source.{table} to '{file}' (format parquet, compression zstd)")
