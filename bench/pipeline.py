"""A pipeline that a benchmark makes on its server: `weir` by its command line, and what its ledger says."""

import json
import os
import pathlib
import shutil
import subprocess

from measured_process import run_measured

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build/release")).absolute()
TABLES = "claims.*"


class Pipeline:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.configuration = self.folder / "weir.yaml"

    @classmethod
    def initialise(cls, server, folder):
        """Has weir write a configuration for the payer's tables, and make the pipeline."""
        pipeline = cls(folder)
        pipeline.folder.mkdir(exist_ok=True)
        pipeline.run("init", server.url(), "--tables", TABLES)
        return pipeline

    def copy(self, folder, slot):
        """Returns the same pipeline at the same position in another folder, which reads another slot."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        copied = Pipeline(folder)
        text = copied.configuration.read_text()
        copied.configuration.write_text(text.replace("source:\n", f"source:\n  slot: {slot}\n", 1))
        return copied

    def add(self, text):
        """Adds to the configuration; a keyring that it names beside it belongs to each copy."""
        self.configuration.write_text(self.configuration.read_text() + text)

    def set(self, old, new):
        """Changes the configuration."""
        text = self.configuration.read_text()
        if old not in text:
            raise RuntimeError(f"weir.yaml has no `{old}`")
        self.configuration.write_text(text.replace(old, new, 1))

    def run(self, *words):
        """Runs a command to its end and returns its Cost."""
        return run_measured([BUILD / "weir", "--config", self.configuration, *words])

    def landed(self):
        """Returns the number of changes that the ledger says have landed, the snapshot's rows among them."""
        shown = subprocess.run(
            [BUILD / "weir", "--config", self.configuration, "--json", "ledger", "show", "--kind", "cut landed"],
            check=True, capture_output=True, text=True).stdout
        return sum(entry["changes"] for entry in json.loads(shown.splitlines()[-1])["entries"])
