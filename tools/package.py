"""Makes dist/weir-<version>-linux-x86_64.tar.gz from a built folder: package.py BUILD DIST.

The tarball is a function of what was built: names are sorted, owners and times are fixed.
"""

import gzip
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from sbom import ROOT, read_version

EXECUTABLE, PLAIN = 0o755, 0o644


def install(build, prefix):
    """Puts the installed layout under `prefix`; see cmake/weir_package.cmake."""
    subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix), "--strip"],
                   check=True, stdout=subprocess.DEVNULL)
    if not (prefix / "bin/weir").exists():
        raise SystemExit("cannot make the package: this checkout builds no program weir yet")


def _entry(path, name):
    entry = tarfile.TarInfo(name)
    if path.is_symlink():
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        return entry, None
    data = path.read_bytes()
    entry.size, entry.mode = len(data), EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
    return entry, io.BytesIO(data)


def pack(prefix, tarball):
    """Writes every file under `prefix` into the tarball, below a folder of the tarball's name."""
    top = tarball.name.removesuffix(".tar.gz")
    with open(tarball, "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path in sorted(path for path in prefix.rglob("*") if path.is_symlink() or path.is_file()):
                archive.addfile(*_entry(path, f"{top}/{path.relative_to(prefix)}"))


def make_package(build, dist):
    """Returns the tarball it made."""
    dist.mkdir(parents=True, exist_ok=True)
    tarball = dist / f"weir-{read_version(ROOT)}-linux-x86_64.tar.gz"
    with tempfile.TemporaryDirectory() as folder:
        install(build, pathlib.Path(folder))
        pack(pathlib.Path(folder), tarball)
    return tarball


if __name__ == "__main__":
    print(make_package(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
