"""The largest memory that a process has needed so far."""

import pathlib
import re


def resident_peak(process):
    """Returns it in MiB, 0 if the process has gone. What wait4 tells has the peak of the process that forked it, too."""
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0
