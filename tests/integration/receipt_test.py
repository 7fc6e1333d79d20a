"""Goal: what `weir receipt` hands out is proven by programs that share nothing with weir, offline, and any change of it or of
the file is found; the ledger's key changes under running processes without a loss.

Method: a pipeline with a snapshot and cuts; the dependency-free verifier that ships with weir, Go's own implementation of
tiled logs, and weir itself judge the same receipts, before and after the key was rotated.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from chain import BUILD, Chain, simulate, wait_until
from postgres import PostgresServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERIFIER = ROOT / "tools" / "verify_receipt.py"
sys.path.insert(0, str(VERIFIER.parent))

import verify_receipt  # noqa: E402


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        simulate(running, "--seed", 5, "--scale", 100, "--load")
        yield running


@pytest.fixture(scope="module")
def go_verifier(tmp_path_factory):
    go = shutil.which("go", path=f"{ROOT / '.deps/go/bin'}:{os.environ['PATH']}")
    if go is None:
        pytest.skip("no Go here")
    program = tmp_path_factory.mktemp("go") / "verify_receipt"
    subprocess.run([go, "build", "-o", program, "."], check=True, cwd=ROOT / "tests/independent/verify_receipt")
    return program


@pytest.fixture(scope="module")
def chain(server, tmp_path_factory):
    made = Chain(server, tmp_path_factory.mktemp("pipeline"))
    made.init()
    for command in ("capture", "refine", "load"):
        made.weir(command)
    yield made
    made.weir("drop", "--yes")


def judged(*command):
    """Runs a verifier with an empty environment, as somebody would who has no weir."""
    done = subprocess.run([str(word) for word in command], env={}, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def python_verifier(*words):
    return judged(sys.executable, "-I", VERIFIER, *words)


def landed_file(chain):
    return next(path for entry in chain.entries("chunk landed") for path in chain.files_of(entry))


def key_of(chain):
    return chain.weir("ledger", "key")["verifier_key"]


def receipts(chain):
    """Makes a receipt of a cut, a landed file and a processing file; returns {receipt: file or None}."""
    processing = next(chain.store.glob("processing/**/*.parquet"))
    made = {}
    for number, (words, file) in enumerate([(("--cut", 1), None), ((landed_file(chain),), landed_file(chain)),
                                            ((processing,), processing)]):
        path = chain.folder / f"{number}.receipt"
        chain.weir("receipt", *words, "--output", path)
        made[path] = file
    return made


def test_three_programs_prove_a_receipt(chain, go_verifier):
    key = key_of(chain)
    for receipt, file in receipts(chain).items():
        words = [receipt] + ([file] if file else [])
        code, said = python_verifier(*words, "--key", key)
        assert code == 0 and "proven:" in said and "compare it" not in said, said
        assert chain.weir("receipt", "--verify", *words, "--key", key)["trusted"]
        code, said = judged(go_verifier, receipt, key)
        assert code == 0, said
        code, said = python_verifier(receipt)
        assert code == 0 and f"signed by {key}: compare it" in said
    first = json.loads((chain.folder / "0.receipt").read_text())
    kinds = [json.loads(each["entry"])["kind"] for each in first["entries"]]
    assert kinds[-3:] == ["cut landed", "cut refined", "cuts loaded"] and set(kinds[:-3]) == {"chunk landed"}


def test_a_receipt_is_checked_without_a_pipeline(chain, tmp_path):
    receipt = next(iter(receipts(chain)))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code, said = judged(BUILD / "weir", "--config", elsewhere / "none.yaml", "receipt", "--verify", receipt)
    assert code == 0 and "proven: cut 1" in said, said


def test_every_changed_byte_of_a_receipt_is_found(chain):
    text = next(path for path, file in receipts(chain).items() if file).read_text()
    key = verify_receipt.Key(key_of(chain))
    assert verify_receipt.check_receipt(text, key)
    for offset in range(0, len(text), 3):
        changed = text[:offset] + chr(ord(text[offset]) ^ 1) + text[offset + 1:]
        with pytest.raises(verify_receipt.Wrong):
            verify_receipt.check_receipt(changed, key)


def test_every_changed_byte_of_a_file_is_found(chain):
    receipt, file = next((path, file) for path, file in receipts(chain).items() if file)
    subject = json.loads(receipt.read_text())["subject"]
    copy = chain.folder / "copy.parquet"
    whole = pathlib.Path(file).read_bytes()
    for offset in range(0, len(whole), max(1, len(whole) // 50)):
        copy.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1:])
        with pytest.raises(verify_receipt.Wrong, match="not the bytes"):
            verify_receipt.check_bytes(copy, subject)
    assert "not the bytes" in chain.weir("receipt", "--verify", receipt, copy, expect=5)["error"]
    assert "no entry of the ledger names this file" in chain.weir("receipt", copy, expect=2)["error"]
    copy.write_bytes(whole)
    assert chain.weir("receipt", copy)["receipt"]["subject"] == subject


def test_a_changed_file_of_the_store_has_no_receipt(chain):
    file = pathlib.Path(landed_file(chain))
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "the file was changed" in chain.weir("receipt", file, expect=5)["error"]
    file.write_bytes(whole)


def test_a_key_is_rotated_under_a_running_process(chain, go_verifier):
    first = key_of(chain)
    old_key_file = (chain.store / "keys/ledger.key").read_text()
    running = chain.start("run")
    # It has the ledger open by then, and the old key.
    wait_until(lambda: (chain.store / "run/capture.lock").read_text().strip() == str(running.pid), chain.log)
    rotated = chain.weir("ledger", "rotate-key")
    assert rotated["before"] == first and key_of(chain) == rotated["verifier_key"] != first
    assert not (chain.store / "keys/ledger.key.next").exists()
    assert (chain.store / "keys/ledger.key").stat().st_mode & 0o777 == 0o600
    assert (chain.store / "keys/ledger.key").read_text() != old_key_file
    chain.server.psql("update claims.member set birth_date = birth_date")
    assert running.wait(timeout=120) == 1
    assert "the ledger's key was rotated" in chain.log()
    for command in ("capture", "refine", "load"):
        chain.weir(command)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    assert chain.weir("ledger", "verify")["verified"]
    assert chain.weir("ledger", "verify", "--key", first)["verified"]
    for receipt, file in receipts(chain).items():
        for key in (first, rotated["verifier_key"]):
            assert python_verifier(receipt, *([file] if file else []), "--key", key)[0] == 0
            assert judged(go_verifier, receipt, key)[0] == 0


def test_a_receipt_of_another_ledger_is_refused(chain):
    receipt = next(iter(receipts(chain)))
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    code, said = python_verifier(receipt, "--key", other)
    assert code == 1 and "signed by another key" in said
    assert "denied" in chain.weir("receipt", "--verify", receipt, "--key", other, expect=1)["error"]
