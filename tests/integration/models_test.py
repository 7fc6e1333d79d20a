"""Goal: the claims models show history as of a cut. Method: a history of three cuts written by hand,
real dbt, and numbers worked out by hand. Needs the Python tools of .deps (duckdb, dbt)."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

duckdb = pytest.importorskip("duckdb")

ROOT = pathlib.Path(__file__).parents[2]
DBT = pathlib.Path(sys.executable).parent / "dbt"
OPEN = "timestamptz '9999-12-31 00:00:00+00', {cut}, 9223372036854775807, {at}, {ordinal}, null, null, 'c'"
HISTORY = (
    "valid_from timestamptz, valid_to timestamptz, from_cut bigint, to_cut bigint, "
    "commit_position bigint, ordinal bigint, end_position bigint, end_ordinal bigint, op varchar"
)
TABLES = {
    "plan": "plan_id integer, name varchar, line_of_business varchar, metal varchar",
    "provider": "provider_id integer, npi varchar, name varchar, specialty varchar, "
    "address varchar, par_status varchar",
    "member": "member_id bigint, subscriber_id bigint, first_name varchar, last_name varchar, "
    "birth_date date, sex varchar, ssn varchar, address varchar, city varchar, state varchar, "
    "zip varchar, updated_at timestamptz",
    "eligibility_span": "span_id bigint, member_id bigint, plan_id integer, from_date date, "
    "to_date date, reason varchar",
    "claim": "claim_id bigint, member_id bigint, provider_id integer, plan_id integer, "
    "claim_type varchar, claim_status varchar, service_from date, service_to date, "
    "received_date date, paid_date date, billed_amount decimal(12,2), "
    "allowed_amount decimal(12,2), paid_amount decimal(12,2), attachments varchar, note varchar, "
    "updated_at timestamptz",
    "claim_line": "claim_id bigint, line_no integer, procedure_code varchar, units integer, "
    "service_date date, billed_amount decimal(12,2), allowed_amount decimal(12,2), "
    "paid_amount decimal(12,2), deductible decimal(12,2), copay decimal(12,2), "
    "coinsurance decimal(12,2)",
    "payment": "payment_id bigint, claim_id bigint, amount decimal(12,2), method varchar, "
    "paid_date date",
}


class History:
    """Writes versions as `weir load` does: cut c commits at position 100 * c on 2026-01-0c."""

    def __init__(self, file):
        self.database = duckdb.connect(str(file))
        self.database.execute("set TimeZone = 'UTC'; create schema claims_history")
        self.database.execute("create schema weir_ops; create table weir_ops.weir_cut (cut bigint)")
        self.database.execute("insert into weir_ops.weir_cut values (3)")
        for table, columns in TABLES.items():
            self.database.execute(f"create table claims_history.{table} ({columns}, {HISTORY})")

    def begin(self, cut, ordinal, table, values):
        tail = OPEN.format(cut=cut, at=100 * cut, ordinal=ordinal)
        columns = [name for name, *_ in self.database.execute(f"describe claims_history.{table}").fetchall()]
        missing = ", null" * (len(columns) - 9 - len(eval(f"[{values}]", {"null": None})))  # ALTERed
        own = [c for c in columns if c not in HISTORY.replace(",", " ").split()]
        names = ", ".join(own + [c.split()[0] for c in HISTORY.split(", ")])
        self.database.execute(
            f"insert into claims_history.{table} ({names}) values "
            f"({values}{missing}, timestamptz '2026-01-0{cut} 00:00:00+00', {tail})"
        )

    def end(self, cut, ordinal, table, key):
        self.database.execute(
            f"update claims_history.{table} set valid_to = timestamptz '2026-01-0{cut} 00:00:00+00', "
            f"to_cut = {cut}, end_position = {100 * cut}, end_ordinal = {ordinal} "
            f"where {key} and end_position is null"
        )

    def member(self, cut, ordinal, member, city):
        self.end(cut, ordinal, "member", f"member_id = {member}")
        self.begin(cut, ordinal, "member",
                   f"{member}, {member}, 'F', 'L', '1980-01-01', 'F', '900000000', 'a', '{city}', 's', 'z', null")

    def claim(self, cut, ordinal, claim, member, status, day, allowed, paid):
        self.end(cut, ordinal, "claim", f"claim_id = {claim}")
        self.end(cut, ordinal + 1, "claim_line", f"claim_id = {claim}")
        self.begin(cut, ordinal, "claim",
                   f"{claim}, {member}, 1, 1, 'professional', '{status}', '{day}', '{day}', '{day}', "
                   f"null, 100, {allowed}, {paid}, null, null, null")
        self.begin(cut, ordinal + 1, "claim_line",
                   f"{claim}, 1, '99213', 1, '{day}', 100, {allowed}, {paid}, {allowed - paid}, 0, 0")

    def payment(self, cut, ordinal, payment, claim, amount):
        self.begin(cut, ordinal, "payment", f"{payment}, {claim}, {amount}, 'eft', null")


def write_history(file):
    history = History(file)
    history.begin(1, 0, "plan", "1, 'p', 'commercial', 'gold'")
    history.begin(1, 0, "provider", "1, 'n', 'p', 's', 'a', 'par'")
    history.member(1, 0, 10, "A")
    history.begin(1, 0, "eligibility_span", "1, 10, 1, '2025-01-01', '9999-12-31', 'new'")
    history.claim(1, 0, 1000, 10, "paid", "2025-01-15", 80, 60)
    history.payment(1, 0, 1, 1000, 60)
    # One transaction changes a member twice, and brings a member who is never eligible.
    history.member(2, 0, 10, "B")
    history.member(2, 1, 10, "C")
    history.member(2, 2, 11, "X")
    history.claim(2, 3, 1001, 10, "paid", "2025-02-10", 30, 30)
    history.payment(2, 5, 2, 1001, 30)
    history.claim(2, 6, 1002, 11, "paid", "2025-02-11", 5, 5)
    history.payment(2, 8, 3, 1002, 5)
    # A column appears; a claim is adjusted; the member's eligibility ends in hindsight.
    history.database.execute("alter table claims_history.member add column email varchar")
    history.member(3, 0, 10, "D")
    history.claim(3, 1, 1000, 10, "adjusted", "2025-01-15", 80, 50)
    history.payment(3, 3, 4, 1000, -10)
    history.end(3, 4, "eligibility_span", "span_id = 1")
    history.begin(3, 4, "eligibility_span", "1, 10, 1, '2025-01-01', '2025-02-01', 'retro'")
    history.database.close()


class Models:
    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "warehouse.duckdb"
        write_history(self.file)
        (folder / "profiles.yml").write_text(json.dumps({"weir": {"target": "weir", "outputs": {"weir": {
            "type": "duckdb", "path": str(self.file), "schema": "main", "threads": 2,
            "settings": {"TimeZone": "UTC"}}}}}))

    def build(self, *arguments, **environment):
        """Runs `dbt build`; returns the names of the nodes that failed."""
        subprocess.run(
            [DBT, "build", "--project-dir", ROOT / "models" / "claims", "--profiles-dir", self.folder,
             "--target-path", self.folder / "target", "--log-path", self.folder / "logs", *arguments],
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **environment},
            stdout=subprocess.DEVNULL, timeout=300, check=False)
        results = json.loads((self.folder / "target" / "run_results.json").read_text())["results"]
        return [r["unique_id"] for r in results if r["status"] not in ("success", "pass")]

    def query(self, statement):
        with duckdb.connect(str(self.file), read_only=True) as database:
            database.execute("set TimeZone = 'UTC'")
            return database.execute(statement).fetchall()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return Models(tmp_path_factory.mktemp("models"))


VERSIONS = ("select member_key, city, strftime(valid_from, '%d'), strftime(valid_to, '%Y-%d'), is_current "
            "from gold.dim_member where member_key > 0 order by member_key")
LINES = ("select claim_id, claim_status, paid_amount::double, member_key, member_current_key "
         "from gold.fact_claim_line order by claim_id")
MART = ("select strftime(month, '%Y-%m'), has_member_month, member_months, claim_lines, "
        "paid_amount::double, paid_per_member_month::double from gold.mart_paid_per_member_month "
        "where month < date '2025-03-01' order by month, has_member_month desc")


def test_newest_cut(models):
    assert models.build() == []
    assert models.query(VERSIONS) == [
        (1, "A", "01", "2026-02", False),
        (2, "B", "02", "2026-02", False),  # Began and ended in one transaction.
        (3, "C", "02", "2026-03", False),
        (4, "X", "02", "9999-31", True),
        (5, "D", "03", "9999-31", True),
    ]
    assert models.query("select count(*) from gold.dim_member where member_key = -1") == [(1,)]
    assert ("email",) in models.query(
        "select column_name from information_schema.columns where table_schema = 'gold' "
        "and table_name = 'dim_member'")
    assert models.query(LINES) == [
        (1000, "adjusted", 50.0, 5, 5), (1001, "paid", 30.0, 3, 5), (1002, "paid", 5.0, 4, 4)]
    assert models.query("select reason, member_key from gold.fact_eligibility_span") == [("retro", 5)]
    assert models.query(MART) == [
        ("2025-01", True, 1, 1, 50.0, 50.0), ("2025-02", False, 0, 2, 35.0, None)]


@pytest.mark.parametrize("way", ["variable", "environment"])
def test_an_older_cut_gives_the_older_picture(models, way):
    if way == "variable":
        assert models.build("--vars", "{cut: 2}") == []
    else:
        assert models.build(WEIR_CUT="2") == []
    assert models.query(VERSIONS) == [
        (1, "A", "01", "2026-02", False),
        (2, "B", "02", "2026-02", False),
        (3, "C", "02", "9999-31", True),  # Open: the cut does not know what ended it.
        (4, "X", "02", "9999-31", True),
    ]
    assert models.query(LINES) == [
        (1000, "paid", 60.0, 1, 3), (1001, "paid", 30.0, 3, 3), (1002, "paid", 5.0, 4, 4)]
    assert models.query("select reason from gold.fact_eligibility_span") == [("new",)]
    assert models.query(MART) == [
        ("2025-01", True, 1, 1, 60.0, 60.0),
        ("2025-02", True, 1, 1, 30.0, 30.0),
        ("2025-02", False, 0, 1, 5.0, None),
    ]


def test_a_cent_a_key_and_an_interval_are_found(models):
    with duckdb.connect(str(models.file)) as database:
        database.execute("update claims_history.claim_line set paid_amount = paid_amount + 0.01 "
                         "where claim_id = 1001")
        database.execute("update claims_history.claim set claim_status = 'lost' where claim_id = 1002")
        database.execute("update claims_history.member set valid_to = valid_to + interval 3 day "
                         "where city = 'A'")
    failed = " ".join(models.build())
    for name in ("line_amounts_foot", "claim_equals_its_lines", "accepted_values_fact_claim_line",
                 "intervals_disjoint_dim_member"):
        assert name in failed
