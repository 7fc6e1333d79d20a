"""The table that snapshot, drain and growth are measured on: 16 columns of a claim's line, some 170 bytes a row."""

COLUMNS = """line_id bigint primary key, claim_id bigint not null, line_number int not null, member_id int not null,
provider_id int not null, service_date date not null, received_at timestamptz not null, status text not null,
procedure_code varchar(5) not null, modifier text, diagnosis text not null, quantity int not null,
billed_amount numeric(12,2) not null, allowed_amount numeric(12,2), paid_amount numeric(12,2), note text"""

ROW = """i, i / 4, i % 4 + 1, i * 7919 % 100003, i * 104729 % 5003, date '2024-01-01' + (i % 700)::int,
timestamptz '2024-01-01' + make_interval(secs => i % 60000000), (array['paid','denied','pending','adjusted'])[(i % 4)::int + 1],
lpad((i * 31 % 99999)::text, 5, '0'), case when i % 3 = 0 then '25' end, 'E11.' || i % 90, i % 9 + 1,
(i % 900000 + 100) / 100.0, (i % 800000 + 100) / 100.0, case when i % 5 > 0 then (i % 700000 + 100) / 100.0 end,
case when i % 4 = 0 then 'line was priced by contract ' || md5(i::text) end"""


def fill(server, rows):
    """Makes the table with so many rows, as a table is that has been vacuumed."""
    server.psql("create schema if not exists claims")
    server.psql(f"create table claims.line ({COLUMNS})")
    server.psql(f"insert into claims.line select {ROW} from generate_series(1, {rows}::bigint) i")
    server.psql("vacuum analyze claims.line; checkpoint")


def work(server, first, changes, per_transaction):
    """Makes changes in transactions of one size: of ten, four insert, four update, two delete. `first` is a key beyond all."""
    server.psql(f"""do $$
declare k bigint := {first}; left_over bigint := {changes};
begin
  while left_over > 0 loop
    insert into claims.line select {ROW} from generate_series(k, k + {per_transaction} * 4 / 10 - 1) i;
    update claims.line set status = 'paid', paid_amount = billed_amount, received_at = received_at + interval '1 day'
      where line_id between k - {first} + 1 and k - {first} + {per_transaction} * 4 / 10;
    delete from claims.line where line_id between k and k + {per_transaction} * 2 / 10 - 1;
    k := k + {per_transaction} * 4 / 10;
    left_over := left_over - {per_transaction};
    commit;
  end loop;
end $$""")


def work_singly(server, first, changes):
    """Makes changes in transactions of one row: insert, update and delete in turn."""
    server.psql(f"""do $$
begin
  for k in {first} .. {first} + {changes} / 3 - 1 loop
    insert into claims.line select {ROW} from generate_series(k::bigint, k) i;
    commit;
    update claims.line set status = 'paid', paid_amount = billed_amount where line_id = k - {first} + 1;
    commit;
    delete from claims.line where line_id = k;
    commit;
  end loop;
end $$""")
