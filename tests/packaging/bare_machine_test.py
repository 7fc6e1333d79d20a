"""Goal: the first command sets up a bare Debian 12, and nothing is done twice.

Method: set-up runs again where everything is there, with stand-ins for what would install or fetch: each says
that it was called, and fails. With WEIR_TEST_FULL=1 also, as root, a Debian 12 made by debootstrap: set-up in it
as the first command, then the configuration of the build, then set-up again with the stand-ins.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCHERS = ("apt-get", "sudo", "npm", "curl", "wget", "pip", "pip3")
FULL = os.environ.get("WEIR_TEST_FULL") == "1"


def stand_ins(folder, calls):
    """Fills the folder with programs that write their name and words to the file `calls`, and fail."""
    folder.mkdir()
    for name in FETCHERS:
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{calls}"\nexit 1\n')
        (folder / name).chmod(0o755)
    return folder


def set_up_again(tmp_path, deps):
    """Runs tools/set-up with the stand-ins first in PATH; returns it finished, and what was called."""
    programs, calls = stand_ins(tmp_path / "programs", tmp_path / "calls"), tmp_path / "calls"
    done = subprocess.run([ROOT / "tools/set-up"], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "WEIR_DEPS": str(deps)})
    return done, calls.read_text() if calls.exists() else ""


def linked_deps(tmp_path, *parts):
    """Returns a folder like .deps with only these parts of it."""
    deps = tmp_path / "deps"
    deps.mkdir()
    for part in parts:
        (deps / part).symlink_to((ROOT / ".deps" / part).resolve())
    return deps


def test_nothing_is_done_twice(tmp_path):
    parts = sorted(path.name for path in (ROOT / ".deps").iterdir() if path.is_dir() and not path.name.startswith("."))
    done, calls = set_up_again(tmp_path, linked_deps(tmp_path, *parts))
    assert (done.returncode, done.stdout, done.stderr, calls) == (0, "", "", "")


def test_what_is_missing_is_fetched(tmp_path):
    done, calls = set_up_again(tmp_path, linked_deps(tmp_path, "python", "arrow"))
    assert done.returncode != 0
    assert "installs" in done.stderr and "duckdb" in done.stderr
    assert calls.startswith("npm pack") and "@duckdb/node-bindings-linux-x64@" in calls


class BareDebian:
    """A Debian 12 of nothing but its base in a folder, with this checkout in /root/weir and a network like ours."""

    # Mounts and processes are those of namespaces that go with the command, a server that apt starts among them.
    ENTER = """set -e
    mount -t proc proc "$1/proc"; mount -t sysfs sysfs "$1/sys"; mount --rbind /dev "$1/dev"
    exec chroot "$1" /bin/sh -c "cd /root/weir && $2" """
    OWN = ("unshare", "--mount", "--pid", "--fork", "--kill-child")

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", folder], check=True,
                       stdout=subprocess.DEVNULL)
        shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", folder / "root/ca.crt")
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                               capture_output=True).stdout
        packed = subprocess.run(["tar", "-c", "--null", "-T", "-"], cwd=ROOT, input=files, check=True,
                                capture_output=True).stdout
        (folder / "root/weir").mkdir()
        subprocess.run(["tar", "-x", "-C", folder / "root/weir"], input=packed, check=True)

    def run(self, command, path="/usr/sbin:/usr/bin:/sbin:/bin"):
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        trust = dict.fromkeys(("PIP_CERT", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"), "/root/ca.crt")
        return subprocess.run([*self.OWN, "/bin/sh", "-c", self.ENTER, "-", self.folder, command],
                              capture_output=True, text=True, timeout=3000,
                              env={**proxies, **trust, "PATH": path, "HOME": "/root", "LANG": "C.UTF-8"})


def sets_up(bare):
    first = bare.run("tools/set-up")
    assert first.returncode == 0, first.stderr[-3000:]
    built = bare.run("cmake --preset release")
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    stand_ins(bare.folder / "root/programs", "/root/calls")
    second = bare.run("tools/set-up", path="/root/programs:/usr/sbin:/usr/bin:/sbin:/bin")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert not (bare.folder / "root/calls").exists()


# It takes ten minutes and about 4 GiB, and only root can do it: elsewhere there is no such test.
if FULL and os.geteuid() == 0 and shutil.which("debootstrap"):
    def test_the_first_command_sets_up_a_bare_debian():
        with tempfile.TemporaryDirectory(prefix="weirdebian.") as folder:
            sets_up(BareDebian(pathlib.Path(folder)))
