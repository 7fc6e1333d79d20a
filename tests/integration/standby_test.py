"""Goal: one `weir run` leads; a standby waits and takes over when the leader is stopped, killed or frozen; a leader
that wakes after it was replaced commits nothing, says so, and ends.

Method: two "machines" share the store's objects and nothing else: each process has a mount namespace in which the
folders that are no objects (run, spool, warehouse, ...) are its own, so no lock of this machine tells one from the
other (this needs root). The source is a real server, compared by fingerprint with what either machine has loaded.
"""

import os
import re
import signal
import subprocess

import pytest

from chain import SHARE, Chain, Payer, simulate, wait_until
from postgres import PostgresServer

SETTING = ("--seed", 5, "--scale", 100, "--bulk-at", 0, "--alter-at", 0)
OWN_FOLDERS = ("run", "spool", "warehouse", "published", "lineage", "models")
TAKEN_OVER_WITHIN = 30

MACHINE = """
set -e
own=$1; store=$2; shift 2
for folder in """ + " ".join(OWN_FOLDERS) + """; do
    mkdir -p "$own/$folder"; mount --bind "$own/$folder" "$store/$folder"
done
exec "$@"
"""


class Machine:
    """Runs weir beside other machines that share the store."""

    def __init__(self, chain, name):
        assert os.geteuid() == 0, "a mount namespace of its own needs root"
        self.chain = chain
        self.own = chain.folder / name
        self.log_file = chain.folder / f"{name}.log"

    def command(self, *words):
        return ["unshare", "-m", "sh", "-c", MACHINE, "-", str(self.own), str(self.chain.store),
                *self.chain.command(*words)]

    def start(self, *words):
        with open(self.log_file, "ab") as log:
            return subprocess.Popen(self.command(*words), stdout=log, stderr=log, env={**os.environ, "WEIR_SHARE": SHARE})

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def check(self):
        """Catches up here, and compares what this machine has loaded with the source."""
        done = subprocess.run(self.command("run", "--until-current"), capture_output=True, text=True, timeout=300,
                              env={**os.environ, "WEIR_SHARE": SHARE})
        assert done.returncode == 0, done.stderr[-3000:]
        for folder in OWN_FOLDERS:
            subprocess.run(["rm", "-rf", self.chain.store / folder], check=True)
            subprocess.run(["cp", "-r", self.own / folder, self.chain.store / folder], check=True)
        assert self.chain.warehouse_fingerprints() == self.chain.source_fingerprints()
        assert self.chain.weir("ledger", "verify")["verified"]


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        simulate(running, *SETTING, "--load")
        yield running


@pytest.fixture
def payer(server):
    return Payer(server, *SETTING)


@pytest.fixture
def chain(server, tmp_path):
    return Chain.make(server, tmp_path)


@pytest.fixture
def machines(chain):
    """Two machines; what they still run at the end of the test is killed."""
    started = []

    class Kept(Machine):
        def start(self, *words):
            process = super().start(*words)
            started.append(process)
            return process
    yield Kept(chain, "first"), Kept(chain, "second")
    for process in started:
        process.kill()
        process.wait()


def landed(machine):
    return [int(cut) for cut in re.findall(r"landed cut (\d+):", machine.log())]


def leads_and_waits(first, second):
    """The first machine has landed its snapshot; the second one stands by."""
    leader = first.start("run")
    wait_until(lambda: landed(first), first.log)
    standby = second.start("run", "--standby")
    wait_until(lambda: "standing by: process" in second.log(), second.log)
    return leader, standby


def stopped(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_a_standby_takes_over_from_a_leader_that_was_stopped(chain, machines, payer):
    first, second = machines
    leader, standby = leads_and_waits(first, second)
    assert chain.weir("status")["leader"]["process"] == leader.pid
    stopped(leader)
    wait_until(lambda: "leading from now on" in second.log(), second.log, 5)
    payer.works()
    wait_until(lambda: landed(second), second.log)
    assert chain.weir("status")["leader"]["process"] == standby.pid
    stopped(standby)
    assert chain.weir("status")["leader"] is None
    second.check()


def test_a_standby_takes_over_from_a_leader_that_was_killed(chain, machines, payer):
    first, second = machines
    leader, standby = leads_and_waits(first, second)
    leader.kill()
    leader.wait()
    payer.works()
    wait_until(lambda: "leading from now on" in second.log(), second.log, TAKEN_OVER_WITHIN)
    wait_until(lambda: landed(second), second.log)
    stopped(standby)
    second.check()


def test_a_frozen_leader_that_wakes_is_a_zombie(chain, machines, payer):
    first, second = machines
    zombie, standby = leads_and_waits(first, second)
    before = landed(first)
    zombie.send_signal(signal.SIGSTOP)
    payer.works()
    wait_until(lambda: "leading from now on" in second.log(), second.log, TAKEN_OVER_WITHIN)
    wait_until(lambda: landed(second), second.log)
    zombie.send_signal(signal.SIGCONT)
    payer.works()
    assert zombie.wait(60) == 1
    assert "denied: " in first.log() and "another process" in first.log()
    assert landed(first) == before
    stopped(standby)
    epochs = [entry["run"]["epoch"] for entry in chain.entries("cut landed")]
    assert epochs == sorted(epochs)
    second.check()


def test_a_second_run_on_another_machine_takes_the_lead_at_once(chain, machines, payer):
    first, second = machines
    leader = first.start("run")
    wait_until(lambda: landed(first), first.log)
    other = second.start("run")
    assert leader.wait(60) == 1
    assert "another process" in first.log()
    payer.works()
    wait_until(lambda: landed(second), second.log)
    stopped(other)
    second.check()


def test_a_frozen_leader_of_the_same_machine_is_not_overtaken(chain):
    leader = chain.start("run")
    log = chain.folder / "weir.log"
    try:
        wait_until(lambda: "landed cut 1:" in log.read_text(), chain.log)
        leader.send_signal(signal.SIGSTOP)
        standby = chain.start("run", "--standby")
        try:
            wait_until(lambda: f"pid={leader.pid}" in log.read_text(), chain.log, 60)
            assert "leading from now on" not in log.read_text()
            leader.kill()
            leader.wait()
            wait_until(lambda: "leading from now on" in log.read_text(), chain.log, TAKEN_OVER_WITHIN)
        finally:
            stopped(standby)
    finally:
        leader.kill()
        leader.wait()
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
