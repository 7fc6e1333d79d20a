"""Goal: the bill of materials is what the pins say, and nothing in it has a licence we do not allow."""

import json
import pathlib

import pytest

import sbom

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = {"source": "apt", "name": "x", "version": "-", "role": "linked", "sha256": "-", "licence": "MIT"}


def test_the_committed_bill_is_what_the_pins_say():
    assert json.loads((ROOT / sbom.SBOM).read_text()) == sbom.make_sbom(sbom.read_version(ROOT), sbom.read_rows(ROOT))


def test_no_licence_outside_the_allow_list():
    assert sbom.refused_licences(sbom.read_rows(ROOT)) == []


@pytest.mark.parametrize("role, licence", [
    ("linked", "GPL-3.0-or-later"), ("beside", "AGPL-3.0-only"), ("build", "BUSL-1.1"), ("linked", "NOASSERTION")])
def test_a_refused_licence_is_named(role, licence):
    assert sbom.refused_licences([{**ROW, "role": role, "licence": licence}]) == [f"x: {licence}"]


def test_one_allowed_alternative_is_enough():
    assert sbom.refused_licences([{**ROW, "licence": "GPL-1.0-or-later OR MIT"}]) == []


def test_a_tool_may_be_under_the_gpl():
    assert sbom.refused_licences([{**ROW, "role": "build", "licence": "GPL-3.0-or-later"}]) == []


def test_a_python_package_without_a_licence_stops():
    with pytest.raises(SystemExit, match="mystery"):
        sbom.read_requirements("mystery==1.0 \\\n", "# none\n")


def test_every_pin_outside_apt_has_a_hash():
    for row in sbom.read_pins((ROOT / "tools/pins").read_text()):
        assert row["source"] == "apt" or len(row["sha256"]) == 64, row["name"]


def test_relationships_point_at_packages():
    document = sbom.make_sbom("1", sbom.read_rows(ROOT))
    known = {package["SPDXID"] for package in document["packages"]} | {"SPDXRef-DOCUMENT"}
    assert len(known) == len(document["packages"]) + 1
    for relationship in document["relationships"]:
        assert {relationship["spdxElementId"], relationship["relatedSpdxElement"]} <= known
