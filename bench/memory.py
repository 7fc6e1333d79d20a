"""The capture process's largest memory while the log brings what is hard to hold."""

import tempfile

import wide_table
from conditions import conditions, line, require_all
from pipeline import Pipeline
from postgres import PostgresServer

TARGET_MIB = 256

HUGE = """begin; insert into claims.line select {row} from generate_series({first}::bigint, {last}) i;
savepoint s; insert into claims.line select {row} from generate_series({last} + 1::bigint, {last} + {aborted}) i; rollback to s; commit;"""


def huge_transaction(server, first, rows):
    """One transaction of so many rows; a subtransaction of a tenth of them is rolled back."""
    server.psql(HUGE.format(row=wide_table.ROW, first=first, last=first + rows - 1, aborted=rows // 10))
    return rows


def interleaved_transactions(server, first, rows):
    """Transactions of 100 rows that are all open at once: prepared one after the other, then committed backwards."""
    count = max(2, min(rows // 100, 2000))
    words = [f"begin; insert into claims.line select {wide_table.ROW} from generate_series({first + k * 100}::bigint,"
             f" {first + k * 100 + 99}) i; prepare transaction 't{k}';" for k in range(count)]
    words += [f"commit prepared 't{k}';" for k in reversed(range(count))]
    server.psql("\n".join(words))
    return count * 100


WORK = {"huge": huge_transaction, "interleaved": interleaved_transactions}


def memory(name, options):
    """Captures one transaction of five million rows, and two thousand that are open at once."""
    rows = max(1000, int(5_000_000 * options.scale))
    settings = {"max_prepared_transactions": "2000", "logical_decoding_work_mem": "64kB", "max_wal_size": "8GB"}
    costs, landed, peaks = [], 0, {}
    with PostgresServer.start(settings=settings) as server, tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
        wide_table.fill(server, 1000)
        pipeline = Pipeline.initialise(server, folder)
        pipeline.run("capture")
        first = 1001
        for what, work in WORK.items():
            before = pipeline.landed()
            made = work(server, first, rows)
            first += 2 * rows
            costs.append(pipeline.run("capture"))
            require_all(pipeline.landed() - before, made)
            landed += made
            peaks[f"{what}_mib"] = round(costs[-1].peak_rss_mib, 1)
            print(f"{what}: {made} rows, {costs[-1].wall_s:.1f} s, {peaks[f'{what}_mib']} MiB", flush=True)
        known = conditions(server, scale=options.scale, rows=landed, **peaks, target_is="at most")
    return line(name, "MiB", max(cost.peak_rss_mib for cost in costs), target=TARGET_MIB, costs=costs,
                rows=landed // len(costs), conditions=known)
