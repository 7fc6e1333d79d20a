"""Whether a change costs the same however large its table is."""

import tempfile

import wide_table
from backlog import Backlog
from conditions import conditions, line
from pipeline import Pipeline
from postgres import PostgresServer

TARGET = 0.1


def drain_of(rows, changes, rounds):
    """Drains changes of a table with so many rows; returns the costs, their number and the conditions."""
    with PostgresServer.start(settings={"max_wal_size": "16GB"}) as server, \
            tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
        wide_table.fill(server, rows)
        template = Pipeline.initialise(server, folder)
        template.run("capture")
        backlog = Backlog(server)
        wide_table.work(server, rows + 1, changes, 100)
        made = backlog.close()
        costs = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="weirbench.") as copied:
                costs.append(backlog.capture(template, copied, made))
        return sorted(costs, key=lambda cost: cost.cpu_s), made, conditions(server)


def growth(name, options):
    """Processor time of a change of a table with 50 million rows against one with a million, less 1."""
    changes = max(300, int(1_000_000 * options.scale))
    sizes = [max(1000, int(size * options.scale)) for size in (1_000_000, 50_000_000)]
    small, large = (drain_of(rows, changes, options.rounds) for rows in sizes)
    micros = [costs[len(costs) // 2].cpu_s * 1e6 / made for costs, made, _ in (small, large)]
    known = {**large[2], "rows": sizes, "cpu_us_per_change": [round(micro, 3) for micro in micros], "rounds": options.rounds,
             "target_is": "at most, either way"}
    return line(name, "growth of the processor time of a change", micros[1] / micros[0] - 1, target=TARGET,
                costs=large[0], rows=large[1], conditions=known)
