"""Goal: a demo that cannot start says what to do, ends with the documented code, and leaves nothing: no
process, no file.

Method: the real program in a namespace where ports, disk or PostgreSQL are missing. demo_test.py has the
folder that is in use.
"""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from chain import BUILD, SHARE
from postgres import find_programs

DEMO = "demo --scale 1000 --seconds 1 --rate 20"


@pytest.fixture
def place(tmp_path):
    """A folder that the server's user may reach, for one demo."""
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.geteuid() and folder != pathlib.Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


def start_in_namespace(place, before, *words):
    """Starts the demo after shell commands of its own mounts and network; temporary files go to `place`."""
    return subprocess.Popen(
        ["unshare", "--mount", "--net", "sh", "-ec", f"ip link set lo up; {before}; exec {BUILD}/weir {DEMO} \"$@\"",
         "demo", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "WEIR_SHARE": SHARE, "TMPDIR": str(place)})


def run_in_namespace(place, before, *words):
    with start_in_namespace(place, before, *words) as demo:
        stdout, stderr = demo.communicate(timeout=120)
    return subprocess.CompletedProcess(demo.args, demo.returncode, stdout, stderr)


def check_refused(done, code, *remedies):
    assert done.returncode == code, done.stderr
    assert done.stdout == "" or "--json" not in done.args  # With it, an object at the end or nothing.
    for remedy in remedies:
        assert remedy in done.stderr


def check_nothing_left(place, *kept):
    """No process names the place in its command line, and it is empty but for what the test put there."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            assert str(place).encode() not in (process / "cmdline").read_bytes(), process
        except (FileNotFoundError, ProcessLookupError):
            pass  # It has ended since.
    assert sorted(path.name for path in place.iterdir()) == sorted(kept)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_without_postgresql_it_names_the_package(place, words):
    (place / "empty").mkdir()
    done = run_in_namespace(place, f"mount --bind {place}/empty /usr/lib/postgresql; unset WEIR_POSTGRES_PROGRAMS; "
                            "PATH=/usr/bin:/bin", *words)
    check_refused(done, 2, "apt-get install postgresql-15")
    check_nothing_left(place, "empty")


def test_a_full_disk_is_named_before_anything_is_written(place):
    (place / "small").mkdir()
    done = run_in_namespace(place, f"mount -t tmpfs -o size=64m none {place}/small; chmod 755 {place}/small; "
                            f"export TMPDIR={place}/small", "--json")
    check_refused(done, 3, "the disk has not room enough; free some, or take a smaller --scale", f"{place}/small")
    check_nothing_left(place, "small")


# Listens on the port of its first word, and becomes the program of the others, which keeps the socket.
LISTENER = """#!/usr/bin/python3
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.set_inheritable(True)
os.execv(sys.argv[2], sys.argv[2:])
"""
# Stands in the place of the server: the first server, or each, finds its port taken by a listener of ours.
POSTGRES = """#!/bin/sh
case " $* " in
*" -p "*) [ -e {place}/taken ] && [ {times} = once ] && exec {place}/postgres "$@"
          echo "$4" >> {place}/taken
          exec {place}/listener "$4" {place}/postgres "$@" ;;
esac
exec {place}/postgres "$@"
"""


def write_program(file, text):
    file.write_text(text)
    file.chmod(0o755)


def test_when_every_port_is_taken_it_says_so(place):
    write_program(place / "listener", LISTENER)
    write_program(place / "weir", f"#!/bin/sh\nexec {place}/listener 20001 {BUILD}/weir {DEMO} --json\n")
    done = run_in_namespace(place, "echo 20001 20001 >/proc/sys/net/ipv4/ip_local_port_range; "
                            f"exec {place}/weir")
    check_refused(done, 3, "cannot find a free port on the loopback interface; end a program that listens there")
    check_nothing_left(place, "listener", "weir")


def take_ports(place, times):
    """Puts a server in the place of the real one that finds its port taken; returns the shell command for it."""
    place.chmod(0o777)
    real = find_programs() / "postgres"
    shutil.copy(real, place / "postgres")
    write_program(place / "listener", LISTENER)
    write_program(place / "wrapper", POSTGRES.format(place=place, times=times))
    return f"mount --bind {place}/wrapper {real}"


def test_a_port_that_is_taken_at_the_last_moment_is_left_for_another(place):
    """Once the server is up, the demo is stopped, which leaves nothing either."""
    demo = start_in_namespace(place, take_ports(place, "once"))
    said = [demo.stdout.readline(), demo.stdout.readline()]
    demo.send_signal(signal.SIGTERM)
    assert demo.wait(120) == 1
    assert "The payer's database" in said[1], demo.stderr.read()
    assert "the demo was stopped" in demo.stderr.read()
    assert len((place / "taken").read_text().split()) == 1
    check_nothing_left(place, "listener", "postgres", "taken", "wrapper")


def test_when_no_port_stays_free_the_servers_own_words_are_shown(place):
    done = run_in_namespace(place, take_ports(place, "always"), "--json")
    check_refused(done, 3, "the private PostgreSQL did not start", "could not create any TCP/IP sockets")
    assert len((place / "taken").read_text().split()) > 1
    check_nothing_left(place, "listener", "postgres", "taken", "wrapper")


def test_a_disk_that_fills_up_on_the_way_is_named(place):
    """A limit of 8 MiB for a file stands for the disk: the server's log begins with a file of 16."""
    done = run_in_namespace(place, "ulimit -f 8192", "--json")
    check_refused(done, 3, "initdb failed (is the disk full")
    check_nothing_left(place)
