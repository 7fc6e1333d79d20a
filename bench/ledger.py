"""What the ledger costs when it is small and when it has a million entries, and how fast its files are verified."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

from conditions import conditions, line
from measured_process import run_measured

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build/release")).absolute()
TARGET_MB = 500
SIZES = (1, 1_000, 100_000, 1_000_000)
FILES, FILE_MIB = 16, 64


def sha256_ceiling():
    """Returns the MB/s at which OpenSSL hashes what is in memory, on one core."""
    done = subprocess.run(["openssl", "speed", "-seconds", "2", "-bytes", "1048576", "-evp", "sha256"], check=True,
                          capture_output=True, text=True).stdout
    return float(re.search(r"([\d.]+)k\s*$", done)[1]) / 1000


def measure(entries, files, mib):
    """Returns the figures of a ledger of this size, and what measuring them cost."""
    with tempfile.TemporaryDirectory(prefix="weirbench.") as folder:
        out = pathlib.Path(folder) / "figures"
        with open(out, "w", encoding="utf-8") as stdout:
            cost = run_measured([BUILD / "measure_ledger", folder, entries, files, mib], stdout=stdout)
        return json.loads(out.read_text()), cost


def ledger(name, options):
    """Megabytes of named files that one core verifies in a second, beside OpenSSL's own speed."""
    sizes = [max(1, int(size * options.scale)) for size in SIZES]
    mib = max(1, int(FILE_MIB * options.scale))
    costs, logs = [], []
    for size in sizes:
        figures, cost = measure(size, FILES, mib)
        costs.append(cost)
        logs.append(figures["log"])
        print(f"{size} entries: {json.dumps(figures)}", flush=True)
    speeds = [figures["bytes"] / figures["processor_s"] / 1e6
              for figures in (measure(1, FILES, mib)[0]["files"] for _ in range(options.rounds))]
    rounded = [{key: round(value, 6) for key, value in log.items()} for log in logs]
    known = conditions(None, ledgers=rounded, files_mib=FILES * mib, floor_is="openssl speed -evp sha256")
    return line(name, "MB/s of named files a core", sorted(speeds)[len(speeds) // 2], floor=sha256_ceiling(), target=TARGET_MB,
                costs=costs, rows=None, conditions=known)
