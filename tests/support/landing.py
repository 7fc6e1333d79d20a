"""What a ledger says has landed, read by the duckdb package: for tests that count changes."""

import json

import duckdb

CHANGES = "select commit_position, ordinal, transaction_id from read_parquet({}, union_by_name=true)"


def files_of(chain, entry):
    """Returns the paths that an entry names, from its manifest if it has one."""
    files = entry["files"]
    if isinstance(files, dict):
        files = json.loads((chain.store / "ledger/manifests" / f"{files['manifest']}.json").read_text())
    return [str(chain.store / f"{file['path']}-e{entry['run']['epoch']}.parquet") for file in files]


def streamed_files(chain):
    return [path for entry in chain.entries("cut landed") for path in files_of(chain, entry)]


def snapshot_files(chain):
    """Returns {table: files} of the attempt that became the first cut."""
    attempt = chain.entries("cut landed")[0]["snapshot_attempt"]
    tables = {}
    for entry in chain.entries("chunk landed"):
        if entry["attempt"] == attempt:
            tables.setdefault(entry["table"], []).extend(files_of(chain, entry))
    return tables


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
        tables = warehouse.execute("select table_schema, table_name from information_schema.tables where "
                                   "table_schema like '%\\_history' escape '\\'").fetchall()
        return {table: count for schema, table in tables if (count := warehouse.execute(
            f'select count(*) - count(distinct (from_cut, commit_position, ordinal)) from {schema}."{table}"'
        ).fetchone()[0])}


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


def number(position):
    high, low = position.split("/")
    return (int(high, 16) << 32) + int(low, 16)
