#!/usr/bin/env python3
"""Goal: the truth that the simulator writes is what the database holds, on every road to it.

Method: a private PostgreSQL; the oracle is plain SQL that psql runs, as docs/formats/canonical_text.md
says. WEIR_BUILD names the folder of the program, WEIR_TEST_PG that of the server.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ.get("WEIR_TEST_PG", "/usr/lib/postgresql/15/bin"))
PROGRAM = str(pathlib.Path(os.environ.get("WEIR_BUILD", "build/release")).absolute() / "weir-simulate")
SETTINGS = ["--seed", "7", "--scale", "4000", "--bulk-at", "1100", "--alter-at", "1300"]
MONEY = "billed_amount, allowed_amount, paid_amount"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One PostgreSQL in a folder of its own; as root it runs as the user postgres."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.port = free_port()
        self.data.mkdir(mode=0o700)
        self.user = []
        if os.geteuid() == 0:
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(self.data, "postgres", "postgres")
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
                  "--locale=C")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"listen_addresses='127.0.0.1'\nport={self.port}\nunix_socket_directories=''\n"
                       "wal_level=logical\nfsync=off\nsynchronous_commit=off\nfull_page_writes=off\nmax_wal_size=4GB\n")
        self.start()

    def call(self, program, *arguments):
        subprocess.run([*self.user, BIN / program, *map(str, arguments)], check=True, cwd="/",
                       stdout=subprocess.DEVNULL)

    def start(self):
        self.call("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.folder / "log", "start")

    def kill(self):
        """Kills the server as a power cut would, and waits until it is gone."""
        self.call("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def sql(self, database, statement):
        done = subprocess.run(
            ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", self.url(database)],
            input="SET TimeZone = 'UTC';\n" + statement, check=True, text=True,
            stdout=subprocess.PIPE, env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
        return done.stdout.strip()


def canonical(column, kind):
    text = f"{column}::text"
    if kind == "timestamp with time zone":
        text = f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    elif kind == "boolean":
        text = f"CASE WHEN {column} THEN 't' ELSE 'f' END"
        return f"CASE WHEN {column} IS NULL THEN '\\N' ELSE {text} END"
    return f"coalesce(replace(replace({text}, '\\', '\\\\'), '|', '\\|'), '\\N')"


class SimulateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.database = self._testMethodName.lower()[:60]
        self.make(self.database)

    def make(self, database):
        self.server.sql("postgres", f"CREATE DATABASE {database}")

    def truth(self, name):
        return self.server.folder / f"{self.database}-{name}"

    def command(self, database, *arguments):
        return [PROGRAM, "--url", self.server.url(database), "--json", *map(str, arguments)]

    def simulate(self, database, *arguments):
        done = subprocess.run(self.command(database, *arguments), text=True, capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def source(self, database):
        """What the truth's `tables` should be, from the database alone."""
        tables = {}
        for line in self.server.sql(database, """
                SELECT table_name || ' ' || string_agg(column_name || ':' || data_type, ','
                                                       ORDER BY ordinal_position)
                FROM information_schema.columns WHERE table_schema = 'claims'
                GROUP BY table_name""").splitlines():
            table, columns = line.split(" ", 1)
            columns = [column.split(":") for column in columns.split(",")]
            row = " || '|' || ".join(canonical(name, kind) for name, kind in columns)
            count, low, high = self.server.sql(database, f"""
                SELECT count(*), coalesce(sum(('x' || substr(m, 1, 15))::bit(60)::bigint), 0),
                       coalesce(sum(('x' || substr(m, 16, 15))::bit(60)::bigint), 0)
                FROM (SELECT md5({row}) AS m FROM claims.{table}) AS hashed""").split("|")
            tables[f"claims.{table}"] = {"count": int(count), "low": low, "high": high,
                                         "columns": [name for name, _ in columns]}
        return tables

    def assert_true(self, database, folder):
        final = json.loads((folder / "final.json").read_text())
        found = self.source(database)
        self.assertEqual(final["tables"], found)
        self.assertGreater(found["claims.payment"]["count"], 0)
        return final["transaction"]

    def assert_same_folder(self, left, right):
        names = sorted(str(path.relative_to(left)) for path in left.rglob("*.json"))
        self.assertEqual(names, sorted(str(path.relative_to(right)) for path in right.rglob("*.json")))
        for name in names:
            self.assertEqual((left / name).read_text(), (right / name).read_text(), name)

    def assert_nothing(self, database, question):
        self.assertEqual(self.server.sql(database, question), "0", question)

    def unbroken(self, last):
        """Runs without interruption in a database of its own; returns the truth folder."""
        database = self.database + "_unbroken"
        self.make(database)
        self.simulate(database, *SETTINGS, "--load", "--run", last, "--truth", self.truth("unbroken"))
        return self.truth("unbroken")

    def test_load_is_what_the_truth_says(self):
        summary = self.simulate(self.database, *SETTINGS, "--load")
        self.assertEqual(self.server.sql(self.database, "SELECT count(*) FROM claims.claim_line"), "4000")
        self.simulate(self.database, "--run", 0, "--truth", self.truth("t"))
        self.assertEqual(self.assert_true(self.database, self.truth("t")), 0)
        found = self.source(self.database)
        self.assertEqual(summary["rows"], sum(table["count"] for table in found.values()))

    def test_truth_is_what_sql_finds(self):
        self.simulate(self.database, *SETTINGS, "--load", "--run", 2500, "--truth", self.truth("t"))
        self.assertEqual(self.assert_true(self.database, self.truth("t")), 2500)
        self.assertEqual(sorted(path.name for path in (self.truth("t") / "commits").iterdir()),
                         ["0.json", "1000.json", "2000.json"])
        self.assertEqual(self.server.sql(self.database, "SELECT string_agg(transaction_number::text, ',') "
                                         "FROM claims_simulation.milestone"), "1000,2000")

    def test_one_changed_cent_is_found(self):
        self.simulate(self.database, *SETTINGS, "--load", "--run", 50, "--truth", self.truth("t"))
        self.server.sql(self.database, "UPDATE claims.payment SET amount = amount + 0.01 WHERE payment_id = "
                        "(SELECT min(payment_id) FROM claims.payment)")
        final = json.loads((self.truth("t") / "final.json").read_text())
        self.assertNotEqual(final["tables"]["claims.payment"],
                            self.source(self.database)["claims.payment"])

    def test_truth_of_a_commit_is_the_state_at_that_commit(self):
        self.simulate(self.database, *SETTINGS, "--load", "--run", 1000)
        found = self.source(self.database)
        self.simulate(self.database, "--run", 2000, "--resume", "--truth", self.truth("t"))
        commit = json.loads((self.truth("t") / "commits" / "1000.json").read_text())
        self.assertEqual(commit["tables"], found)
        self.assert_true(self.database, self.truth("t"))

    def test_two_runs_are_equal_at_any_rate(self):
        self.simulate(self.database, *SETTINGS, "--load", "--run", 2500, "--rate", 1500,
                      "--truth", self.truth("t"))
        self.assert_same_folder(self.truth("t"), self.unbroken(2500))

    def test_a_killed_run_goes_on(self):
        self.simulate(self.database, *SETTINGS, "--load")
        for seen in (40, 700, 1099, 1500):
            self.kill_after(seen)
        self.simulate(self.database, "--run", 2500, "--resume", "--truth", self.truth("t"))
        self.assert_true(self.database, self.truth("t"))
        self.assert_same_folder(self.truth("t"), self.unbroken(2500))

    def progress(self):
        return int(self.server.sql(self.database,
                                   "SELECT transaction_number FROM claims_simulation.progress"))

    def wait_for(self, seen, child):
        while self.progress() < seen:
            self.assertIsNone(child.poll(), "the simulator ended early")

    def kill_after(self, seen):
        with subprocess.Popen(self.command(self.database, "--run", "--resume", "--truth",
                                           self.truth("killed"))) as child:
            self.wait_for(seen, child)
            child.kill()

    def test_a_killed_server_is_survived(self):
        self.simulate(self.database, *SETTINGS, "--load")
        with subprocess.Popen(self.command(self.database, "--run", 2500, "--truth", self.truth("t"))) as child:
            for seen in (100, 900, 1400):
                self.wait_for(seen, child)
                self.server.kill()
                self.server.start()
            self.assertEqual(child.wait(), 0)
        self.assert_true(self.database, self.truth("t"))
        self.assert_same_folder(self.truth("t"), self.unbroken(2500))

    def test_sigterm_finishes_the_transaction(self):
        self.simulate(self.database, *SETTINGS, "--load")
        with subprocess.Popen(self.command(self.database, "--run", "--truth", self.truth("t")),
                              stdout=subprocess.PIPE, text=True) as child:
            self.wait_for(200, child)
            child.send_signal(signal.SIGTERM)
            out, _ = child.communicate()
            self.assertEqual(child.returncode, 0)
        self.assertEqual(json.loads(out)["transactions"], self.progress())
        self.assertEqual(self.assert_true(self.database, self.truth("t")), self.progress())

    def test_money_foots_and_spans_are_disjoint(self):
        self.simulate(self.database, *SETTINGS, "--load", "--run", 3000)
        self.assert_nothing(self.database, f"""
            SELECT count(*) FROM claims.claim JOIN (
                SELECT claim_id, sum(billed_amount) AS b, sum(allowed_amount) AS a, sum(paid_amount) AS p
                FROM claims.claim_line GROUP BY claim_id) AS lines USING (claim_id)
            WHERE ({MONEY}) IS DISTINCT FROM (b, a, p)""")
        self.assert_nothing(self.database, """
            SELECT count(*) FROM claims.claim LEFT JOIN claims.claim_line USING (claim_id)
            WHERE line_no IS NULL""")
        self.assert_nothing(self.database, """
            SELECT count(*) FROM claims.claim LEFT JOIN (SELECT claim_id, sum(amount) AS paid
                FROM claims.payment GROUP BY claim_id) AS payments USING (claim_id)
            WHERE CASE WHEN claim_status IN ('paid', 'adjusted', 'voided') THEN paid_amount ELSE 0 END
                  <> coalesce(paid, 0)""")
        self.assert_nothing(self.database, f"""
            SELECT count(*) FROM claims.claim_line
            WHERE NOT (0 <= paid_amount AND paid_amount <= allowed_amount
                       AND allowed_amount <= billed_amount)""")
        self.assert_nothing(self.database, """
            SELECT count(*) FROM claims.eligibility_span AS one JOIN claims.eligibility_span AS other
            ON one.member_id = other.member_id AND one.span_id < other.span_id
            AND one.from_date < other.to_date AND other.from_date < one.to_date""")

    def test_the_stream_has_everything_that_is_promised(self):
        self.simulate(self.database, *SETTINGS, "--load")
        self.server.sql(self.database, "SELECT pg_create_logical_replication_slot('s', 'test_decoding')")
        self.simulate(self.database, "--run", 1500, "--resume")
        changes = self.server.sql(self.database,
                                  "SELECT data FROM pg_logical_slot_get_changes('s', NULL, NULL)")
        self.server.sql(self.database, "SELECT pg_drop_replication_slot('s')")
        largest = rows = 0
        for line in changes.splitlines():
            rows = rows + 1 if line.startswith("table claims.") else 0 if line.startswith("BEGIN") else rows
            largest = max(largest, rows)
        self.assertGreaterEqual(largest, 1000)  # A quarter of the scale.
        for needle in ("unchanged-toast-datum", "claims.claim: DELETE", "claims.eligibility_span: DELETE",
                       "claims.claim_line: UPDATE: old-key", "claims.member: UPDATE: old-key",
                       "email[text]:'m"):
            self.assertIn(needle, changes)
        self.assertGreater(
            int(self.server.sql(self.database, "SELECT max(length(note)) FROM claims.claim")), 8192)
        self.assertNotEqual("0", self.server.sql(self.database, """
            SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'claims.claim'::regclass"""))
        self.assertNotEqual("0", self.server.sql(self.database, f"""
            SELECT xact_rollback FROM pg_stat_database WHERE datname = '{self.database}'"""))

    def assert_refused(self, code, words, *arguments):
        done = subprocess.run(self.command(self.database, *arguments), text=True, capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)

    def test_bad_starts_say_what_to_do(self):
        self.assert_refused(2, "nothing to do")
        self.assert_refused(2, "was not loaded", "--run", 10)
        self.simulate(self.database, *SETTINGS, "--load", "--run", 10)
        self.assert_refused(2, "DROP SCHEMA claims, claims_simulation CASCADE", "--load")
        self.assert_refused(2, "go on with --resume", "--run", 20)
        self.assert_refused(2, "another --seed", "--run", 20, "--resume", "--seed", 8)
        done = subprocess.run([PROGRAM, "--run", "20", "--url",
                               f"postgresql://postgres@127.0.0.1:{free_port()}/x"],
                              text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("start the server", done.stderr)


if __name__ == "__main__":
    unittest.main()
