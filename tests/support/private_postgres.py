"""A PostgreSQL server of a test's own: no network, a folder that goes when it stops. Also a context manager."""

import os
import pathlib
import shutil
import subprocess
import tempfile

BIN = pathlib.Path(os.environ.get("WEIR_POSTGRES_PROGRAMS", "/usr/lib/postgresql/15/bin"))


def is_installed():
    return (BIN / "initdb").exists() and (BIN / "psql").exists()


class PrivatePostgres:
    def __init__(self, **settings):
        self.settings = settings

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-pg-", dir="/tmp"))
        self.as_user = []
        if os.getuid() == 0:  # The server refuses to run as root.
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(self.folder, "postgres")
        self.data = self.folder / "data"
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        lines = {"listen_addresses": "''", "unix_socket_directories": f"'{self.folder}'", "fsync": "off",
                 **self.settings}
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.folder / "log", "start")
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def psql(self, sql):
        """Runs statements and returns the output of the last, a list of fields for each row."""
        done = subprocess.run([BIN / "psql", "-h", self.folder, "-U", "postgres", "-X", "-q", "-A", "-t", "-F", "\x1f",
                               "-v", "ON_ERROR_STOP=1", "-f", "-"], input=sql, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def _run(self, program, *arguments):
        done = subprocess.run([*self.as_user, BIN / program, *arguments], capture_output=True, text=True,
                              cwd=self.folder)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
