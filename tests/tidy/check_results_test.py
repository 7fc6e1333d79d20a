"""Goal: a failure, a skip and a crash are each counted as what they are, case by case."""

from check_results import CheckResult, read_cases, read_ctest

GOOGLE_TEST = """<?xml version="1.0"?><testsuites><testsuite name="S">
<testcase name="a" status="run" result="completed" classname="S"/>
<testcase name="b" status="run" result="completed" classname="S"><failure message="x.cpp:1&#10;no" type="">x</failure></testcase>
<testcase name="c" status="run" result="skipped" classname="S"><skipped message="x.cpp:2&#10;no data">y</skipped></testcase>
<testcase name="d" status="notrun" result="suppressed" classname="S"/>
</testsuite></testsuites>"""
CTEST = """<?xml version="1.0"?><testsuite>
<testcase name="base" classname="base" status="{}"><system-out>boom</system-out>{}</testcase></testsuite>"""


def test_each_case_of_googletest_has_its_state(tmp_path):
    (tmp_path / "r.xml").write_text(GOOGLE_TEST)
    results = read_cases(tmp_path / "r.xml")
    assert [each.state for each in results] == ["passed", "failed", "skipped", "skipped"]
    assert "no data" in results[2].reason and "disabled" in results[3].reason


def test_a_program_counts_by_its_cases(tmp_path):
    (tmp_path / "base_test.xml").write_text(GOOGLE_TEST)
    (tmp_path / "c.xml").write_text(CTEST.format("fail", '<failure message="Failed"/>'))
    assert len(read_ctest(tmp_path / "c.xml", tmp_path)) == 4


def test_a_program_that_broke_before_its_report_is_one_failure(tmp_path):
    (tmp_path / "c.xml").write_text(CTEST.format("fail", ""))
    assert read_ctest(tmp_path / "c.xml", tmp_path) == [CheckResult("base", "failed", "boom")]


def test_a_failing_program_with_a_clean_report_fails(tmp_path):
    clean = '<testsuites><testcase name="a" classname="S" status="run"/></testsuites>'
    (tmp_path / "base_test.xml").write_text(clean)
    (tmp_path / "c.xml").write_text(CTEST.format("fail", '<failure message="leak"/>'))
    assert [each.state for each in read_ctest(tmp_path / "c.xml", tmp_path)] == ["passed", "failed"]
