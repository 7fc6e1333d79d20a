"""Goal: what is said to be sealed is sealed, and rows of another machine are not written in plaintext unasked.

Method: a text that stands for PHI goes through the real program; everything that it keeps in spool and
quarantine, every name, log and ledger entry, is searched for it.
"""

import os
import re
import signal
import socket

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer

MARK = "Ermintrude Quaintance-Featherstonehaugh"
TYPES = "refine: {types: {claims.letter.body: json}}\n"


@pytest.fixture
def server():
    """Streams a transaction to weir long before its end, and listens on all of this machine's addresses."""
    with PostgresServer.start(settings={"logical_decoding_work_mem": "64kB", "listen_addresses": "*"}) as running:
        running.psql("create schema claims; create table claims.letter (id bigint primary key, body text); "
                     "insert into claims.letter values (1, '{}')")
        with open(running.data / "pg_hba.conf", "a", encoding="utf-8") as rules:
            rules.write("host all all samenet trust\nhost replication all samenet trust\n")
        running.psql("select pg_reload_conf()")
        yield running


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def holds_mark(path):
    """The mark may be in the bytes, as they are or as UTF-16 or hexadecimal."""
    content = path.read_bytes()
    return any(form in content for form in (MARK.encode(), MARK.encode("utf-16-le"), MARK.encode().hex().encode()))


def test_rows_in_quarantine_are_sealed_and_counted_without_their_values(server, tmp_path):
    chain = Chain.make(server, tmp_path, more=TYPES)
    server.psql(f"insert into claims.letter values (2, '{{ {MARK}'), (3, '{{\"a\": 1}}')")
    chain.weir("run", "--until-current")
    (counted,) = chain.weir("quarantine", "list")["quarantine"]
    assert (counted["table"], counted["column"], counted["rows"]) == ("claims.letter", "body", 1)
    sealed = files_below(chain.store / "quarantine")
    assert sealed and not any(map(holds_mark, sealed))
    assert (chain.store / "keys" / "quarantine.key").stat().st_mode & 0o777 == 0o600
    for zone in ("ledger", "contracts", "lineage", "run", "processing"):
        assert not any(map(holds_mark, files_below(chain.store / zone))), zone
    assert any(map(holds_mark, files_below(chain.store / "landing"))), "the landing is not sealed yet"
    entry = chain.entries("cut refined")[-1]
    assert entry["read"] == entry["refined"] + entry["quarantined"] and entry["quarantined"] == 1


def test_a_transaction_in_progress_is_sealed_once_it_leaves_memory(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    run = chain.start("run")
    session = None
    try:
        wait_until(lambda: chain.weir("status")["loaded"] >= 1, chain.log)
        session = server.open_session()
        session.run(f"begin; insert into claims.letter select i, repeat('{MARK} ', 100) "
                    "from generate_series(10, 30000) i;")
        spooled = wait_until(
            lambda: [path for path in files_below(chain.store / "spool") if path.stat().st_size], chain.log)
        assert not any(map(holds_mark, spooled))
        session.run("rollback;")
    finally:
        if session:
            session.close()
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    assert not holds_mark(tmp_path / "weir.log")


def address_of_this_machine():
    """Returns an address by which other machines would know this one, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            any_socket.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = any_socket.getsockname()[0]
    return None if address.startswith("127.") else address


def test_a_source_on_another_machine_needs_consent(server, tmp_path):
    """What answers is this machine, but by an address that weir cannot know to be its own; where there is no
    such address, by a name that leads nowhere, since consent is asked for before anything is opened."""
    chain = Chain.make(server, tmp_path)
    text = chain.configuration.read_text()
    address = address_of_this_machine()
    remote = text.replace("127.0.0.1", address or "source.invalid")
    chain.configuration.write_text(remote)
    for command in (["capture"], ["run", "--until-current"], *([["check"]] if address else [])):
        refused = chain.weir(*command, expect=2)
        assert "allow_plaintext" in str(refused), command
    assert not files_below(chain.store / "landing") if (chain.store / "landing").exists() else True
    chain.configuration.write_text(remote + "allow_plaintext: true\n")
    chain.weir("capture", expect=0 if address else 3)


def test_the_password_of_the_source_is_in_no_file_and_no_message(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    secret = "Xyzzy-Plugh-4711"
    os.environ["WEIR_TEST_PASSWORD"] = secret
    chain.configuration.write_text(re.sub(r"postgres://postgres@", "postgres://postgres:${WEIR_TEST_PASSWORD}@",
                                          chain.configuration.read_text()))
    chain.weir("run", "--until-current")
    server.stop()
    error = chain.weir("capture", expect=3)["error"]
    assert secret not in error
    for path in files_below(tmp_path):
        assert secret.encode() not in path.read_bytes(), path
