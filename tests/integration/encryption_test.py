"""Goal: with `encryption`, files of landing and processing open with the keyring and in no other way, and all goes on as before.

Method: names and numbers that nobody has but the source go through the real program. Every file is searched for them; pyarrow
reads the files by the documented format; keys are rotated, lost and destroyed.
"""

import pytest

from chain import Chain
from keyring import read_encrypted
from postgres import PostgresServer

NAME, SSN, NOTE = "Ermintrude Quaintance-Featherstonehaugh", "078-05-1120", "seen by a doctor in Nether Wallop"
ENCRYPTED = """encryption: {keyring: keyring}
tags: {claims.member.ssn: [phi.ssn], claims.member.name: [phi.name, phi.ssn]}
"""


@pytest.fixture
def server():
    with PostgresServer.start() as running:
        running.psql("create schema claims; create table claims.member (id int primary key, ssn text, name text, note text); "
                     "alter table claims.member replica identity full; "
                     f"insert into claims.member select i, '{SSN}', '{NAME}', '{NOTE}' from generate_series(1, 100) i")
        yield running


@pytest.fixture
def chain(server, tmp_path):
    made = Chain.make(server, tmp_path, more=ENCRYPTED)
    made.weir("run", "--until-current")
    server.psql(f"update claims.member set note = '{NOTE}!' where id <= 50; delete from claims.member where id = 1")
    made.weir("run", "--until-current")
    return made


def data_files(chain, zone):
    return sorted(path for path in (chain.store / zone).rglob("*") if path.is_file())


def ask(chain, statement):
    """Returns the one value `a` of a query's one row."""
    ((value,),) = [row.values() for row in chain.weir("query", statement)["rows"]]
    return value


def test_files_are_encrypted_and_everything_goes_on(server, chain, tmp_path):
    assert ask(chain, "select count(*) || min(ssn) || max(name) as a from claims.member where note like '%!'") == f"49{SSN}{NAME}"
    assert chain.weir("ledger", "verify")["verified"]
    files = data_files(chain, "landing") + data_files(chain, "processing")
    assert len(files) >= 4
    for path in files:
        content = path.read_bytes()
        assert content[:4] == content[-4:] == b"PARE", path.name
        for value in (NAME, SSN, NOTE, "ssn", "after_image"):
            # Classes of keys are named in the open, columns are not.
            assert value.encode() not in content.replace(b"phi.ssn", b""), (path.name, value)
    replayed = chain.weir("replay", tmp_path / "again")
    assert replayed["equal"] is True
    copies = sorted(path.read_bytes() for path in (tmp_path / "again" / "landing").rglob("*") if path.is_file())
    assert copies == sorted(path.read_bytes() for path in data_files(chain, "landing"))


def test_other_tools_open_the_files_with_the_keyring(chain):
    keyring = chain.folder / "keyring"
    assert keyring.stat().st_mode & 0o777 == 0o600
    classes = [line.split()[:2] for line in keyring.read_text().splitlines()[1:]]
    assert classes == [["default", "1"], ["phi.name", "1"], ["phi.ssn", "1"], ["untyped", "1"]]
    landed = [read_encrypted(path, keyring).to_pylist() for path in data_files(chain, "landing")]
    changes = [change for rows in landed for change in rows]
    assert sorted({change["op"] for change in changes}) == ["d", "r", "u"]
    assert len(changes) == 100 + 50 + 1
    assert {change["before_image"]["ssn"] for change in changes if change["op"] == "u"} == {SSN}
    refined = [row for path in data_files(chain, "processing") for row in read_encrypted(path, keyring).to_pylist()]
    assert {row["name"] for row in refined if row["_op"] != "d"} == {NAME}


def test_a_rotated_key_leaves_the_files_and_a_destroyed_one_takes_them(server, chain, tmp_path):
    keyring = chain.folder / "keyring"
    text = keyring.read_text()
    line = next(line for line in text.splitlines() if line.startswith("phi.ssn"))
    keyring.write_text(text + f"phi.ssn 2 {'5a' * 32}\n")  # What a rotation leaves.
    server.psql("insert into claims.member values (1000, '1', '2', '3')")
    chain.weir("run", "--until-current")
    keyring.write_text(keyring.read_text().replace(line, "phi.ssn 1 destroyed"))
    newest, oldest = max(data_files(chain, "landing"), key=lambda path: path.stat().st_mtime_ns), data_files(chain, "landing")[0]
    assert read_encrypted(newest, keyring).num_rows == 1
    with pytest.raises(Exception, match="destroyed"):
        read_encrypted(oldest, keyring)
    refused = chain.weir("replay", tmp_path / "again", expect=1)["error"]
    assert "denied" in refused and "class=phi.ssn, version=1" in refused
    assert SSN not in refused and NAME not in refused


def test_without_its_keyring_a_pipeline_says_so_and_goes_on_with_it(server, chain, tmp_path):
    keyring = chain.folder / "keyring"
    kept = keyring.read_bytes()
    server.psql("insert into claims.member values (1000, '1', '2', '3')")
    chain.weir("capture")
    keyring.unlink()
    refused = chain.weir("refine", expect=1)["error"]
    assert "the keyring has not its key" in refused and str(keyring) in refused
    keyring.write_bytes(kept)
    keyring.chmod(0o600)
    chain.weir("run", "--until-current")
    assert ask(chain, "select count(*) as a from claims.member") == "100"


def test_what_was_written_in_the_open_is_read_once_encryption_is_on(server, tmp_path):
    chain = Chain.make(server, tmp_path)
    chain.weir("run", "--until-current")
    before = len(data_files(chain, "landing"))
    chain.configuration.write_text(chain.configuration.read_text() + ENCRYPTED)
    server.psql("update claims.member set note = 'new' where id <= 10")
    chain.weir("run", "--until-current")
    assert ask(chain, "select count(*) as a from claims.member where note = 'new'") == "10"
    magic = [path.read_bytes()[:4] for path in data_files(chain, "landing")]
    assert sorted(magic) == [b"PAR1"] * before + [b"PARE"] * (len(magic) - before) and len(magic) > before
    assert chain.weir("replay", tmp_path / "again")["equal"] is True
