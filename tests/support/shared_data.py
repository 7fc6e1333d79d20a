"""Public claims data in a PostgreSQL of a test's: CMS DE-SynPUF and Synthea, typed as their READMEs say.

The folder is $WEIR_SHARED_DATA. Blanks are null, but in the columns named as `blank_text`, where they stay ''.
A table without a key has REPLICA IDENTITY FULL.
"""

import csv
import dataclasses
import gzip
import io
import os
import pathlib
import re

import pytest

from fingerprint import quoted

FOLDER = pathlib.Path(os.environ.get("WEIR_SHARED_DATA", "/nowhere"))
NEEDS_DATA = pytest.mark.skipif(not FOLDER.is_dir(), reason="WEIR_SHARED_DATA names no folder with the public data sets")
DOLLARS = re.compile(r"_(amt|am)$|^(medreimb|benres|pppymt)_")


@dataclasses.dataclass(frozen=True)
class Table:
    name: str
    files: tuple
    types: dict
    key: tuple = ()
    blank_text: tuple = ()

    def header(self):
        with gzip.open(FOLDER / self.files[0], "rt", newline="") as file:
            return [name.lower() for name in next(csv.reader(file))]

    def type_of(self, column):
        if column in self.types:
            return self.types[column]
        if self.name.startswith("synpuf."):
            return synpuf_type(column)
        return "text"


def synpuf_type(column):
    if column.endswith("_dt"):
        return "date"
    if DOLLARS.search(column):
        return "numeric(12,2)"
    if column.endswith(("_mons", "_day_cnt")) or column == "segment":
        return "smallint"
    return "bigint" if column == "clm_id" else "text"


def beneficiaries(year, key):
    return Table(f"synpuf.beneficiary_{year}",
                 tuple(f"synpuf/DE1_0_{year}_Beneficiary_Summary_File_Sample_{sample}.csv.gz" for sample in (1, 2)),
                 {}, key)


def synthea(name, key, types, blank_text=()):
    return Table(f"synthea.{name}", (f"synthea/flat/{name}.csv.gz",), types, key, blank_text)


TABLES = (
    beneficiaries(2008, ("desynpuf_id",)),
    beneficiaries(2009, ("desynpuf_id",)),
    beneficiaries(2010, ()),
    Table("synpuf.inpatient_claim",
          tuple(f"synpuf/DE1_0_2008_to_2010_Inpatient_Claims_Sample_{sample}.csv.gz" for sample in (1, 2)),
          {}, ("clm_id", "segment"), ("op_physn_npi",)),
    synthea("member", ("member_id",), {"member_id": "uuid", "birth_date": "date", "death": "timestamptz"}),
    synthea("claim", ("claim_id",), {"claim_id": "uuid", "member_id": "uuid", "created": "timestamptz",
                                     "total": "numeric", "n_items": "integer"}, ("dx",)),
    synthea("eob", ("eob_id",), {"eob_id": "uuid", "claim_id": "uuid", "member_id": "uuid", "provider_id": "uuid",
                                 "created": "timestamptz", "start": "timestamptz", "end": "timestamptz",
                                 "submitted": "numeric", "payment": "numeric"}),
    synthea("eob_item", ("eob_id", "line"),
            {"eob_id": "uuid", "line": "integer", "start": "timestamptz",
             **dict.fromkeys(("allowed", "submitted", "paid", "coins", "deduct"), "numeric")}),
    synthea("organization", (), {"org_id": "uuid"}),
    synthea("practitioner", ("prac_id",), {"prac_id": "uuid", "npi": "integer"}),
)


def create_statement(table):
    columns = [f"{quoted(column)} {table.type_of(column)}" for column in table.header()]
    if table.key:
        columns.append(f"primary key ({', '.join(map(quoted, table.key))})")
    full = "" if table.key else f"alter table {table.name} replica identity full;\n"
    return f"create table {table.name} ({', '.join(columns)});\n{full}"


def copy_statement(table, file):
    rows = io.StringIO(gzip.decompress((FOLDER / file).read_bytes()).decode(), newline=None)
    next(rows)
    kept = f", force_not_null ({', '.join(map(quoted, table.blank_text))})" if table.blank_text else ""
    names = ", ".join(map(quoted, table.header()))
    return f"copy {table.name} ({names}) from stdin with (format csv{kept});\n{''.join(rows)}\\.\n"


def create_tables(server, names=None):
    """Creates the tables (all, or those named) with their schemas, empty."""
    server.psql("create schema synpuf; create schema synthea;\n" +
                "".join(create_statement(table) for table in chosen(names)))


def load_tables(server, names=None, samples=2):
    """Copies the data sets' rows in; of SynPUF the first samples only."""
    for table in chosen(names):
        server.psql("".join(copy_statement(table, file) for file in table.files[:samples]))


def chosen(names):
    return [table for table in TABLES if names is None or table.name in names]


def count_rows(table):
    """Counts the rows of a table's files by Python's own reader."""
    total = 0
    for file in table.files:
        with gzip.open(FOLDER / file, "rt", newline="") as rows:
            total += sum(1 for _ in csv.reader(rows)) - 1
    return total
