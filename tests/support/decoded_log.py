"""What a PostgreSQL's log says, read by the server's own plugin test_decoding and replayed without anything of weir's.

    slot = DecodingSlot.create(server, "witness")
    ...
    replay = Replay(find_keys(server, ["claims"]))
    for transaction in slot.read():
        replay.apply(transaction)

A value is PostgreSQL's text, None for null, or UNCHANGED. Times are microseconds since 1970.
"""

import collections
import dataclasses
import datetime
import json
import re

import fingerprint

UNCHANGED = object()
IDENTIFIER = r'"(?:[^"]|"")*"|[^"\s.,:\[]+'
TABLE = re.compile(rf"({IDENTIFIER})\.({IDENTIFIER})")
COLUMN = re.compile(
    rf""" ({IDENTIFIER})\[((?:"(?:[^"]|"")*"|[^"])*?)\]:(?:(B?'[^']*(?:''[^']*)*')|(unchanged-toast-datum|[^\s']+))""")
COMMIT = re.compile(r"COMMIT (\d+) \(at (.*)\)")
LETTERS = {"INSERT": "c", "UPDATE": "u", "DELETE": "d", "TRUNCATE": "t"}


@dataclasses.dataclass(slots=True)
class Change:
    """One change of one table: operation c, u, d or t; rows are {column: value}."""
    operation: str
    table: str
    old: dict | None = None
    new: dict | None = None


@dataclasses.dataclass(slots=True)
class Transaction:
    """A committed transaction; `end` is where its commit record ends in the log."""
    number: int
    end: int
    time: int
    changes: list


def position(text):
    """Reads PostgreSQL's notation of a log position, `16/B374D848`."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def microseconds(text):
    moment = datetime.datetime.fromisoformat(text)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def plain(identifier):
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


def read_row(text, at):
    """Reads columns from `at` on; returns them and where they end."""
    row = {}
    while found := COLUMN.match(text, at):
        name, _, quoted, bare = found.groups()
        if quoted is not None:
            row[plain(name)] = quoted[quoted.index("'") + 1:-1].replace("''", "'")
        else:
            row[plain(name)] = {"null": None, "unchanged-toast-datum": UNCHANGED}.get(bare, bare)
        at = found.end()
    return row, at


def read_names(text):
    """Reads the tables that a line names; returns them and where they end."""
    at = len("table ")
    names = []
    while found := TABLE.match(text, at):
        names.append(f"{plain(found[1])}.{plain(found[2])}")
        at = found.end()
        if not text.startswith(", ", at):
            return names, at
        at += 2
    raise ValueError(f"no table's name at {at}")


def read_changes(text):
    """Reads a line that begins with `table`: one change, or several of a TRUNCATE."""
    names, at = read_names(text)
    found = re.compile(r": (INSERT|UPDATE|DELETE|TRUNCATE):").match(text, at)
    if found is None:
        raise ValueError(f"no operation at {at}")
    operation, at = LETTERS[found[1]], found.end()
    if operation == "t":
        return [Change("t", name) for name in names]
    change = Change(operation, names[0])
    if text.startswith(" old-key:", at):
        change.old, at = read_row(text, at + len(" old-key:"))
        if not text.startswith(" new-tuple:", at):
            raise ValueError(f"no new row at {at}")
        at += len(" new-tuple:")
    row, at = read_row(text, at)
    if at != len(text):
        raise ValueError(f"cannot read what is at {at} of {len(text)}")
    if operation == "d":
        change.old = row
    else:
        change.new = row
    return [change]


def parse(lines):
    """Yields the transactions of (position, text) as the plugin gives them, with times and transaction numbers."""
    changes = None
    for place, text in lines:
        if text.startswith("table "):
            changes.extend(read_changes(text))
        elif text.startswith("BEGIN "):
            assert changes is None, "a transaction begins in another"
            changes = []
        elif found := COMMIT.fullmatch(text):
            yield Transaction(int(found[1]), position(place), microseconds(found[2]), changes)
            changes = None
        elif not text.startswith("message:"):
            raise ValueError(f"unknown line of test_decoding at {place}")
    assert changes is None, "a transaction without an end"


class DecodingSlot:
    """A logical slot of the server's that keeps its log for us."""

    def __init__(self, server, name):
        self.server = server
        self.name = name

    @classmethod
    def create(cls, server, name="witness"):
        server.psql(f"select pg_create_logical_replication_slot('{name}', 'test_decoding')")
        return cls(server, name)

    def read(self):
        """Returns the transactions that were committed since the slot was made, or read last."""
        # The server decodes what it has flushed; a commit that waits for its flush takes all before with it.
        self.server.psql("set synchronous_commit = on; select pg_logical_emit_message(true, 'witness', '')")
        # In memory: over what it had spilled, the plugin of PostgreSQL 18.6 ended its server (a null in test_decoding.so).
        text = self.server.psql(
            fingerprint.POSTGRES_SETTINGS + "set logical_decoding_work_mem = '1GB';"
            "select json_build_array(lsn, data) from pg_logical_slot_get_changes("
            f"'{self.name}', null, null, 'include-xids', '1', 'include-timestamp', '1')")
        return list(parse(json.loads(line) for line in text.split("\n") if line))


