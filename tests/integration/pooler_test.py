"""Goal: a pooler between weir and the server is named, with the remedy, and nothing is captured through it.

Method: a real PgBouncer before a real server, as it is installed and as it is when told to pass over what it does not know.
"""

import subprocess

import pytest

from chain import Chain, wait_until
from postgres import PostgresServer, as_server_user, free_port

SETTINGS = """[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
{more}
"""
IGNORE = "ignore_startup_parameters = options, extra_float_digits, replication"


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        running.psql("create schema claims; create table claims.plan (id int primary key)")
        yield running


@pytest.fixture
def start_pooler(server):
    started = []

    def start(mode, more=""):
        port = free_port()
        file = server.folder / f"{mode}-{port}.ini"
        text = SETTINGS.format(server=server.port, port=port, mode=mode, more=more)
        subprocess.run(as_server_user(["tee", str(file)]), input=text, text=True, check=True, stdout=subprocess.DEVNULL)
        started.append(subprocess.Popen(as_server_user(["/usr/sbin/pgbouncer", "-q", str(file)]), cwd="/",
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        probe = [server.programs / "psql", "-X", "-c", "select 1", f"postgres://postgres@127.0.0.1:{port}/postgres"]
        wait_until(lambda: subprocess.run(probe, capture_output=True).returncode == 0, "PgBouncer does not answer", 30)
        return f"postgres://postgres@127.0.0.1:{port}/postgres"

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_pooler_that_refuses_the_session_is_named_with_the_remedy(server, start_pooler, tmp_path):
    chain = Chain.make(server, tmp_path)
    chain.connect_to(start_pooler("transaction"))
    for words in (("check",), ("run",)):
        error = chain.weir(*words, expect=2)["error"]
        assert "a pooler answers in place of PostgreSQL" in error and "commonly 5432" in error


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pooler_that_lets_everything_pass_is_named_too(server, start_pooler, tmp_path, mode):
    chain = Chain.make(server, tmp_path)
    chain.connect_to(start_pooler(mode, IGNORE))
    findings = chain.weir("check", expect=2)["findings"]
    assert any("a pooler stands between" in finding["message"] and "commonly 5432" in finding["remedy"] for finding in findings)
    assert "a pooler stands between weir and the server" in chain.weir("run", expect=2)["error"]
    assert server.psql("select count(*) from pg_replication_slots") == "0"


def test_the_server_itself_is_no_pooler(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    assert chain.weir("check")["ready"]
    chain.weir("run", "--until-current")
    chain.weir("drop", "--yes")
