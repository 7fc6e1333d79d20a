"""Runs one benchmark: run_benchmark.py NAME [--scale X]. See README.md."""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from compared import KINDS, compare  # noqa: E402
from growth import growth  # noqa: E402
from latency import latency  # noqa: E402
from ledger import ledger  # noqa: E402
from many_tables import tables  # noqa: E402
from memory import memory  # noqa: E402

ROUNDS = 5
BENCHMARKS = {**dict.fromkeys(KINDS, compare), "latency": latency, "memory": memory, "growth": growth, "tables": tables,
              "ledger": ledger}


def main(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of floor, rival and weir in turn")
    options = parser.parse_args(words)
    print(json.dumps(BENCHMARKS[options.name](options.name, options)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
