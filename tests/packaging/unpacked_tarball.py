"""Goal: the tarball runs wherever it is unpacked, with nothing of the checkout: unpacked_tarball.py BUILD.
Method: unpack it into a new folder, run `weir --version` with an empty environment, see where each
library comes from, and look for what must be inside."""

import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from package import make_package  # noqa: E402
from sbom import read_version  # noqa: E402

INSIDE = ["bin/weir", "bin/weir-simulate", "share/weir/LICENSE", "share/weir/NOTICE", "share/weir/sbom.spdx.json",
          "share/weir/requirements.txt", "share/weir/weir.schema.json", "share/weir/verify_receipt.py",
          "share/man/man1/weir.1", "share/bash-completion/completions/weir"]
BUNDLED = ("libarrow", "libparquet", "libduckdb", "libfmt", "libyaml-cpp", "libcpp-httplib", "libbrotli")


def run(*command):
    return subprocess.run([str(word) for word in command], env={}, capture_output=True, text=True)


def foreign_crypto(prefix):
    """Yields the libraries whose cryptography is not the system's: Parquet's library exports an OpenSSL too."""
    bound = run("/usr/bin/env", "LD_DEBUG=bindings", "LD_BIND_NOW=1", prefix / "bin/weir", "--version").stderr
    users = re.findall(r"binding file (\S+) \[0\] to \S*/libparquet\.\S+ \[0\]: normal symbol `(?:EVP|SHA256|RAND)_", bound)
    yield from (f"{user} takes its cryptography from libparquet" for user in sorted(set(users)) if "libparquet" not in user)
    if "`EVP_" not in bound:
        yield "weir binds no cryptography at all"


def findings(prefix):
    """Yields what is wrong with an unpacked tarball."""
    for path in INSIDE:
        if not (prefix / path).exists():
            yield f"{path} is not inside"
    if not any((prefix / "share/weir/models").rglob("dbt_project.yml")):
        yield "no dbt project under share/weir/models"
    answer = run(prefix / "bin/weir", "--version")
    if answer.returncode != 0 or read_version(ROOT) not in answer.stdout:
        yield f"weir --version: exit {answer.returncode}: {answer.stdout}{answer.stderr}"
    for line in run("/usr/bin/ldd", prefix / "bin/weir").stdout.splitlines():
        if "not found" in line or (line.strip().startswith(BUNDLED) and str(prefix) not in line):
            yield f"a library is not that of the tarball: {line.strip()}"
    yield from foreign_crypto(prefix)
    for path in prefix.rglob("*"):
        if path.suffix in (".yml", ".sql", ".json", ".1", "") and path.is_file() and str(ROOT).encode() in path.read_bytes():
            yield f"{path.relative_to(prefix)} names the checkout"


def main(build):
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        tarball = make_package(build, here / "dist")
        with tarfile.open(tarball) as archive:
            archive.extractall(here / "elsewhere")
        found = list(findings(here / "elsewhere" / tarball.name.removesuffix(".tar.gz")))
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
