"""Kills a weir with SIGKILL inside a stage, and says where it truly was.

    killer = KillAt(tmp_path)
    run = chain.start("run", environment=killer.at("refine", "unfinished data", 7))
    run.wait()
    killer.where(chain.store)   # "refine"

The library of kill_at.c is preloaded. It counts the points (before, within and after a call) whose place
contains a text and whose thread runs a stage, kills at the n-th, and notes thread, call and place. Places are
paths, and three that have no telling path: "unfinished data", "unfinished entries", "replication stream".
"""

import os
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).with_name("kill_at.c")
STAGES = ("snapshot", "stream", "file writing", "ledger append", "refine", "load", "model run")


class KillAt:
    def __init__(self, folder):
        self.library = pathlib.Path(folder) / "kill_at.so"
        self.note = pathlib.Path(folder) / "killed_at"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", self.library, SOURCE,
                        "-ldl"], check=True)

    def at(self, thread, place, point):
        """Returns the environment of a process that dies at the point; an empty thread is any."""
        self.note.unlink(missing_ok=True)
        return {**os.environ, "LD_PRELOAD": str(self.library), "KILL_AT_STAGE": thread, "KILL_AT_PLACE": place,
                "KILL_AT_POINT": str(point), "KILL_AT_NOTE": str(self.note)}

    def where(self, store):
        """Returns the stage that the killed process was in, judged by thread and place."""
        thread, _, place = self.note.read_text().strip().split(" ", 2)
        folder = place.removeprefix(f"{store}/").split("/")[0]
        if place == "replication stream":
            return "stream"
        if folder in ("ledger", "contracts", "unfinished entries"):
            return "ledger append"
        if folder in ("landing", "unfinished data") and thread in ("worker", "capture"):
            return "snapshot" if thread == "worker" else "file writing"
        if folder in ("processing", "quarantine", "unfinished data") and thread == "refine":
            return "refine"
        if folder in ("warehouse", "published") and thread == "load":
            return "load" if folder == "warehouse" else "model run"
        raise AssertionError(f"killed in no stage: {thread} at {place}")
