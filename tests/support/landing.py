"""What a ledger says has landed, read by the duckdb package: for tests that count changes."""

import duckdb

import history

CHANGES = "select commit_position, ordinal, transaction_id from read_parquet({}, union_by_name=true)"


def streamed_files(chain):
    return [path for entry in chain.entries("cut landed") for path in chain.files_of(entry)]


def snapshot_files(chain):
    """Returns {table: files} of the attempt that became the first cut."""
    attempt = chain.entries("cut landed")[0]["snapshot_attempt"]
    tables = {}
    for entry in chain.entries("chunk landed"):
        if entry["attempt"] == attempt:
            tables.setdefault(entry["table"], []).extend(chain.files_of(entry))
    return tables


def landed_rows(chain, table):
    """Returns the table's landed rows in log order: what happened, and which columns the log left out."""
    files = [path for kind in ("chunk landed", "cut landed") for entry in chain.entries(kind)
             for path in chain.files_of(entry) if f"/{table}/" in path]
    rows = duckdb.sql(f"select op, unchanged from read_parquet({files}, union_by_name=true) "
                      "order by commit_position, ordinal").fetchall()
    return [{"op": op, "unchanged": unchanged} for op, unchanged in rows]


def repeated(files):
    """Returns how many of the files' changes are there more than once."""
    if not files:
        return 0
    return duckdb.sql(f"select count(*) - count(distinct (commit_position, ordinal)) from ({CHANGES.format(files)})"
                      ).fetchone()[0]


def changes_by_transaction(files):
    return dict(duckdb.sql(f"select transaction_id, count(*) from ({CHANGES.format(files)}) group by 1").fetchall())


def repeated_versions(chain):
    """Returns {table: versions of its history that have another's name}."""
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return {table: count for table in chain.contracts()
                if (count := history.count_repeated(warehouse, table))}


class Decoder:
    """A slot of PostgreSQL's own test_decoding, made before the first change: what the log truly held."""

    TRANSACTIONS = """
        select xid, max(lsn) filter (where data like 'COMMIT%'), count(*) filter (where data like 'table claims.%')
        from pg_logical_slot_peek_changes('decoder', null, null, 'include-xids', '0') group by xid"""

    def __init__(self, server):
        self.server = server
        server.psql("select pg_create_logical_replication_slot('decoder', 'test_decoding')")

    def transactions(self):
        """Returns {transaction: (end of its commit, changes of schema claims)}."""
        rows = [line.split("|") for line in self.server.psql(self.TRANSACTIONS).splitlines()]
        return {int(transaction): (position, int(changes)) for transaction, position, changes in rows}
