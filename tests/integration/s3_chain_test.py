"""Goal: the whole program runs on a bucket as it does on a folder: killed or not, every change exactly once.

Method: a payer's database and a pipeline with `store: s3://…` on MinIO and versitygw; kill -9 while it runs, then
catch up; both ends fingerprinted by psql and the duckdb package. A server that lets two writers win is refused, S3Mock
and one of our own; and so is one that is away.
"""

import json
import subprocess

import pytest

import unsafe_s3
from chain import Chain, simulate, start_simulator, wait_until
from postgres import PostgresServer
from s3_servers import BUCKET, S3Server


@pytest.fixture
def payer():
    with PostgresServer.start() as running:
        simulate(running, "--load", "--scale", 500)
        yield running


class BucketChain(Chain):
    """A pipeline whose objects are in a bucket. Its store's folder is where everything else is."""

    def __init__(self, server, folder, s3, prefix="claims"):
        super().__init__(server, folder)
        self.s3 = s3
        text = self.configuration.read_text().replace(f"store: {self.store}", f"store: s3://{BUCKET}/{prefix}")
        self.configuration.write_text(text + f"s3: {{endpoint: '{s3.endpoint}'}}\n")
        self.bucket = f"s3://{BUCKET}/{prefix}"
        self.store = self.folder / ".weir" / "claims"

    def init(self, expect=0):
        configuration = self.configuration.read_text()
        self.configuration.unlink()
        made = self.weir("init", self.url, "--tables", *self.tables, "--pipeline", "claims", "--store", self.bucket,
                         "--s3", f"endpoint={self.s3.endpoint}", expect=expect)
        assert self.configuration.exists() == (expect == 0)
        self.configuration.write_text(configuration)
        return made

    def run(self, *words):
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=300)

    def replay(self, folder):
        """Rebuilds the pipeline in a local folder, where the contracts can be read as files."""
        replayed = self.weir("replay", folder)
        self.replayed = folder
        return replayed

    def contracts(self):
        store, self.store = self.store, self.replayed
        try:
            return super().contracts()
        finally:
            self.store = store


@pytest.fixture
def environment(monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)

    def enter(server):
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
    return enter


@pytest.mark.parametrize("kind", ["versitygw", "minio"])
def test_a_killed_pipeline_on_a_bucket_goes_on_and_loses_nothing(payer, environment, kind, tmp_path):
    with S3Server.start(kind, tmp_path / "s3") as s3:
        environment(s3)
        chain = BucketChain(payer, tmp_path / "weir", s3)
        chain.init()
        assert (chain.store / "keys" / "ledger.key").stat().st_mode & 0o777 == 0o600
        assert chain.weir("check")["ready"]
        running = chain.start("run")
        worker = start_simulator(payer, "--run", 400, "--rate", 50)
        wait_until(lambda: len(chain.entries("cut landed")) > 3, chain.log)
        running.kill()
        running.wait()
        assert worker.wait() == 0
        chain.weir("run", "--until-current")
        verified = chain.weir("ledger", "verify")
        assert verified["verified"]
        claims = payer.psql("select count(*) from claims.claim").strip().splitlines()[-1]
        assert chain.weir("query", "select count(*) as n from claims.claim")["rows"] == [{"n": claims}]
        assert chain.weir("status")["stages"]
        assert chain.replay(tmp_path / "replayed")["equal"] is True
        assert chain.warehouse_fingerprints() == chain.source_fingerprints()
        chain.weir("drop", "--yes")
        assert not chain.store.exists()
        chain.init()  # Nothing of the first one is in the way.
        chain.weir("drop", "--yes")


@pytest.mark.parametrize("kind", ["s3mock", "ours"])
def test_a_store_that_lets_two_writers_win_is_refused(payer, environment, kind, tmp_path):
    start = unsafe_s3.UnsafeS3.start() if kind == "ours" else S3Server.start(kind, tmp_path / "s3")
    with start as s3:
        environment(s3)
        chain = BucketChain(payer, tmp_path / "weir", s3)
        done = chain.run("check")
        assert done.returncode == 2
        assert "the store is not ready" in done.stderr
        assert any("does not honour conditional writes" in finding["message"]
                   for finding in json.loads(done.stdout)["findings"])
        if kind == "ours":
            assert "does not honour conditional writes" in chain.init(expect=2)["error"]


def test_a_store_that_is_away_is_said_to_be(payer, environment, tmp_path):
    with S3Server.start("versitygw", tmp_path / "s3") as s3:
        environment(s3)
        chain = BucketChain(payer, tmp_path / "weir", s3)
    error = chain.init(expect=3)["error"]
    assert "no answer from the server" in error and s3.endpoint in error
    assert s3.environment["AWS_SECRET_ACCESS_KEY"] not in error
