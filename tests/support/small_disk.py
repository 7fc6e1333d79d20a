"""A small disk of its own for a store, for tests of what happens when it is full: a tmpfs, so this needs root."""

import contextlib
import os
import subprocess

PIECE = 1 << 12


@contextlib.contextmanager
def mounted(folder, size):
    """Makes the folder and mounts a disk of this size there, until the end."""
    assert os.geteuid() == 0, "mounting a small disk needs root"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "weir-test", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Takes all room that is left; returns the file that has it."""
    with open(folder / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(PIECE))
        except OSError:
            pass
    return folder / "filler"
