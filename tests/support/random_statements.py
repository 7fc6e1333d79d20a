"""Random SQL for the tables of shared_data: a script for psql in which every statement finds its row.

Two writers may run side by side: each touches only rows whose key it drew, so neither waits for the other. A writer
knows which keys stand after every rollback; it knows nothing of the rows.
"""

import collections
import datetime
import uuid

CLAIM, INPATIENT, EOB_ITEM = "synthea.claim", "synpuf.inpatient_claim", "synthea.eob_item"
ORGANIZATION, PRACTITIONER = "synthea.organization", "synthea.practitioner"
TABLES = (CLAIM, INPATIENT, EOB_ITEM, ORGANIZATION, PRACTITIONER)
TRUNCATED = (ORGANIZATION, PRACTITIONER)
KEYS_MAX = 1_000
# A note is kept out of line and as it is, so an update that leaves it alone leaves it out of the log.
NOTES = "".join(f"alter table {table} add note text; alter table {table} alter note set storage external;\n"
                for table in (CLAIM, ORGANIZATION))
KEYS = {CLAIM: ("claim_id",), INPATIENT: ("clm_id", "segment"), EOB_ITEM: ("eob_id", "line"),
        ORGANIZATION: ("org_id",), PRACTITIONER: ("prac_id",)}
WORDS = ("", "plain", "it''s", "a|b", "back\\slash", "\\N", "naïve 医療", "two\nlines", " padded ", "null", '"quoted"',
         "tab\there", "x[text]:''y''")
KINDS = {"insert": 24, "update": 26, "update_noted": 12, "write_note": 5, "move_key": 9, "delete": 22, "update_many": 2}


def literal(value):
    return "null" if value is None else f"'{value}'"


