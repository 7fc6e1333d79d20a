"""Writes the software bill of materials (SPDX 2.3, JSON) from the pins: sbom.py [--check].

Same pins, same bytes. With --check it writes nothing and fails if docs/sbom.spdx.json is not what the
pins say.
"""

import json
import pathlib
import re
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
SBOM = "docs/sbom.spdx.json"
RELATION = {"linked": ("weir", "DEPENDS_ON"), "beside": ("weir", "RUNTIME_DEPENDENCY_OF"),
            "build": ("weir", "BUILD_TOOL_OF"), "test": ("weir", "TEST_TOOL_OF"),
            "servers": ("weir", "TEST_TOOL_OF"), "bench": ("weir", "TEST_TOOL_OF"), "lint": ("weir", "DEV_TOOL_OF")}
PURL = {"apt": "pkg:deb/debian/", "go": "pkg:golang/", "maven": "pkg:maven/", "npm": "pkg:npm/", "wheel": "pkg:pypi/", "sdist": "pkg:pypi/"}

# Licences that a part of the product, or a program that runs beside it, may have. What only builds or
# checks it may be under the GPL or AGPL as well: it leaves nothing of its own in the product.
ALLOWED = {"Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Artistic-1.0-Perl", "BSD-2-Clause", "BSD-3-Clause",
           "MIT", "MPL-2.0", "PSF-2.0", "PostgreSQL", "curl"}
ALLOWED_TOOLS = ALLOWED | {"AGPL-3.0-only", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-or-later", "ISC",
                           "GPL-3.0-or-later WITH GCC-exception-3.1"}


def read_pins(text):
    """Returns the rows of tools/pins."""
    rows = [line.split(maxsplit=5) for line in text.splitlines() if line and not line.startswith("#")]
    return [dict(zip(("source", "name", "version", "role", "sha256", "licence"), row, strict=True)) for row in rows]


def read_requirements(requirements, licences):
    """Returns the rows of tools/requirements.txt; fails on a package whose licence is not written down."""
    known = dict(line.split(maxsplit=1) for line in licences.splitlines() if not line.startswith("#"))
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", requirements, re.MULTILINE)
    if unknown := [name for name, _ in pins if name not in known]:
        raise SystemExit(f"sbom: no licence in tools/python_licences for: {', '.join(unknown)}")
    return [{"source": "wheel", "name": name, "version": version, "role": "beside", "sha256": "-",
             "licence": known[name]} for name, version in pins]


def refused_licences(rows):
    """Returns the packages none of whose licences is allowed for their role."""
    refused = []
    for row in rows:
        allowed = ALLOWED if row["role"] in ("linked", "beside") else ALLOWED_TOOLS
        if not allowed & set(row["licence"].split(" OR ")):
            refused.append(f"{row['name']}: {row['licence']}")
    return refused


def _identifier(row):
    version = f"-{row['version']}" if row["source"] == "maven" else ""  # Several of one name.
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", f"{row['role']}-{row['source']}-{row['name']}{version}")


def _package(row):
    package = {"SPDXID": _identifier(row), "name": row["name"], "downloadLocation": "NOASSERTION",
               "filesAnalyzed": False, "licenseConcluded": row["licence"], "licenseDeclared": row["licence"],
               "copyrightText": "NOASSERTION"}
    locator = PURL[row["source"]] + row["name"].replace("@", "%40").replace(":", "/")
    if row["version"] != "-":
        package["versionInfo"] = row["version"]
        locator += "@" + row["version"]
    if row["sha256"] != "-":
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": row["sha256"]}]
    package["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                "referenceLocator": locator}]
    return package


def _relationship(row):
    _, kind = RELATION[row["role"]]
    ends = ("SPDXRef-weir", _identifier(row))
    first, second = ends if kind == "DEPENDS_ON" else reversed(ends)
    return {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}


def make_sbom(version, rows):
    """Returns the document. It names no time but the epoch: it is a function of the pins."""
    weir = {"SPDXID": "SPDXRef-weir", "name": "weir", "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
            "copyrightText": "NOASSERTION"}
    content = json.dumps([version, rows], sort_keys=True)
    described = {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-weir"}
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"weir-{version}",
        "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}",
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: tools/sbom.py"]},
        "packages": [weir, *map(_package, rows)],
        "relationships": [described, *map(_relationship, rows)],
    }


def read_rows(root):
    tools = root / "tools"
    return read_pins((tools / "pins").read_text()) + read_requirements(
        (tools / "requirements.txt").read_text(), (tools / "python_licences").read_text())


def read_version(root):
    return re.search(r"project\(weir VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text())[1]


def main(words):
    text = json.dumps(make_sbom(read_version(ROOT), read_rows(ROOT)), indent=1) + "\n"
    if "--check" in words:
        return 0 if (ROOT / SBOM).read_text() == text else f"{SBOM} is not what the pins say: run tools/sbom.py"
    (ROOT / SBOM).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
