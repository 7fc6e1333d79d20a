"""Goal: what does not hold is not published: a suite or a dbt test that fails leaves publication at the last
good cut, a one-shot command exits with 4, and mended data are published again.

Method: real dbt on a project of one model; the published file is read by the duckdb package.
"""

import json
import signal

import duckdb
import pytest

from chain import Chain, simulate, wait_until
from postgres import PostgresServer
from small_models import BREAK, MEND, write_project, write_suite


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        simulate(running, "--seed", 3, "--scale", 100, "--load")
        yield running


@pytest.fixture
def make(server, tmp_path):
    chains = []

    def make_chain(more):
        chains.append(Chain(server, tmp_path, more=more))
        chains[0].init()
        return chains[0]
    yield make_chain
    server.psql(MEND)
    chains[0].weir("drop", "--yes")


def published(chain):
    """Returns the cut of the file that readers open, and whether it has the bad plan."""
    file = chain.store / "published" / "gold.duckdb"
    if not file.exists():
        return None
    with duckdb.connect(str(file), read_only=True) as gold:
        return gold.execute("select (select cut from weir_published), count(*) filter (name = 'bad') > 0 from plans"
                            ).fetchone()


def model_runs(chain):
    """Returns the types of the events of each run of the models, in order."""
    runs = {}
    for line in (chain.store / "lineage" / "events.ndjson").read_text().splitlines():
        event = json.loads(line)
        if event["job"]["name"] == "model":
            runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
    return [tuple(types) for types in runs.values()]


def failed_checks(chain):
    return [entry["cut"] for entry in chain.entries("checks run") if not entry["succeeded"]]


def test_a_suite_that_fails_holds_publication_until_the_data_are_mended(make, server, tmp_path):
    chain = make(write_project(tmp_path) + write_suite(tmp_path))
    run = chain.start("run")
    try:
        good = wait_until(lambda: published(chain), chain.log)
        assert good == (1, False)
        server.psql(BREAK)
        wait_until(lambda: failed_checks(chain), chain.log)
        server.psql("update claims.plan set name = name || '.' where name <> 'bad'")
        wait_until(lambda: len(failed_checks(chain)) > 1, chain.log)
        assert published(chain) == good
        assert run.poll() is None
        server.psql(MEND)
        wait_until(lambda: published(chain)[0] > failed_checks(chain)[-1], chain.log)
        assert published(chain)[1] is False
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 0, chain.log()
    assert {entry["cut"] for entry in chain.entries("published")}.isdisjoint(failed_checks(chain))


def test_one_shot_commands_exit_with_4_and_publish_nothing(make, server, tmp_path):
    chain = make(write_project(tmp_path) + write_suite(tmp_path))
    server.psql(BREAK)
    assert "suite plans" in chain.weir("run", "--until-current", expect=4)["error"]
    assert chain.weir("quality", expect=4) == {"expectations": 1, "failed": 1}
    assert "suite plans" in chain.weir("model", expect=4)["error"]
    assert published(chain) is None
    server.psql(MEND)
    chain.weir("run", "--until-current")
    assert published(chain) == (chain.weir("status")["landed"], False)
    assert chain.weir("quality") == {"expectations": 1, "failed": 0}
    assert model_runs(chain) == [("START", "FAIL"), ("START", "FAIL"), ("START", "COMPLETE")]


def test_a_dbt_test_that_fails_holds_publication_too(make, server, tmp_path):
    chain = make(write_project(tmp_path, strict=True))
    chain.weir("run", "--until-current")
    good = published(chain)
    server.psql(BREAK)
    for command in (("run", "--until-current"), ("model",)):
        assert "no_bad_plan" in chain.weir(*command, expect=4)["error"]
        assert published(chain) == good
    server.psql(MEND)
    chain.weir("run", "--until-current")
    assert published(chain)[0] > good[0]
