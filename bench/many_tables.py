"""How long until the stream of a thousand tables, of which nearly all are idle."""

import statistics
import tempfile

from conditions import conditions, line
from pipeline import Pipeline
from postgres import PostgresServer

TARGET_S = 30
MAKE_TABLES = """do $$ begin for i in 1..{} loop execute format(
    'create table claims.t%s (id int primary key, name text, amount numeric(12,2), at timestamptz)', i); end loop; end $$"""


def tables(name, options):
    """Captures a thousand tables, of which nearly all are idle: a new pipeline, and one that knows them."""
    count = max(10, int(1000 * options.scale))
    with PostgresServer.start(settings={"max_locks_per_transaction": "256"}) as server, \
            tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
        server.psql("create schema claims")
        server.psql(MAKE_TABLES.format(count))
        pipeline = Pipeline.initialise(server, folder)
        first = pipeline.run("capture")
        server.psql("insert into claims.t1 values (1)")
        again = [pipeline.run("capture") for _ in range(options.rounds)]
        pipeline.run("drop", "--yes")
        known = conditions(server, tables=count, known_pipeline_s=round(statistics.median(cost.wall_s for cost in again), 2))
    return line(name, "s until a new pipeline is current", first.wall_s, target=TARGET_S, costs=[first, *again], rows=None,
                conditions=known)
