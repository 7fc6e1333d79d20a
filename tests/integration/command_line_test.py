"""Goal: every command knows `--json` and ends with the exit code that README.md and docs/architecture.md promise.

Method: the commands that `weir --help` lists, run as a user runs them: on a pipeline that is well, and on
pipelines that are not, for each code one. Exit code 4 is in quality_test.py too, for `weir run`.
"""

import json
import re
import subprocess

import pytest

from chain import BUILD, Chain, simulate
from postgres import PostgresServer
from small_models import write_project, write_suite

WORDS = {"init": ["postgres://nobody@127.0.0.1:1/none"], "query": ["select 1"]}


def run(*words, folder=None):
    return subprocess.run([str(BUILD / "weir"), *map(str, words)], capture_output=True, text=True, timeout=120,
                          cwd=folder)


def commands(*under):
    """Returns every command that the help lists, the words of those below another together."""
    text = run(*under, "--help").stdout
    listed = re.findall(r"^  ([a-z-]+)  +", text.split("Subcommands:")[1], re.MULTILINE) if "Subcommands:" in text else []
    return [command for name in listed for command in (commands(*under, name) or [(*under, name)])]


def one_object(done):
    """Returns the JSON of a command: standard output is one line of it and nothing else."""
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stdout + done.stderr
    found = json.loads(lines[0])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def server():
    with PostgresServer.start() as running:
        simulate(running, "--seed", 3, "--scale", 100, "--load")
        yield running


@pytest.fixture(scope="module")
def chain(server, tmp_path_factory):
    """A pipeline that is well and has published."""
    folder = tmp_path_factory.mktemp("pipeline")
    made = Chain(server, folder, more=write_project(folder) + write_suite(folder))
    made.init()
    made.weir("run", "--until-current")
    return made


@pytest.fixture
def fresh(server, tmp_path):
    """A pipeline of its own that has nothing yet."""
    made = Chain(server, tmp_path, more="")
    text = made.configuration.read_text().replace("  tables:", "  slot: fresh\n  publication: fresh\n  tables:")
    made.configuration.write_text(text)
    made.init()
    yield made
    made.weir("drop", "--yes")


ON_A_PIPELINE = [
    (("check",), {"ready", "findings"}),
    (("run", "--until-current"), {"landed", "refined", "loaded", "published", "position"}),
    (("capture",), {"landed", "position"}),
    (("refine",), {"refined"}),
    (("load",), {"loaded"}),
    (("model",), {"models", "tests_passed", "published"}),
    (("quality",), {"expectations", "failed"}),
    (("status",), {"landed", "refined", "loaded", "published"}),
    (("ledger", "show"), {"entries"}),
    (("ledger", "verify"), {"verified", "entries", "files"}),
    (("ledger", "key"), {"verifier_key"}),
    (("quarantine", "list"), {"quarantine"}),
    (("query", "select count(*) as plans from claims.plan"), {"rows"}),
]


@pytest.mark.parametrize("words, fields", ON_A_PIPELINE, ids=[" ".join(words) for words, _ in ON_A_PIPELINE])
def test_json_is_one_object_and_nothing_else(chain, words, fields):
    done = run("--config", chain.configuration, *words, "--json")
    assert done.returncode == 0, done.stderr
    assert fields <= set(one_object(done))


def test_init_and_drop_have_json(server, tmp_path):
    made = run("init", server.url(), "--tables", "claims.plan", "--pipeline", "other", "--json", folder=tmp_path)
    assert one_object(made)["configuration"] == "weir.yaml"
    dropped = run("drop", "--yes", "--json", folder=tmp_path)
    assert one_object(dropped) == {"dropped": True, "store_kept": False, "publication_left": False,
                                   "ddl_trigger_left": False}
    assert made.returncode == dropped.returncode == 0


def test_without_a_configuration_every_command_says_so_and_exits_with_2(tmp_path):
    listed = commands()
    assert {("run",), ("ledger", "verify"), ("demo",)} <= set(listed)
    for command in listed:
        if command == ("demo",):
            continue
        done = run(*command, *WORDS.get(command[0], []), "--json", folder=tmp_path)
        assert done.returncode == (3 if command == ("init",) else 2), (command, done.stderr)
        assert done.stdout == ""
        assert done.stderr.strip()


