"""What a check found, and how the reports of GoogleTest, ctest and pytest say it."""

import dataclasses
import pathlib
import xml.etree.ElementTree as xml


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """One check: `state` is passed, failed or skipped; `reason` says why it is not passed."""

    name: str
    state: str
    reason: str = ""


def _reason(element):
    """Returns the first words of a <failure>, <error> or <skipped> element."""
    return ((element.get("message") or "") + "\n" + (element.text or "")).strip()


def _case_result(name, case):
    for tag in ("failure", "error"):
        if (found := case.find(tag)) is not None:
            return CheckResult(name, "failed", _reason(found))
    if (found := case.find("skipped")) is not None:
        return CheckResult(name, "skipped", _reason(found) or "no reason given")
    if case.get("status") in ("notrun", "disabled"):
        return CheckResult(name, "skipped", "disabled or not run")
    if case.get("status") == "fail":
        return CheckResult(name, "failed", (case.findtext("system-out") or "")[-4000:])
    return CheckResult(name, "passed")


def read_cases(report):
    """Returns the results in a JUnit-like report; GoogleTest, ctest and pytest write one each."""
    cases = xml.parse(report).getroot().iter("testcase")
    return [_case_result(f"{case.get('classname')}.{case.get('name')}", case) for case in cases]


def read_ctest(junit, case_folder):
    """Returns the results of a ctest run whose GoogleTest programs wrote NAME_test.xml into
    `case_folder`. A program that wrote its report counts by its cases; one that broke before, or
    that is no GoogleTest program, counts as the one test that ctest saw."""
    results = []
    for case in xml.parse(junit).getroot().iter("testcase"):
        name = case.get("name")
        whole = _case_result(name, case)
        report = pathlib.Path(case_folder) / f"{name}_test.xml"
        cases = read_cases(report) if report.exists() else []
        results += [dataclasses.replace(each, name=f"{name}: {each.name}") for each in cases]
        if not cases or (whole.state == "failed" and all(c.state != "failed" for c in cases)):
            results.append(whole)
    return results
