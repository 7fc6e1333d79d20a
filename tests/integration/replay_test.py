"""Goal: what was landed is enough to rebuild everything after it, and the rebuilt is the same.

Method: the real chain, loaded in several steps, is replayed into an empty store; all rows of all history
tables are compared by the duckdb package, all processing files by their bytes, and the store is continued.
"""

import hashlib
import os

import duckdb
import pytest

from chain import Chain, simulate
from postgres import PostgresServer

SETTING = ("--seed", 11, "--scale", 1000, "--alter-at", 150)


@pytest.fixture
def chain(tmp_path):
    with PostgresServer.start() as server:
        simulate(server, *SETTING, "--load")
        made = Chain.make(server, tmp_path / "first")
        for transactions in (100, 200, 300):
            made.weir("run", "--until-current")
            simulate(server, *SETTING, "--run", transactions, *(["--resume"] if transactions > 100 else []))
        made.weir("run", "--until-current")
        yield made


def histories(chain):
    """Returns all versions of all tables, every column as text, in a fixed order."""
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        tables = warehouse.execute("select table_schema, table_name from information_schema.tables where "
                                   "table_schema like '%_history' order by 1, 2").fetchall()
        return {table: sorted(warehouse.execute(f'select columns(*)::varchar from "{table[0]}"."{table[1]}"')
                              .fetchall(), key=str)
                for table in tables}


def processing(chain):
    """Returns the bytes' hashes by name, without the writers' epochs."""
    return {path.name.rsplit("-e", 1)[0] + str(path.parent.relative_to(chain.store)):
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (chain.store / "processing").rglob("*.parquet")}


def at(chain, folder, store):
    """Returns the pipeline as it is in another store."""
    other = Chain(chain.server, folder)
    other.store = store
    other.configuration.write_text(chain.configuration.read_text().replace(str(chain.store), str(store)))
    return other


def test_a_replay_rebuilds_the_same_tables_and_can_be_continued(chain, tmp_path):
    target = tmp_path / "replayed"
    replayed = chain.weir("replay", target)
    assert replayed["equal"] is True
    assert replayed["cuts"] == chain.weir("status")["landed"] > 3
    again = at(chain, tmp_path / "second", target)
    assert len(histories(chain)) == 9
    assert histories(again) == histories(chain)
    assert processing(again) == processing(chain)
    again.weir("ledger", "verify")
    simulate(chain.server, *SETTING, "--run", 400, "--resume")
    again.weir("run", "--until-current")
    assert again.warehouse_fingerprints() == again.source_fingerprints()


def test_a_replay_finds_a_warehouse_that_somebody_changed(chain, tmp_path):
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb")) as warehouse:
        warehouse.execute("update claims_history.member set valid_from = valid_from + interval 1 microsecond "
                          "where member_id = (select min(member_id) from claims_history.member)")
    differs = chain.weir("replay", tmp_path / "replayed", expect=5)
    assert differs == {"cuts": differs["cuts"], "equal": False, "store": str(tmp_path / "replayed")}


def test_a_replay_stops_at_a_landed_file_that_somebody_changed(chain, tmp_path):
    file = max((chain.store / "landing").rglob("cut-*.parquet"))
    os.chmod(file, 0o600)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused = chain.weir("replay", tmp_path / "replayed", expect=5)
    assert file.name in refused["error"]


def test_a_replay_wants_a_folder_of_its_own(chain):
    chain.weir("replay", chain.store, expect=2)