@pytest.mark.parametrize("words", [(), ("nothing",), ("run", "--nothing"), ("init",), ("ledger",), ("query",),
                                   ("demo", "--scale", "many")], ids=lambda words: " ".join(words) or "no word")
def test_words_that_are_no_command_exit_with_2(words):
    done = run(*words)
    assert done.returncode == 2
    assert done.stderr.strip()


@pytest.mark.parametrize("wrong, place, message", [
    ("pipelines: claims\n", "1:1", "unknown name `pipelines`"),
    ("version: 1\nsource: {postgres: a, tables: [b], slots: c}\n", "2:36", "unknown name `slots`"),
    ("version: 1\ncut: {interval: 5}\n", "2:17", "`interval` is a time with its unit"),
    ("version: 1\ncut: {interval: 1s\n", "3:1", "end of map flow not found"),
    ("version: 1\nversion: 1\n", "2:1", "`version` stands here twice"),
    ("version: 2\n", "1:1", "`version: 1` is missing"),
    ("version: 1\npipeline: claims\n", "1:1", "`source` is missing"),
])
def test_an_error_of_the_configuration_names_line_and_column(tmp_path, wrong, place, message):
    (tmp_path / "weir.yaml").write_text(wrong)
    for words in (("status",), ("status", "--json")):
        done = run(*words, folder=tmp_path)
        assert done.returncode == 2
        assert f"weir.yaml:{place}: " in done.stderr and message in done.stderr, done.stderr
        assert done.stdout == ""


def test_a_source_that_is_away_exits_with_3(fresh):
    text = fresh.configuration.read_text()
    fresh.configuration.write_text(text.replace(fresh.server.url(), "postgres://postgres@127.0.0.1:1/postgres"))
    for words in (("run", "--until-current"), ("capture",), ("check",), ("drop", "--yes")):
        assert "cannot connect to PostgreSQL" in fresh.weir(*words, expect=3)["error"]
    fresh.configuration.write_text(text)


def test_a_user_who_may_not_exits_with_1(fresh):
    text = fresh.configuration.read_text()
    fresh.server.psql("drop role if exists reader; create role reader login")
    fresh.configuration.write_text(text.replace("postgres://postgres@", "postgres://reader@"))
    assert fresh.weir("capture", expect=1)["error"].startswith("weir: denied:")
    fresh.configuration.write_text(text)


def test_a_check_that_fails_shows_its_findings_and_exits_with_2(fresh):
    text = fresh.configuration.read_text()
    fresh.server.psql("create table claims.forgotten (_a int)")
    fresh.configuration.write_text(text.replace("claims.*", "claims.forgotten"))
    done = run("--config", fresh.configuration, "check", "--json")
    fresh.server.psql("drop table claims.forgotten")
    fresh.configuration.write_text(text)
    assert done.returncode == 2
    found = one_object(done)
    assert found["ready"] is False and "error" in {finding["severity"] for finding in found["findings"]}
    assert "the source is not ready" in done.stderr


def test_a_suite_that_fails_exits_with_4_and_says_how_many(chain):
    suite = chain.folder / "suite.json"
    good = suite.read_text()
    suite.write_text(good.replace("not_be_in_set", "be_in_set"))
    try:
        done = run("--config", chain.configuration, "quality", "--json")
        assert (done.returncode, one_object(done)) == (4, {"expectations": 1, "failed": 1})
        done = run("--config", chain.configuration, "model", "--json")
        assert (done.returncode, done.stdout) == (4, "")
        assert "suite plans" in done.stderr
    finally:
        suite.write_text(good)


@pytest.mark.parametrize("object_name", ["ledger/tile/entries/**/*", "ledger/head", "landing/**/*.parquet",
                                         "processing/**/*.parquet"])
def test_a_changed_file_exits_with_5(fresh, object_name):
    fresh.weir("capture")
    fresh.weir("refine")
    file = max((path for path in fresh.store.glob(object_name) if path.is_file()), key=lambda path: path.stat().st_mtime_ns)
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    done = run("--config", fresh.configuration, "ledger", "verify", "--json")
    assert (done.returncode, done.stdout) == (5, ""), done.stderr
    assert done.stderr.startswith("weir: corrupt:") or "denied" in done.stderr
    file.write_bytes(whole)
    assert fresh.weir("ledger", "verify")["verified"]
