"""Goal: real-world claims data, with its blanks, exact decimals, offsets and odd names, is in the warehouse as it is in the source.

Method: the SynPUF and Synthea tables of $WEIR_SHARED_DATA in a real server, brought across by the commands that a
newcomer types; both ends are fingerprinted by psql and by the duckdb package, with SQL written from
docs/formats/canonical_text.md. What the READMEs of the data say is asked of the warehouse.
"""

import duckdb
import pytest

import shared_data
from chain import Chain
from postgres import PostgresServer

pytestmark = shared_data.NEEDS_DATA


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        shared_data.create_tables(running)
        shared_data.load_tables(running)
        yield running


def ask(chain, statement):
    with duckdb.connect(str(chain.store / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(statement).fetchone()


def test_public_data_sets_come_across(server, tmp_path):
    chain = Chain(server, tmp_path)
    chain.configuration.unlink()
    chain.weir("init", server.url(), "--store", chain.store)
    assert chain.weir("check")["ready"]
    chain.weir("run", "--until-current")
    source, warehouse = chain.source_fingerprints(), chain.warehouse_fingerprints()
    assert {table: found[0] for table, found in source.items()} == {
        table.name: shared_data.count_rows(table) for table in shared_data.TABLES}
    assert warehouse == source
    assert chain.weir("ledger", "verify")["verified"]
    blank_and_null = "select count(*) filter ({0} = '') > 0, count(*) filter ({1} is null) > 0 from {2}"
    assert ask(chain, blank_and_null.format("op_physn_npi", "ot_physn_npi", "synpuf.inpatient_claim")) == (True, True)
    assert ask(chain, blank_and_null.format("dx", "total", "synthea.claim"))[0]
    assert ask(chain, "select count(distinct clm_id), count(*) from synpuf.inpatient_claim") == (11652, 11663)
    assert str(ask(chain, "select sum(clm_pmt_amt) from synpuf.inpatient_claim")[0]) == "111664390.00"
    assert str(ask(chain, "select sum(payment::decimal(30,14)) from synthea.eob")[0]) == "62366151.33600000254492"
