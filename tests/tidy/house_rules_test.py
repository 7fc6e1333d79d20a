"""Goal: the checkout keeps every rule, and each rule is seen to name what breaks it.
Method: the checkout as it is; then, for each rule, small trees with one mistake and with none."""

import pathlib

import pytest

from house_rules import (RULES, Tree, banned_names, changelog_form, decision_numbers, file_lengths,
                         file_names, folder_readmes, message_rows, registered_tests,
                         unfinished_marks, workplace_words)

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_checkout_keeps(rule):
    assert list(rule(Tree(ROOT))) == []


def findings(rule, folder, files):
    """Returns what the rule says of a tree with these files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return list(rule(Tree(folder, files)))


DECISION = "# T\n**Context.** **Decision.** **Alternatives.** **Consequences.**\n"
CHANGELOG = "# Changes\n\n## Unreleased\n\n### Added\n\n- A.\n\n## 0.2.0 - 2026-02-01\n\n## 0.1.0 - 2026-01-01\n"

BROKEN = [
    (file_names, {"src/base/ByteCursor.h": ""}, "snake_case"),
    (banned_names, {"src/base/string_util.h": ""}, "'util' says nothing"),
    (banned_names, {"src/common/lsn.h": ""}, "'common' says nothing"),
    (banned_names, {"src/base/slot.h": "class [[nodiscard]] SlotManager {\n"}, "slot.h:1: 'Manager'"),
    (registered_tests, {"CMakeLists.txt": "weir_library(base)\n", "src/lost/a_test.cpp": ""}, "weir_library(lost"),
    (registered_tests, {"CMakeLists.txt": "", "simulate/a_test.cpp": ""}, "no CMakeLists.txt names it"),
    (registered_tests, {"CMakeLists.txt": "", "tests/integration/test_demo.py": ""}, "*_test.py"),
    (unfinished_marks, {"src/base/a.cpp": "int a;\n// FIX" + "ME later\n"}, "a.cpp:2"),
    (unfinished_marks, {"tools/a.py": "# XX" + "X\n"}, "a.py:1"),
    (file_lengths, {"src/base/a.cpp": "\n" * 801}, "801 lines"),
    (workplace_words, {"README.md": "see /" + "work/main\n"}, "README.md:1"),
    (workplace_words, {"docs/a.md": "see ../" + "shared/x\n"}, "docs/a.md:1"),
    (workplace_words, {"tools/a.sh": "curl https://" + "pypi" + ".org/simple\n"}, "a.sh:1"),
    (changelog_form, {"CHANGELOG.md": "## 0.1.0 - 2026-01-01\n"}, "Unreleased"),
    (changelog_form, {}, "Unreleased"),
    (changelog_form, {"CHANGELOG.md": "## Unreleased\n## v1\n"}, "1.2.3"),
    (changelog_form, {"CHANGELOG.md": "## Unreleased\n## 0.1.0 - 2026-01-01\n## 0.2.0 - 2026-02-01\n"}, "newest"),
    (changelog_form, {"CHANGELOG.md": "## Unreleased\n### News\n"}, "sections are"),
    (decision_numbers, {"docs/decisions/0001-a.md": DECISION, "docs/decisions/0001-b.md": DECISION}, "taken by"),
    (decision_numbers, {"docs/decisions/first.md": DECISION}, "NNNN-title.md"),
    (decision_numbers, {"docs/decisions/0001-a.md": "Context, decision, consequences"}, "Alternatives"),
    (folder_readmes, {"src/base/a.h": ""}, "src/base: no README.md"),
    (message_rows, {"docs/messages.md": "| `cannot fly` | m | r |\n", "src/base/a.cpp": '"cannot swim"'}, "cannot fly"),
    (message_rows, {"docs/messages.d/a.md": "| one | two |\n"}, "a row is"),
]

KEPT = [
    (file_names, {"src/base/byte_cursor.h": "", "src/base/README.md": ""}),
    (banned_names, {"src/base/common_words_of_sql.md": "", "src/base/lease.h": "struct SlotLease {\n"}),
    (registered_tests, {"CMakeLists.txt": "weir_library(base DEPENDS x)\n", "src/base/a_test.cpp": "", "tests/a_test.py": ""}),
    (unfinished_marks, {"src/base/a.cpp": "// TODO: a lease that is renewed while the disk is full.\n"}),
    (file_lengths, {"src/base/a.cpp": "\n" * 800}),
    (workplace_words, {"docs/a.md": "a shared data folder, /home/user/work/, PyPI\n"}),
    (changelog_form, {"CHANGELOG.md": CHANGELOG}),
    (decision_numbers, {"docs/decisions/0001-a.md": DECISION, "docs/decisions/0002-b.md": DECISION}),
    (folder_readmes, {"src/base/a.h": "", "src/base/README.md": ""}),
    (message_rows, {"docs/messages.md": "| message | meaning | remedy |\n|---|---|---|\n| `cannot swim, table=…` | m | r |\n",
                    "src/base/a.cpp": '"cannot "\n    "swim, table={}"'}),
]


@pytest.mark.parametrize("rule, files, named", BROKEN)
def test_a_broken_rule_is_named(tmp_path, rule, files, named):
    assert any(named in message for message in findings(rule, tmp_path, files))


@pytest.mark.parametrize("rule, files", KEPT)
def test_a_kept_rule_is_silent(tmp_path, rule, files):
    assert findings(rule, tmp_path, files) == []


def test_every_rule_was_seen_to_fail():
    assert {rule for rule, _, _ in BROKEN} == set(RULES)
