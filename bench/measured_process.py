"""A process and what it cost: wall time, processor time, largest resident memory."""

import dataclasses
import os
import subprocess
import time


@dataclasses.dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_rss_mib: float


def run_measured(command, stdout=subprocess.DEVNULL, **options):
    """Runs a command to its end and returns its Cost; its children's processor time is in it.

    Fails with the end of its errors if the exit code is not 0.
    """
    start = time.monotonic()
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, text=True, **options) as process:
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - start
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {errors[-2000:]}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