def find_keys(server, schemas):
    """Returns {table: its primary key's columns, or ()} of the tables in these schemas."""
    listed = ", ".join(f"'{schema}'" for schema in schemas)
    rows = server.psql(
        "select json_build_array(n.nspname || '.' || c.relname, coalesce((select json_agg(a.attname order by "
        "array_position(i.indkey::int2[], a.attnum)) from pg_index i join pg_attribute a on a.attrelid = c.oid and "
        "a.attnum = any (i.indkey) where i.indrelid = c.oid and i.indisprimary), '[]')) from pg_class c "
        f"join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ({listed})")
    return {table: tuple(key) for table, key in map(json.loads, rows.split("\n"))}


@dataclasses.dataclass(slots=True, eq=False)
class Version:
    """What a row was from a change on: places are (end of the transaction, ordinal), None for the snapshot's."""
    row: dict
    operation: str
    begin: tuple | None
    valid_from: int
    end: tuple | None = None
    valid_to: int | None = None


class KeyedRows:
    """The open versions of a table with a key."""

    def __init__(self, key):
        self.key = key
        self.versions = {}
        self.times = {}

    def open_versions(self):
        return list(self.versions.values())

    def key_of(self, row):
        return tuple(row[name] for name in self.key)

    def begin(self, version, _ended):
        key = self.key_of(version.row)
        assert key not in self.versions, "a row begins twice"
        version.valid_from = max(version.valid_from, self.times.get(key, version.valid_from))
        self.times[key] = version.valid_from
        self.versions[key] = version

    def end(self, row, time):
        key = self.key_of(row)
        version = self.versions.pop(key)
        version.valid_to = self.times[key] = max(time, version.valid_from)
        return version


class KeylessRows:
    """The open versions of a table without a key: equal rows end in the order in which they began."""

    def __init__(self):
        self.queues = collections.defaultdict(collections.deque)

    def open_versions(self):
        return [version for queue in self.queues.values() for version in queue]

    @staticmethod
    def picture(row):
        return frozenset((name, value) for name, value in row.items() if value is not None)

    def begin(self, version, ended):
        if ended is not None:
            version.valid_from = max(version.valid_from, ended.valid_from)
        self.queues[self.picture(version.row)].append(version)

    def end(self, row, time):
        version = self.queues[self.picture(row)].popleft()
        version.valid_to = max(time, version.valid_from)
        return version


class Replay:
    """Applies transactions; keeps the rows that stand (`tables`) and every version that ever stood (`versions`).

    `keys`: {table: columns of its key, or ()}; changes of other tables are passed over and have no ordinal.
    """

    def __init__(self, keys):
        self.tables = {table: KeyedRows(key) if key else KeylessRows() for table, key in keys.items()}
        self.versions = {table: [] for table in keys}

    def take_snapshot(self, time):
        """Forgets how the rows came to be: all that stands is one snapshot's."""
        for table, rows in self.tables.items():
            if isinstance(rows, KeyedRows):
                rows.times = dict.fromkeys(rows.versions, time)
            self.versions[table] = rows.open_versions()
            for version in self.versions[table]:
                version.operation, version.begin, version.valid_from = "r", None, time

    def apply(self, transaction):
        ordinal = 0
        for change in transaction.changes:
            if change.table in self.tables:
                self._change(change, (transaction.end, ordinal), transaction.time)
                ordinal += 1

    def _change(self, change, place, time):
        rows = self.tables[change.table]
        if change.operation == "t":
            for version in rows.open_versions():
                self._end(rows, version.row, place, time)
            return
        ended = None
        if change.operation in "ud":
            ended = self._end(rows, change.new if change.old is None else change.old, place, time)
        if change.operation in "cu":
            row = {name: ended.row[name] if value is UNCHANGED else value for name, value in change.new.items()}
            version = Version(row, change.operation, place, time)
            rows.begin(version, ended)
            self.versions[change.table].append(version)

    @staticmethod
    def _end(rows, row, place, time):
        version = rows.end(row, time)
        version.end = place
        return version
