"""The versions in a warehouse's history, and those that the log's replay says it must hold.

Both are lists of tuples: MD5 of the row, valid from and to in microseconds, cuts from and to, place of the begin,
place of the end, operation. A place is (end of the transaction, ordinal); a snapshot's rows have none, for their
order is no fact of the source. From docs/formats/warehouse.md.
"""

import bisect

import canonical_text
import fingerprint

OPEN_CUT = 9223372036854775807
OPEN_TIME = 253402214400000000


def qualified(table):
    schema, name = table.split(".")
    return f'"{schema}_history"."{name}"'


def recorded(warehouse, table, columns, ends):
    """Reads the history of a table; `ends` are the sorted ends of the log's transactions."""
    rows = warehouse.execute(
        f"select md5({fingerprint.row_text(columns, fingerprint.duckdb_text)}), epoch_us(valid_from), "
        "epoch_us(valid_to), from_cut, to_cut, commit_position, ordinal, end_position, end_ordinal, op "
        f"from {qualified(table)} r").fetchall()

    def place(commit, ordinal):
        # A commit record begins after the transaction before has ended.
        return None if commit is None else (ends[bisect.bisect_right(ends, commit)], ordinal)

    return [(*row[:5], None if row[9] == "r" else place(*row[5:7]), place(*row[7:9]), row[9]) for row in rows]


def expected(versions, columns, cut_positions):
    """The same of a replay's versions; `cut_positions` are those of cuts 1, 2, ..."""
    def cut(place):
        return 1 if place is None else bisect.bisect_left(cut_positions, place[0]) + 1

    return [(canonical_text.digest(columns, version.row), version.valid_from,
             OPEN_TIME if version.end is None else version.valid_to, cut(version.begin),
             OPEN_CUT if version.end is None else cut(version.end), version.begin, version.end, version.operation)
            for version in versions]


def count_repeated(warehouse, table):
    """Counts the names of versions that more than one version has."""
    return warehouse.execute(
        "select count(*) from (select from_cut, commit_position, ordinal "
        f"from {qualified(table)} group by all having count(*) > 1)").fetchone()[0]
