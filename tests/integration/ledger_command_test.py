"""Goal: `weir ledger show` is read by people and by programs; `weir ledger verify` goes on after it was stopped or killed.

Method: a pipeline with a few cuts; what a verification remembers is looked at and changed.
"""

import json
import pathlib
import re
import signal
import subprocess

import pytest

from chain import Chain, simulate
from postgres import PostgresServer


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    with PostgresServer.start() as server:
        simulate(server, "--seed", 4, "--scale", 100, "--load")
        made = Chain(server, tmp_path_factory.mktemp("pipeline"))
        made.init()
        for command in ("capture", "refine", "load"):
            made.weir(command)
        yield made


def shown(chain, *words):
    """Returns the lines for people."""
    command = [word for word in chain.command("ledger", "show", *words) if word != "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_line_has_index_time_kind_what_and_stage(chain):
    lines = shown(chain)
    line = re.compile(r" *(\d+)  (\d{4}-\d\d-\d\dT[\d:.]+Z)  (\S.{16})  (.*)\[(\w+) (\d+)\]")
    found = [line.fullmatch(each) for each in lines]
    assert all(found), lines
    assert [int(each[1]) for each in found] == list(range(len(lines)))
    landed = next(each for each in found if each[3].strip() == "cut landed")
    assert re.match(r"cut 1 at \w+/\w+, ", landed[4]) and landed[5] == "capture"


def test_words_choose_together(chain):
    whole = chain.weir("ledger", "show")
    assert whole["indexes"] == list(range(len(whole["entries"])))
    chosen = chain.weir("ledger", "show", "--cut", "1..2", "--kind", "cut refined")
    assert [entry["cut"] for entry in chosen["entries"]] == [1]
    chunks = chain.weir("ledger", "show", "--table", "claims.plan", "--kind", "chunk landed")["entries"]
    assert chunks and all(entry["table"] == "claims.plan" for entry in chunks)
    last = len(whole["entries"]) - 1
    assert chain.weir("ledger", "show", "--since", last)["indexes"] == [last]
    assert chain.weir("ledger", "show", "--since", last + 100)["indexes"] == []
    assert "write 7 or 7..9" in chain.weir("ledger", "show", "--cut", "one", expect=2)["error"]


def test_a_verification_that_was_stopped_or_killed_goes_on(chain):
    mark = chain.store / "run" / "verified.json"
    paths = [path for entry in chain.entries("cut refined") for path in chain.files_of(entry)]
    last = pathlib.Path(max(paths, key=lambda path: pathlib.Path(path).stat().st_size))
    whole = last.read_bytes()
    assert chain.weir("ledger", "verify")["verified"]
    done = json.loads(mark.read_text())
    assert set(done) == {"checkpoint", "entry", "path"} and (chain.store / done["path"]).exists()
    # All was hashed before, so that only the size of a file counts now.
    last.chmod(0o600)
    last.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert chain.weir("ledger", "verify", "--resume")["verified"]
    assert "the file was changed" in chain.weir("ledger", "verify", expect=5)["error"]
    last.write_bytes(whole)
    mark.write_text("{}")
    assert "its mark is damaged" in chain.weir("ledger", "verify", "--resume", expect=2)["error"]
    mark.unlink()
    assert chain.weir("ledger", "verify", "--resume")["verified"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_a_pipeline_that_verifies(chain, number):
    running = chain.start("ledger", "verify")
    running.send_signal(number)
    assert running.wait(timeout=60) in (0, 1, -number)
    assert chain.weir("ledger", "verify", "--resume")["verified"]
    assert chain.weir("ledger", "verify")["verified"]


def test_a_mark_of_another_ledger_is_no_mark(chain):
    mark = chain.store / "run" / "verified.json"
    assert chain.weir("ledger", "verify")["verified"]
    known = json.loads(mark.read_text())
    forged = known["checkpoint"].replace("\n\n", "\nx\n\n", 1)
    mark.write_text(json.dumps({**known, "checkpoint": forged}))
    assert "known checkpoint" in chain.weir("ledger", "verify", "--resume", expect=5)["error"]
    mark.write_text(json.dumps(known))


def test_a_checkpoint_that_was_kept_is_compared(chain):
    kept = chain.folder / "kept"
    kept.write_bytes((chain.store / "ledger" / "checkpoint").read_bytes())
    assert chain.weir("ledger", "verify", "--checkpoint", kept)["verified"]
    assert chain.weir("ledger", "verify", "--key", chain.weir("ledger", "key")["verifier_key"])["verified"]
    kept.write_text("nothing")
    assert "known checkpoint" in chain.weir("ledger", "verify", "--checkpoint", kept, expect=5)["error"]
