"""A process and what it cost: wall time, processor time, largest resident memory."""

import collections
import dataclasses
import os
import subprocess
import threading
import time

from resident_peak import resident_peak


@dataclasses.dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_rss_mib: float


class Running:
    """A process that runs, and its largest resident memory as far as it was looked at, every 20 ms.

    `on_error_line` hears each line of its error output as it comes.
    """

    def __init__(self, command, stdout=subprocess.DEVNULL, on_error_line=lambda line: None, **options):
        self.name = str(command[0])
        self.peak_rss_mib = 0
        self._last_errors = collections.deque(maxlen=40)
        self._on_error_line = on_error_line
        self._start = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=stdout,
                                        stderr=subprocess.PIPE, text=True, **options)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._look, self._listen)]
        for thread in self._threads:
            thread.start()

    def _look(self):
        while not self._ended.wait(0.02):
            self.peak_rss_mib = max(self.peak_rss_mib, resident_peak(self.process.pid))

    def _listen(self):
        for line in self.process.stderr:
            self._last_errors.append(line)
            self._on_error_line(line)

    def stop(self, signal_number):
        self.process.send_signal(signal_number)
        return self.finish()

    def finish(self):
        """Waits for the end and returns the Cost; fails with the end of its errors if the exit code is not 0."""
        _, status, usage = os.wait4(self.process.pid, 0)
        wall_s = time.monotonic() - self._start
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self.process.stderr.close()
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {''.join(self._last_errors)[-2000:]}")
        return Cost(wall_s, usage.ru_utime + usage.ru_stime, self.peak_rss_mib)


def run_measured(command, **options):
    """Runs a command to its end and returns its Cost; its children's processor time is in it."""
    return Running(command, **options).finish()


def run_together(commands):
    """Runs commands beside each other; the Cost has the time until all have ended."""
    start = time.monotonic()
    costs = [running.finish() for running in [Running(command) for command in commands]]
    return Cost(time.monotonic() - start, sum(cost.cpu_s for cost in costs), sum(cost.peak_rss_mib for cost in costs))
