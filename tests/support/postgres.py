"""A private PostgreSQL for one test or benchmark: its own folder, a free port, gone afterwards.

    with PostgresServer.start(settings={"work_mem": "64MB"}) as server:
        server.psql("create table t (id int primary key)")

Run as root, the server runs as the user postgres, since PostgreSQL refuses root. `durable=True` keeps fsync
on, for tests of crashes of the machine; all others are faster without.
"""

import contextlib
import ctypes
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "wal_level": "logical",
    "max_wal_senders": "16",
    "max_replication_slots": "16",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def find_programs():
    """Returns the folder with the programs of the server that WEIR_POSTGRES_PROGRAMS names, or of the newest here."""
    named = os.environ.get("WEIR_POSTGRES_PROGRAMS")
    folders = [pathlib.Path(named)] if named else pathlib.Path("/usr/lib/postgresql").glob("*/bin")
    found = [folder for folder in folders if (folder / "initdb").exists()]
    if not found:
        raise RuntimeError("no PostgreSQL server here: tools/set-up installs one")
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))


def make_folder():
    """Returns a new folder that the server's user owns."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weirpg."))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def reachable(folder):
    """Returns the folder, which a server that runs as another user can reach by now."""
    for part in [folder, *folder.parents]:
        if part.stat().st_uid == os.geteuid() and part != pathlib.Path("/"):
            part.chmod(part.stat().st_mode | 0o011)
    return folder


def free_port():
    """Returns a port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_server_user(command):
    """Returns the command as a user that PostgreSQL accepts: ours, or postgres for root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]


def _adopt_orphans():
    """Makes orphans of our descendants our children: a server that nobody buries looks alive to the next."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _bury(process):
    try:
        os.waitpid(process, 0)
    except ChildProcessError:
        pass  # Its parent, or the system, was faster.


class Session:
    """A psql that is open. `run` returns what it prints once the statements are through."""

    END = "the statements are through"

    def __init__(self, command):
        self._psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)

    def run(self, statements):
        self._psql.stdin.write(f"{statements}\n\\echo {self.END}\n")
        self._psql.stdin.flush()
        lines = []
        while (line := self._psql.stdout.readline()) and line.strip() != self.END:
            lines.append(line.rstrip("\n"))
        if not line:
            raise RuntimeError("psql ended: " + "\n".join(lines))
        return lines

    def close(self):
        self._psql.stdin.close()
        self._psql.wait()
        self._psql.stdout.close()


class PostgresServer:
    """A running server. Use it as a context, or call `remove` yourself."""

    def __init__(self, folder, programs, port):
        self.folder = folder
        self.programs = programs
        self.port = port

    @classmethod
    def start(cls, settings=None, durable=False, programs=None):
        """Makes a database cluster in a new folder and starts it; waits until it answers."""
        _adopt_orphans()
        server = cls(make_folder(), programs or find_programs(), free_port())
        try:
            server._make(settings or {}, durable)
            server.start_again()
        except BaseException:
            server.remove()
            raise
        return server

    def make_standby(self, settings=None):
        """Starts a streaming copy of this server, which answers queries and may be promoted."""
        standby = PostgresServer(make_folder(), self.programs, free_port())
        try:
            standby._run("pg_basebackup", "-D", standby.data, "-d", self.url(), "-X", "stream", "-c", "fast", "--no-sync")
            # Not by -R: it writes options of its own libpq, which the server's may not know.
            (standby.data / "standby.signal").touch()
            standby.configure({"primary_conninfo": f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres",
                               **(settings or {}), "port": standby.port, "unix_socket_directories": standby.folder})
            standby.start_again()
        except BaseException:
            standby.remove()
            raise
        return standby

    def promote(self):
        """Makes a standby the primary; waits until it is."""
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def _make(self, settings, durable):
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        chosen = {**SETTINGS, **({} if durable else FAST), **settings,
                  "port": self.port, "unix_socket_directories": self.folder}
        self.configure(chosen)

    def configure(self, settings):
        """Adds settings, which hold from the next start or reload on."""
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def _run(self, program, *arguments):
        command = as_server_user([str(self.programs / program), *map(str, arguments)])
        finished = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        if finished.returncode != 0:
            log = self.folder / "log"
            raise RuntimeError(f"{program} failed: {finished.stdout}{log.read_text()[-2000:] if log.exists() else ''}")
        return finished.stdout

    @property
    def data(self):
        return self.folder / "data"

    @property
    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def url(self, database="postgres", user="postgres"):
        return f"postgres://{user}@127.0.0.1:{self.port}/{database}"

    def start_again(self):
        """Starts the server of this folder; waits until it answers."""
        # The server must not hold our pipes, or whoever reads them waits for it.
        command = as_server_user([str(self.programs / "pg_ctl"), "-D", str(self.data), "-w", "-t", "60",
                                  "-l", str(self.folder / "log"), "start"])
        started = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        if started.returncode != 0:
            log = self.folder / "log"
            raise RuntimeError(f"the server did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}")

    def stop(self, mode="fast"):
        """Stops it: smart, fast, or immediate (as in a crash, without a checkpoint)."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def kill(self):
        """Kills the server process itself with SIGKILL, as a crash would, and waits until its children,
        which end by themselves, are gone too: they hold the memory that a new server of this folder needs."""
        server = self.pid
        family = [server, *map(int, pathlib.Path(f"/proc/{server}/task/{server}/children").read_text().split())]
        watched = {}
        for process in family:
            with contextlib.suppress(ProcessLookupError):  # Children end at any moment.
                watched[process] = os.fdopen(os.pidfd_open(process))
        os.kill(server, signal.SIGKILL)
        for process, ended in watched.items():
            with ended:
                select.select([ended], [], [])
            _bury(process)

    def psql(self, statement, database="postgres"):
        """Runs SQL; returns what psql prints, unaligned, without headings."""
        finished = subprocess.run(
            [self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)],
            input=statement, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if finished.returncode != 0:
            raise RuntimeError(f"psql failed: {finished.stderr.strip()}")
        return finished.stdout.rstrip("\n")

    def open_session(self, database="postgres"):
        """Opens a psql that stays, for a transaction over several calls."""
        return Session([self.programs / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                        "-d", self.url(database)])

    def remove(self):
        """Stops the server, if it runs, and deletes its folder."""
        if (self.data / "postmaster.pid").exists():
            try:
                self.stop("immediate")
            except RuntimeError:
                pass  # It was killed: its pid file names nobody.
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
