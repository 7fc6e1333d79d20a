"""A payer's database and a weir pipeline on it, for tests of the whole chain: real programs, real server."""

import json
import os
import pathlib
import subprocess
import time

import duckdb

import fingerprint

BUILD = pathlib.Path(os.environ.get("WEIR_BUILD", "build/release")).absolute()
SHARE = os.environ.get("WEIR_SHARE", str(pathlib.Path(__file__).resolve().parents[2]))
CONFIGURATION = """version: 1
pipeline: claims
source:
  postgres: {url}
  tables: [{tables}]
  chunk_blocks: 16
store: {store}
cut: {{interval: {interval}}}
"""


class Chain:
    """One pipeline in a folder: runs `weir` on it and looks at both ends with other people's tools."""

    def __init__(self, server, folder, name="claims", interval="100ms", more="", tables=("claims.*",),
                 user="postgres", database="postgres"):
        self.server = server
        self.url = server.url(database, user)
        self.tables = tables
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = self.folder / "data"
        self.configuration = self.folder / "weir.yaml"
        self.configuration.write_text(
            CONFIGURATION.format(url=self.url, tables=", ".join(tables), store=self.store, interval=interval) + more)

    @classmethod
    def make(cls, server, folder, **options):
        """Makes the pipeline with `weir init`, then gives it this test's configuration."""
        chain = cls(server, folder, **options)
        chain.init()
        return chain

    def command(self, *words):
        return [str(BUILD / "weir"), "--config", str(self.configuration), "--json", *map(str, words)]

    def weir(self, *words, expect=0):
        """Runs a command to its end and returns its JSON; fails unless it exits as expected."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=300,
                              env={**os.environ, "WEIR_SHARE": SHARE})
        assert done.returncode == expect, f"{words}: exit {done.returncode}\n{done.stderr[-3000:]}"
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else {"error": done.stderr}

    def init(self):
        """Makes the pipeline, and keeps the test's configuration in place of the one that `weir init` writes."""
        configuration = self.configuration.read_text()
        self.configuration.unlink()
        self.weir("init", self.url, "--tables", *self.tables, "--pipeline", "claims", "--store", self.store)
        self.configuration.write_text(configuration)

    def connect_to(self, url):
        """The pipeline reads its source there from now on."""
        text = self.configuration.read_text()
        assert self.url in text
        self.configuration.write_text(text.replace(self.url, url))
        self.url = url

    def start(self, *words, environment=None):
        with open(self.folder / "weir.log", "ab") as log:
            return subprocess.Popen(self.command(*words), stdout=log, stderr=log,
                                    env={**(environment or os.environ), "WEIR_SHARE": SHARE})

    def log(self):
        return (self.folder / "weir.log").read_text()[-3000:]

    def contracts(self):
        """Returns {table: [(column, landed type)]} of the newest contract of each table."""
        newest = {}
        for path in (self.store / "contracts").rglob("*.json"):
            contract = json.loads(path.read_text())
            if contract["version"] >= newest.get(contract["table"], {"version": 0})["version"]:
                newest[contract["table"]] = contract
        return {table: [(column["name"], column["type"]) for column in contract["columns"]]
                for table, contract in newest.items()}

    def source_fingerprints(self):
        """Computed by psql, with SQL that shares nothing with weir."""
        found = {}
        for table, columns in self.contracts().items():
            text = self.server.psql(
                fingerprint.POSTGRES_SETTINGS + fingerprint.postgres(columns, table))
            found[table] = tuple(int(part) for part in text.strip().splitlines()[-1].split("|"))
        return found

    def warehouse_fingerprints(self):
        """Computed by the duckdb package on the warehouse's file."""
        file = str(self.store / "warehouse" / "warehouse.duckdb")
        with duckdb.connect(file, read_only=True) as warehouse:
            warehouse.execute("set timezone = 'UTC'")
            return {table: tuple(int(part) for part in
                                 warehouse.execute(fingerprint.duckdb(columns, table)).fetchone())
                    for table, columns in self.contracts().items()}

    def entries(self, kind):
        return self.weir("ledger", "show", "--kind", kind)["entries"]

    def files_of(self, entry):
        """Returns the paths of the files that an entry names, itself or by a manifest."""
        files = entry["files"]
        if isinstance(files, dict):
            files = json.loads((self.store / "ledger" / "manifests" / f"{files['manifest']}.json").read_text())
        return [str(self.store / f"{file['path']}-e{entry['run']['epoch']}.parquet") for file in files]


def wait_until(condition, message, seconds=300):
    """Waits for a condition; fails with the message, or what it returns, after the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, message() if callable(message) else message
        time.sleep(0.02)
    return found


def simulate(server, *words):
    """Runs the payer simulator to its end."""
    done = subprocess.run([str(BUILD / "weir-simulate"), "--url", server.url(), *map(str, words)],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


class Payer:
    """The simulator, some transactions at a time, after what it has done before."""

    def __init__(self, server, *setting):
        self.server = server
        self.setting = setting

    def works(self):
        last = self.server.psql("select transaction_number from claims_simulation.progress")
        simulate(self.server, *self.setting, "--run", int(last) + 40, "--resume")


def start_simulator(server, *words):
    return subprocess.Popen([str(BUILD / "weir-simulate"), "--url", server.url(), *map(str, words)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