class RandomStatements:
    """Draws statements from one source of chance; `counts` has how many of each kind were written."""

    def __init__(self, chance, server, share, shares):
        self.chance = chance
        self.share, self.shares = share, shares
        # A TRUNCATE takes rows away from everybody, so those tables are the first writer's alone.
        self.tables = TABLES if share == 0 else tuple(table for table in TABLES if table not in TRUNCATED)
        self.lines = []
        self.keys = {table: self._read_keys(server, table) for table in self.tables}
        self.noted = {table: [] for table in self.tables}
        self.gone = {table: [] for table in self.tables}
        self.fresh = share + 1
        self.counts = collections.Counter()

    def _read_keys(self, server, table):
        names = " || '|' || ".join(f"{name}::text" for name in KEYS[table])
        found = server.psql(f"select {names} from {table} order by 1").split("\n")
        return [tuple(key.split("|")) for number, key in enumerate(found)
                if table in TRUNCATED or number % self.shares == self.share][:KEYS_MAX]

    def script(self, statements):
        """Returns a script of so many more statements, in transactions of every kind."""
        self.lines = []
        end = sum(self.counts.values()) + statements
        while sum(self.counts.values()) < end:
            self._transaction()
        return "\n".join(self.lines) + "\n"

    def truncating_script(self):
        """Returns a script of two transactions with a TRUNCATE; the first is rolled back."""
        self.lines = []
        self._truncate(end="rollback")
        self._truncate(end="commit")
        return "\n".join(self.lines) + "\n"

    def _transaction(self):
        size = self.chance.choices((1, self.chance.randint(2, 9), self.chance.randint(20, 60)), (30, 66, 4))[0]
        if size == 1:
            self._statement()
        else:
            self._in_transaction(size)
        self.lines.append("select pg_sleep(0.004);")

    def _in_transaction(self, size):
        rolled_back = self.chance.random() < 0.12
        before = self._state()
        self.lines.append("begin;")
        while size > 0:
            size -= self._savepoint() if self.chance.random() < 0.1 else self._statement()
        self.lines.append("rollback;" if rolled_back else "commit;")
        if rolled_back:
            self._restore(before)

    def _savepoint(self, depth=1):
        name = f"s{depth}"
        before = self._state()
        self.lines.append(f"savepoint {name};")
        size = sum(self._statement() for _ in range(self.chance.randint(1, 4)))
        if depth < 3 and self.chance.random() < 0.3:
            size += self._savepoint(depth + 1)
        if self.chance.random() < 0.6:
            self.lines.append(f"rollback to {name};")
            self._restore(before)
        else:
            self.lines.append(f"release {name};")
        return size

    def _truncate(self, end):
        before = self._state()
        self.lines.append("begin;")
        self._statement()
        self.lines.append(f"truncate {', '.join(TRUNCATED)};")
        self.counts["truncate"] += 1
        for table in TRUNCATED:
            self.keys[table], self.noted[table] = [], []
            for _ in range(20):
                self._write("insert", table)
        self.lines.append(f"{end};")
        if end == "rollback":
            self._restore(before)

    def _state(self):
        return [{table: list(rows) for table, rows in kept.items()} for kept in (self.keys, self.noted, self.gone)]

    def _restore(self, state):
        self.keys, self.noted, self.gone = state

    def _statement(self):
        kind = self.chance.choices(list(KINDS), KINDS.values())[0]
        noted = [table for table in (CLAIM, ORGANIZATION) if self.noted.get(table)]
        if kind == "update_noted" and noted:
            self._write(kind, self.chance.choice(noted))
        elif kind in ("update_noted", "write_note"):
            self._write("write_note", CLAIM if ORGANIZATION not in self.tables else self.chance.choice((CLAIM, ORGANIZATION)))
        else:
            self._write(kind, self.chance.choices(self.tables, (5, 5, 3, 2, 1)[:len(self.tables)])[0])
        return 1

    def _write(self, kind, table):
        if kind != "insert" and not self.keys[table]:
            kind = "insert"
        self.counts[kind] += 1
        self.lines.append(getattr(self, "_" + kind)(table))

    def _pick(self, table, keys=None):
        keys = self.keys[table] if keys is None else keys
        hot = min(len(keys), 15)
        return keys[self.chance.randrange(hot if self.chance.random() < 0.4 else len(keys))]

    def _where(self, table, key):
        condition = " and ".join(f"{name} = '{part}'" for name, part in zip(KEYS[table], key))
        if table == ORGANIZATION:  # Without a key: one of the rows that may be equal.
            return f"ctid = (select ctid from {table} where {condition} limit 1)"
        return condition

    def _new_key(self, table):
        if self.gone[table] and self.chance.random() < 0.3:
            return self.gone[table].pop(self.chance.randrange(len(self.gone[table])))
        if table == ORGANIZATION and self.keys[table] and self.chance.random() < 0.5:
            return self._pick(table)
        self.fresh += self.shares
        if table == INPATIENT:
            return str(self.fresh), str(self.chance.randint(1, 2))
        identifier = str(uuid.UUID(int=self.fresh << 64 | self.chance.getrandbits(64)))
        return (identifier, str(self.chance.randint(1, 9))) if table == EOB_ITEM else (identifier,)

    def _insert(self, table):
        key = self._new_key(table)
        self.keys[table].append(key)
        names = [*KEYS[table], *self._columns(table)]
        values = [literal(part) for part in key] + [self._value(table, name) for name in names[len(key):]]
        twice = f", ({', '.join(values)})" if table == ORGANIZATION and self.chance.random() < 0.3 else ""
        if twice:
            self.keys[table].append(key)
        return f"insert into {table} ({', '.join(names)}) values ({', '.join(values)}){twice};"

    def _update(self, table):
        return f"update {table} set {self._assignments(table)} where {self._where(table, self._pick(table))};"

    def _update_noted(self, table):
        key = self._pick(table, self.noted[table])
        if table == ORGANIZATION:
            where = (f"ctid = (select ctid from {table} where org_id = '{key[0]}' "
                     "order by length(note) desc nulls last limit 1)")
            return f"update {table} set {self._assignments(table)} where {where};"
        return f"update {table} set {self._assignments(table)} where {self._where(table, key)};"

    def _write_note(self, table):
        key = self._pick(table)
        if key not in self.noted[table]:
            self.noted[table].append(key)
        text = f"repeat('{self.chance.getrandbits(40):010x}', {self.chance.randint(850, 1100)})"
        return f"update {table} set note = {text} where {self._where(table, key)};"

    def _move_key(self, table):
        key, new = self._pick(table), self._new_key(table)
        self._forget(table, key, moved_to=new)
        self.keys[table].append(new)
        assignments = ", ".join(f"{name} = '{part}'" for name, part in zip(KEYS[table], new))
        if self.chance.random() < 0.5:
            assignments += ", " + self._assignments(table)
        return f"update {table} set {assignments} where {self._where(table, key)};"

    def _delete(self, table):
        key = self._pick(table)
        self._forget(table, key)
        return f"delete from {table} where {self._where(table, key)};"

    def _update_many(self, table):
        keys = {self._pick(table) for _ in range(30)}
        listed = ", ".join(f"({', '.join(map(literal, key))})" for key in sorted(keys))
        casts = ", ".join(f"{name}::text" for name in KEYS[table])
        return f"update {table} set {self._assignments(table)} where ({casts}) in ({listed});"

    def _forget(self, table, key, moved_to=None):
        self.keys[table].remove(key)
        if key not in self.keys[table]:
            self.gone[table].append(key)
        if key in self.noted[table] and table != ORGANIZATION:
            self.noted[table].remove(key)
            if moved_to is not None:
                self.noted[table].append(moved_to)
        elif key in self.noted[table] and key not in self.keys[table]:
            self.noted[table].remove(key)

    @staticmethod
    def _columns(table):
        return {CLAIM: ("type", "created", "total", "dx", "n_items"),
                INPATIENT: ("clm_from_dt", "clm_pmt_amt", "op_physn_npi", "ot_physn_npi", "clm_utlztn_day_cnt"),
                EOB_ITEM: ("display", "start", "allowed", "paid"), ORGANIZATION: ("name", "city", "zip"),
                PRACTITIONER: ("npi", "name")}[table]

    def _assignments(self, table):
        columns = self._columns(table)
        chosen = self.chance.sample(columns, self.chance.randint(1, len(columns)))
        return ", ".join(f"{name} = {self._value(table, name)}" for name in chosen)

    def _value(self, table, column):
        chance = self.chance
        if chance.random() < 0.1:
            return "null"
        if column in ("total", "allowed", "paid"):
            return chance.choice((f"{chance.randint(-9, 9999)}.{chance.getrandbits(50)}", "1e3", "0.10", "'NaN'"))
        if column == "clm_pmt_amt":
            return f"{chance.randint(-99999, 99999)}.{chance.randint(0, 99):02}"
        if column in ("n_items", "npi", "clm_utlztn_day_cnt"):
            return str(chance.randint(-32768, 32767))
        if column in ("created", "start", "clm_from_dt"):
            return self._moment(column == "clm_from_dt")
        return literal(chance.choice(WORDS) or chance.choice(("", "x" * chance.randint(1, 300))))

    def _moment(self, is_date):
        chance = self.chance
        special = chance.random()
        if special < 0.05:
            return chance.choice(("'infinity'", "'-infinity'", "'0044-03-15 BC'", "'12024-02-29'"))
        moment = datetime.datetime(1900, 1, 1) + datetime.timedelta(microseconds=chance.getrandbits(52))
        return f"'{moment.date()}'" if is_date else f"'{moment}+05:30'"
