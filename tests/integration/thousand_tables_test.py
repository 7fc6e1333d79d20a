"""Goal: a thousand tables by pattern cost little more than ten: the source is not asked once for each, idle ones make no file,
and memory stays what it is.

Method: the server logs each statement, which are counted while ten tables are captured and while a thousand are; the files
in the store and the process's own peak memory are looked at. How long it takes: bench/.
"""

import os
import re
import subprocess
import time

import pytest

from chain import SHARE, Chain
from postgres import PostgresServer
from resident_peak import resident_peak

TABLES = 1000
MAKE = """do $$ begin for i in {first}..{last} loop execute format(
    'create table {schema}.t%s (id int primary key, name text, amount numeric(12,2), at timestamptz)', i); end loop; end $$"""
BUSY = range(0, TABLES, 100)


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start(settings={"max_locks_per_transaction": "256"}) as running:
        running.psql("create schema few; create schema claims")
        running.psql(MAKE.format(schema="few", first=0, last=9))
        running.psql(MAKE.format(schema="claims", first=0, last=TABLES - 1))
        running.psql("create table claims.scratch_1 (id int); create table claims.scratch_2 (id int primary key, _op text)")
        running.psql("alter system set log_statement = 'all'")
        running.psql("alter system set log_line_prefix = '%a '")
        running.psql("select pg_reload_conf()")
        yield running


def capture(chain):
    """Captures until current; returns weir's statements, without those that read rows, and its peak memory in MiB."""
    log = chain.server.folder / "log"
    begin = log.stat().st_size
    errors = chain.folder / "capture.log"
    with errors.open("w") as stream:
        process = subprocess.Popen(chain.command("capture"), stdout=subprocess.DEVNULL, stderr=stream,
                                   env={**os.environ, "WEIR_SHARE": SHARE})
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_peak(process.pid))
        time.sleep(0.01)
    assert process.returncode == 0, errors.read_text()[-3000:]
    statements = re.findall(r"^weir LOG:  (?:statement|received replication command|execute [^:]*): (.*)",
                            log.read_bytes()[begin:].decode(), re.MULTILINE)
    return [text for text in statements if not text.startswith("COPY")], peak


def write_configuration(chain):
    text = chain.configuration.read_text()
    chain.configuration.write_text(text.replace("  chunk_blocks: 16", "  exclude: ['claims.scratch_*']"))


def landed_files(chain, pattern):
    return sorted((chain.store / "landing").rglob(pattern))


def test_a_thousand_tables_are_captured_with_the_statements_and_the_memory_of_ten(server, tmp_path):
    few = Chain(server, tmp_path / "few", tables=("few.*",))
    few.init()
    chain = Chain(server, tmp_path / "many")
    write_configuration(chain)
    chain.init()
    snapshot_of_few, _ = capture(few)
    few.weir("drop", "--yes")
    snapshot, memory = capture(chain)
    assert len(snapshot) <= len(snapshot_of_few) + 20, "\n".join(snapshot[:100])
    assert 0 < memory <= 256
    assert len(chain.contracts()) == TABLES
    assert landed_files(chain, "*.parquet") == []
    server.psql("".join(f"insert into claims.t{i} values ({i}, 'x', 1.5, now());" for i in BUSY))
    stream, memory = capture(chain)
    assert len(stream) <= 60, "\n".join(stream[:100])
    assert memory <= 256
    files = landed_files(chain, "*.parquet")
    assert {path.relative_to(chain.store / "landing").parts[0] for path in files} == {f"claims.t{i}" for i in BUSY}
    assert len(files) == len(BUSY)
    findings = chain.weir("check")["findings"]
    assert [finding["object"] for finding in findings] == ["store"]
    chain.weir("drop", "--yes")
