"""Goal: what a payer's database holds is what the warehouse holds, whatever happened in between.

Method: the real simulator, the real server and the real program; both ends are fingerprinted by psql and
by the duckdb package, with SQL written from docs/formats/canonical_text.md.
"""

import hashlib
import random
import signal
import time

import pytest

from chain import Chain, simulate, start_simulator, wait_until
from postgres import PostgresServer

SETTING = ("--seed", 7, "--scale", 2000, "--bulk-at", 300, "--alter-at", 500)


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        yield running


@pytest.fixture
def payer(server):
    simulate(server, *SETTING, "--load")
    return server


def data_files(chain):
    """Returns the landed data files of the stream by name without the writer's epoch."""
    return {path.name.rsplit("-e", 1)[0]: (path.parent.parent.parent.parent.name,
                                           hashlib.sha256(path.read_bytes()).hexdigest())
            for path in (chain.store / "landing").rglob("cut-*.parquet")}


def landed_cuts(chain):
    """Returns the entries of the stream's cuts without what a second capture does not repeat."""
    return [{key: value for key, value in entry.items() if key != "run"}
            for entry in chain.entries("cut landed") if entry.get("snapshot_attempt") is None]


def test_every_row_and_every_change_comes_across(payer, tmp_path):
    chain = Chain.make(payer, tmp_path)
    chain.weir("check")
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    simulate(payer, *SETTING, "--run", 800)
    chain.weir("run", "--until-current")
    warehouse, source = chain.warehouse_fingerprints(), chain.source_fingerprints()
    assert warehouse == source
    assert source["claims.claim_line"][0] > 2000


@pytest.mark.parametrize("change", [
    "update claims.claim set billed_amount = billed_amount + 0.01 where claim_id = (select min(claim_id) from claims.claim)",
    "update claims.claim set updated_at = updated_at + interval '1 microsecond' where claim_id = (select min(claim_id) from claims.claim)",
    "update claims.claim set attachments = coalesce(attachments, '{}') || '{\"one\": 1}' where claim_id = (select min(claim_id) from claims.claim)",
    "update claims.claim set note = '' where claim_id = (select min(claim_id) from claims.claim where note is null)",
    "delete from claims.claim_diagnosis where ctid = (select min(ctid) from claims.claim_diagnosis)",
    "insert into claims.plan select (select max(plan_id) + 1 from claims.plan), name, line_of_business, metal from claims.plan limit 1",
])
def test_the_fingerprint_sees_the_smallest_change(payer, tmp_path, change):
    chain = Chain.make(payer, tmp_path)
    chain.weir("run", "--until-current")
    before = chain.source_fingerprints()
    assert chain.warehouse_fingerprints() == before
    payer.psql(change)
    assert chain.source_fingerprints() != before
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_stages_run_as_processes_of_their_own(payer, tmp_path):
    chain = Chain.make(payer, tmp_path)
    chain.weir("capture")
    simulate(payer, *SETTING, "--run", 200)
    for stage in ("capture", "refine", "load"):
        chain.weir(stage)
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_a_second_capture_stops_and_says_who_runs(payer, tmp_path):
    chain = Chain.make(payer, tmp_path)
    first = chain.start("capture", "--continuous")
    try:
        wait_until((chain.store / "landing").exists, chain.log)
        refused = chain.weir("capture", expect=2)
        assert str(first.pid) in refused["error"]
    finally:
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_capturing_the_same_range_again_makes_the_same_files_and_entries(payer, tmp_path):
    chain = Chain.make(payer, tmp_path / "first")
    chain.weir("capture")
    payer.psql("select pg_copy_logical_replication_slot('weir_claims', 'weir_again', false)")
    again = tmp_path / "again"
    again.mkdir()
    (again / "data").mkdir()
    import shutil
    shutil.copytree(chain.store, again / "data", dirs_exist_ok=True)
    simulate(payer, *SETTING, "--run", 400)
    chain.weir("capture")
    simulate(payer, *SETTING, "--run", 700, "--resume")
    chain.weir("capture")
    second = Chain(payer, again)
    second.configuration.write_text(
        second.configuration.read_text().replace("  chunk_blocks", "  slot: weir_again\n  chunk_blocks"))
    second.weir("capture", "--boundaries-of", chain.store)
    assert landed_cuts(second) == landed_cuts(chain)
    assert len(landed_cuts(chain)) >= 2
    assert data_files(second) == data_files(chain)


def test_kill_minus_nine_anywhere_leaves_every_change_exactly_once(payer, tmp_path):
    """Kills `weir run` again and again while the payer works; the seed of the pauses is printed."""
    kills = 20
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    pause = random.Random(seed)
    chain = Chain.make(payer, tmp_path)
    payer_works = start_simulator(payer, *SETTING, "--run", 2000, "--rate", 150)
    try:
        for _ in range(kills):
            run = chain.start("run")
            time.sleep(pause.uniform(0.05, 1.2))
            assert run.poll() is None, (tmp_path / "weir.log").read_text()[-3000:]
            run.kill()
            run.wait()
    finally:
        assert payer_works.wait(120) == 0
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()
    cuts = [entry["cut"] for entry in chain.entries("cut landed")]
    assert cuts == list(range(1, len(cuts) + 1))


def test_a_stop_ends_a_run_well_even_while_models_are_built(payer, tmp_path):
    chain = Chain.make(payer, tmp_path, more="models: {project: claims, every: 1s}\n")
    run = chain.start("run")
    target = chain.store / "models" / "dbt.log"
    wait_until(target.exists, chain.log)
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 0, (tmp_path / "weir.log").read_text()[-3000:]


def test_the_server_may_die_too(payer, tmp_path):
    chain = Chain.make(payer, tmp_path)
    run = chain.start("run")
    try:
        payer_works = start_simulator(payer, *SETTING, "--run", 600, "--rate", 200, "--resume")
        for _ in range(3):
            time.sleep(0.7)
            payer.kill()
            payer.start_again()
        assert payer_works.wait(120) == 0
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0
    chain.weir("run", "--until-current")
    assert chain.warehouse_fingerprints() == chain.source_fingerprints()


def test_a_source_without_a_logical_log_is_read_once(tmp_path):
    with PostgresServer.start(settings={"wal_level": "replica"}) as server:
        simulate(server, *SETTING, "--load")
        chain = Chain(server, tmp_path)
        chain.configuration.unlink()
        chain.weir("init", server.url(), "--tables", "claims.*", "--store", str(chain.store), "--snapshot-only")
        chain.weir("check")
        chain.weir("run", "--until-current")
        assert chain.warehouse_fingerprints() == chain.source_fingerprints()
        assert server.psql("select count(*) from pg_replication_slots") == "0"
        chain.weir("run", "--until-current")
        assert [entry["cut"] for entry in chain.entries("cut landed")] == [1]
