"""Goal: weir reaches a source by every way that libpq knows - TLS with verification, SCRAM, client certificates, password and
service files - for ordinary and replication connections alike, and no password is ever seen in what weir prints or keeps.

Method: a server with a certificate of a CA made here lets each role in by one way only; every command runs by each way, and
everything that they printed and wrote is searched for the password.
"""

import os
import pathlib
import subprocess

import pytest

from chain import SHARE, Chain
from postgres import PostgresServer, as_server_user

PASSWORD = "never-to-be-seen-7f3a"
RUN = ("run", "--until-current")
ACCESS = """local all all trust
host all postgres 127.0.0.1/32 trust
hostssl all weir_password 127.0.0.1/32 scram-sha-256
hostssl all weir_certificate 127.0.0.1/32 cert
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)


def make_certificate(folder, name, subject, *more):
    """A key and a certificate of the CA in the folder."""
    openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}", *more)
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2,
            "-copy_extensions", "copy", "-out", f"{name}.crt")
    (folder / f"{name}.key").chmod(0o600)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "other_ca"):
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}", "-days", 2)
    make_certificate(folder, "server", "localhost", "-addext", "subjectAltName=DNS:localhost")
    make_certificate(folder, "client", "weir_certificate")
    return folder


def give(server, file):
    """Puts a file where the server may read it, and nobody else."""
    target = server.data / file.name
    subprocess.run(as_server_user(["sh", "-c", f"umask 077; cat > {target}"]), input=file.read_bytes(), check=True)
    return target


def start_with_tls():
    """Starts the chosen server, or Debian's if that one is built without TLS, as PostgreSQL 18's wheel is."""
    server = PostgresServer.start()
    if server.psql("show ssl_library"):
        return server
    server.remove()
    return PostgresServer.start(programs=max(pathlib.Path("/usr/lib/postgresql").glob("*/bin")))


@pytest.fixture(scope="module")
def server(certificates):
    with start_with_tls() as running:
        running.psql("create schema claims; create table claims.plan (id int primary key, name text);"
                     "insert into claims.plan values (1, 'one');"
                     f"create role weir_password superuser login password '{PASSWORD}';"
                     "create role weir_certificate superuser login")
        running.configure({"ssl": "on", "ssl_ca_file": give(running, certificates / "ca.crt"),
                           "ssl_cert_file": give(running, certificates / "server.crt"),
                           "ssl_key_file": give(running, certificates / "server.key")})
        (running.data / "pg_hba.conf").write_text(ACCESS)
        running.stop()
        running.start_again()
        yield running


@pytest.fixture
def places(server, certificates, tmp_path, monkeypatch):
    """Fills in URLs, and lays out the files that they name."""
    password_file = tmp_path / "pgpass"
    password_file.write_text(f"localhost:{server.port}:*:weir_password:{PASSWORD}\n")
    password_file.chmod(0o600)
    service_file = tmp_path / "services.conf"
    service_file.write_text(
        f"[claims]\nhost=localhost\nport={server.port}\ndbname=postgres\nuser=weir_password\nsslmode=verify-full\n"
        f"sslrootcert={certificates}/ca.crt\npassfile={password_file}\n[elsewhere]\nhost=db.example.com\n")
    monkeypatch.setenv("WEIR_PASSWORD", PASSWORD)
    monkeypatch.setenv("PGSERVICEFILE", str(service_file))
    return {"at": f"localhost:{server.port}/postgres?sslmode=verify-full&sslrootcert={certificates}/ca.crt",
            "address": f"127.0.0.1:{server.port}/postgres?sslmode=verify-full&sslrootcert={certificates}/ca.crt",
            "other_ca": f"localhost:{server.port}/postgres?sslmode=verify-full&sslrootcert={certificates}/other_ca.crt",
            "plain": f"localhost:{server.port}/postgres?sslmode=disable",
            "password_file": str(password_file),
            "client": f"sslcert={certificates}/client.crt&sslkey={certificates}/client.key"}


def run(chain, *words, **environment):
    """Runs a command, and returns its exit code and all that it printed."""
    done = subprocess.run(chain.command(*words), capture_output=True, text=True, timeout=120,
                          env={**os.environ, "WEIR_SHARE": SHARE, **environment})
    return done.returncode, done.stdout + done.stderr


def check_hidden(chain, printed):
    assert PASSWORD not in printed
    for path in chain.folder.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes() or path.name == "pgpass", path


def check_works(server, folder, url, **environment):
    chain = Chain(server, folder)
    chain.connect_to(url)
    printed = ""
    configuration = chain.configuration.read_text()
    chain.configuration.unlink()
    for words in (("init", url, "--tables", "claims.*", "--pipeline", "claims", "--store", chain.store), ("check",), RUN,
                  ("status", "--check"), RUN):
        if words[0] == "check":
            chain.configuration.write_text(configuration)
        code, told = run(chain, *words, **environment)
        assert code == 0, f"{words}: {told}"
        printed += told
        server.psql("insert into claims.plan select max(id) + 1, 'more' from claims.plan")
    run(chain, *RUN, **environment)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    code, told = run(chain, "ledger", "show")
    check_hidden(chain, printed + told)
    code, told = run(chain, "drop", "--yes", **environment)
    assert code == 0, told


WAYS = {
    "scram": "postgres://weir_password:${{WEIR_PASSWORD}}@{at}",
    "password_file": "postgres://weir_password@{at}&passfile={password_file}",
    "client_certificate": "postgres://weir_certificate@{at}&{client}",
    "service": "service=claims",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_command_works_by(server, places, tmp_path, way):
    check_works(server, tmp_path, WAYS[way].format(**places))


def test_the_password_file_and_the_service_may_be_named_by_the_environment(server, places, tmp_path, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", places["password_file"])
    check_works(server, tmp_path / "password", "postgres://weir_password@{at}".format(**places))
    check_works(server, tmp_path / "service", "postgres://", PGSERVICE="claims")


def test_a_password_opens_any_server_without_tls_too(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIR_PASSWORD", PASSWORD)
    with PostgresServer.start() as server:
        server.psql(f"create schema claims; create table claims.plan (id int primary key, name text); insert into claims.plan "
                    f"values (1, 'one'); create role weir_password superuser login password '{PASSWORD}'")
        (server.data / "pg_hba.conf").write_text("host all postgres all trust\nhost all all all scram-sha-256\n")
        server.psql("select pg_reload_conf()")
        check_works(server, tmp_path, f"postgres://weir_password:${{WEIR_PASSWORD}}@127.0.0.1:{server.port}/postgres")


REFUSALS = {
    "a_wrong_host_name": ("postgres://weir_password:${{WEIR_PASSWORD}}@{address}", "does not match host name"),
    "another_ca": ("postgres://weir_password:${{WEIR_PASSWORD}}@{other_ca}", "certificate verify failed"),
    "no_tls": ("postgres://weir_password:${{WEIR_PASSWORD}}@{plain}", "no pg_hba.conf entry"),
    "no_password": ("postgres://weir_password@{at}&passfile=/nowhere", "no password supplied"),
    "a_wrong_password": ("postgres://weir_password:${{WEIR_PASSWORD}}x@{at}", "password authentication failed"),
    "no_client_certificate": ("postgres://weir_certificate@{at}", "certificate"),
    "an_unknown_service": ("service=nobody", 'definition of service "nobody" not found'),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_trusted_or_is_not_let_in_is_said_at_once(server, places, tmp_path, case):
    url, reason = REFUSALS[case]
    chain = Chain.make(server, tmp_path)
    chain.connect_to(url.format(**places))
    printed = ""
    for words in (("check",), ("run",)):
        code, told = run(chain, *words)
        assert code in (1, 2) and reason in told, f"{words}: exit {code}: {told}"
        printed += told
    check_hidden(chain, printed)


def test_a_service_on_another_machine_is_another_machine(server, places, tmp_path):
    chain = Chain.make(server, tmp_path)
    chain.connect_to("service=elsewhere")
    assert "the source is on another machine" in chain.weir(*RUN, expect=2)["error"]
