"""Goal: packaging/weir.schema.json and the program agree on weir.yaml: the same names, the same forms.

Method: `weir check` on small files whose source nobody listens on. It ends with 3 (unavailable) once it has
read the file, with 2 if it refuses it; an unknown name is answered with the names it knows there.
"""

import json
import pathlib
import re
import subprocess

import pytest
import yaml
from jsonschema import Draft202012Validator

from chain import BUILD, Chain, simulate
from postgres import PostgresServer, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "packaging/weir.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
READ, REFUSED = 3, 2
MAPS = ["", "source", "s3", "cut", "refine", "models", "quality", "encryption"]

# A value of each key that is not its default.
VALUES = {
    "version": 1, "pipeline": "claims", "store": "data", "allow_plaintext": True,
    "source.slot": "a_slot", "source.publication": "a_publication", "source.snapshot_only": True,
    "source.snapshot_workers": 4, "source.snapshot_hold": "10m", "source.chunk_blocks": 16,
    "source.lock_wait": "5s", "source.slot_wait": "1h",
    "source.exclude": ["claims.scratch_*"], "source.look_for_tables": "1m",
    "state": "state", "s3.endpoint": "http://127.0.0.1:9000", "s3.region": "eu-west-1", "s3.path_style": True,
    "s3.sse": "kms", "s3.kms_key": "alias/payer", "s3.ca_file": "ca.pem", "s3.proxy": "http://127.0.0.1:3128",
    "cut.interval": "250ms", "cut.max_bytes": "1GiB",
    "refine.types": {"claims.claim.note": "json", "claims.claim.code": "decimal(12,2)"},
    "models.project": "claims", "models.dbt": "dbt", "models.every": "5m",
    "quality.suites": ["suite.json"], "tags": {"claims.member.ssn": ["phi.ssn"]},
    "encryption.keyring": "keyring",
}

# What both refuse: {key: value}.
BAD = [
    {"version": 2}, {"version": None}, {"pipeline": ["a"]}, {"source": None}, {"source": "postgres"},
    {"source.postgres": ""}, {"source.tables": []}, {"source.tables": "claims.*"}, {"source.tables": [["a"]]},
    {"source.snapshot_only": "maybe"}, {"source.snapshot_workers": 0}, {"source.snapshot_workers": "many"},
    {"source.chunk_blocks": -1}, {"source.exclude": "claims.*"}, {"source.look_for_tables": "1d"},
    {"store": {"s3": "bucket"}}, {"state": ["a"]}, {"s3": "bucket"}, {"s3.sse": "aes"}, {"s3.path_style": "often"},
    {"s3.region": ["eu"]}, {"cut": [1]}, {"cut.interval": 1}, {"cut.interval": "1d"}, {"cut.interval": "1.5s"},
    {"cut.max_bytes": 0}, {"cut.max_bytes": "64MB"},
    {"refine.types": {"claims.claim.note": ["json"]}}, {"models.every": "often"},
    {"models.project": ["claims"]}, {"quality.suites": "suite.json"}, {"tags": ["phi"]},
    {"tags": {"claims.member.ssn": "phi.ssn"}}, {"allow_plaintext": "perhaps"},
    {"encryption": {}}, {"encryption": "yes"}, {"encryption.keyring": ["a"]},
]


def document(changes):
    """Returns a whole configuration with these values; `None` leaves the key out."""
    made = {"version": 1, "source": {"postgres": f"postgres://nobody@127.0.0.1:{free_port()}/none", "tables": ["claims.*"]}}
    for path, value in changes.items():
        *outer, name = path.split(".")
        place = made.setdefault(outer[0], {}) if outer else made
        place[name] = value
        if value is None:
            del place[name]
    return made


def check(folder, text):
    """Returns exit code and errors of `weir check` on a file with this text."""
    file = folder / "weir.yaml"
    file.write_text(text)
    done = subprocess.run([BUILD / "weir", "--config", file, "check"], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def properties(path):
    """Returns what the schema says of the names in this map."""
    return (SCHEMA["properties"][path] if path else SCHEMA)["properties"]


@pytest.mark.parametrize("path", MAPS)
def test_program_and_schema_know_the_same_names(tmp_path, path):
    code, errors = check(tmp_path, yaml.safe_dump(document({f"{path}.sauce".lstrip("."): 1}), sort_keys=False))
    known = re.search(r"weir\.yaml:\d+:\d+: unknown name `sauce`; known here: ([\w, ]+)", errors)
    assert code == REFUSED and known, errors
    assert set(known[1].split(", ")) == set(properties(path))
    assert list(VALIDATOR.iter_errors(document({f"{path}.sauce".lstrip("."): 1})))


def test_every_map_of_the_schema_is_compared():
    closed = [name for name, part in SCHEMA["properties"].items() if "properties" in part]
    assert sorted(closed) == sorted(MAPS[1:])


@pytest.mark.parametrize("path", [f"{outer}.{name}".lstrip(".") for outer in MAPS for name in properties(outer)])
def test_every_key_is_explained_and_read(tmp_path, path):
    *outer, name = path.split(".")
    key = properties(outer[0] if outer else "")[name]
    assert key["description"]
    assert {"type", "const", "$ref"} & set(key)
    if path in VALUES:
        made = document({path: VALUES[path]})
        VALIDATOR.validate(made)
        code, errors = check(tmp_path, yaml.safe_dump(made))
        assert code == READ, errors
    else:
        assert path in ("source.postgres", "source.tables") or "properties" in key


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_both_refuse(tmp_path, changes):
    made = document(changes)
    assert list(VALIDATOR.iter_errors(made)), "the schema accepts it"
    code, errors = check(tmp_path, yaml.safe_dump(made))
    assert code == REFUSED, errors
    assert re.search(r"weir\.yaml:\d+:\d+: ", errors), "no line and column"


def test_both_accept_the_documented_example(tmp_path):
    page = (ROOT / "docs/architecture.md").read_text()
    text = re.search(r"\n    version: 1\n(    .*\n)+", page)[0].replace("\n    ", "\n")
    VALIDATOR.validate(yaml.safe_load(text))
    code, errors = check(tmp_path, text.replace("@host:5432", f"@127.0.0.1:{free_port()}"))
    assert code == READ, errors


def test_what_init_writes_is_valid(tmp_path):
    with PostgresServer.start() as server:
        simulate(server, "--scale", 500, "--load")
        chain = Chain(server, tmp_path)
        chain.configuration.unlink()
        chain.weir("init", server.url(), "--tables", "claims.*", "--store", chain.store)
        written = yaml.safe_load(chain.configuration.read_text())
        assert written["tags"]["claims.member.ssn"] == ["phi.ssn"]
        VALIDATOR.validate(written)
