"""The rules of this house that a reader of text can check. Each is a function of a Tree and yields one
message per finding, starting with the place. house_rules_test.py sees each of them fail."""

import pathlib
import re
import subprocess

CODE_FOLDERS = ("src/", "simulate/", "tests/", "bench/", "fuzz/", "tools/", "models/")
SOURCE_SUFFIXES = {".h", ".cpp", ".py", ".go", ".sql", ".sh"}
LINES_MAX = 800

# Names we have not thought about yet, and what to write.
BANNED_NAMES = {
    "util": "the noun it works on, such as byte_cursor",
    "utils": "the noun it works on, such as byte_cursor",
    "helper": "what it makes or decides, such as retry_schedule",
    "helpers": "what they make or decide, such as retry_schedule",
    "common": "the folder whose word it is",
    "misc": "one file per noun",
    "manager": "what it owns or does, such as slot_lease",
}

# The words are put together here, so that this file does not break its own rule.
WORKPLACE = re.compile("|".join([
    r"(?<![\w.-])/" + r"work/", r"\.\./" + r"shared\b", r"/tmp/" + r"contract\b",
    r"registry\.npmjs" + r"\.org", r"pypi" + r"\.org", r"files\.pythonhosted" + r"\.org",
    r"proxy\.golang" + r"\.org", r"repo1?\.maven" + r"\.(apache\.)?org", r"index\.crates" + r"\.io",
    r"deb\.debian" + r"\.org",
]))
UNFINISHED = re.compile(r"\b(FIX" + r"ME|XX" + r"X)\b")


class Tree:
    """The files of a checkout that are, or are about to be, under version control."""

    def __init__(self, root, paths=None):
        self.root = pathlib.Path(root)
        self.paths = sorted(paths if paths is not None else self._listed())

    def _listed(self):
        command = ["git", "ls-files", "-co", "--exclude-standard"]
        listed = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return [path for path in listed.stdout.splitlines() if (self.root / path).is_file()]

    def text(self, path):
        """Returns the text of a file; of one that is no text, an empty one."""
        data = (self.root / path).read_bytes()
        return "" if b"\0" in data[:8000] else data.decode(errors="replace")

    def sources(self):
        return [path for path in self.paths if path.startswith(CODE_FOLDERS)
                and pathlib.PurePath(path).suffix in SOURCE_SUFFIXES]


def file_names(tree):
    """Sources are snake_case, so that a name is guessed right the first time."""
    for path in tree.sources():
        if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", pathlib.PurePath(path).name):
            yield f"{path}: a source file is named in snake_case"


def banned_names(tree):
    """No file, folder or type has a name that could hold anything."""
    for path in tree.sources():
        for word in re.split(r"[/_.\-]", path):
            if word in BANNED_NAMES:
                yield f"{path}: '{word}' says nothing; write {BANNED_NAMES[word]}"
    for path, number, line in _lines(tree, {".h", ".cpp", ".py"}):
        declared = re.match(r"\s*(?:class|struct|enum class|concept)\s+(?:\[\[\w+\]\]\s*)?(\w+)", line)
        for word in re.findall(r"[A-Z][a-z]+", declared[1]) if declared else []:
            if word.lower() in BANNED_NAMES:
                yield f"{path}:{number}: '{word}' says nothing; write {BANNED_NAMES[word.lower()]}"


def _lines(tree, suffixes):
    for path in tree.sources():
        if pathlib.PurePath(path).suffix in suffixes:
            for number, line in enumerate(tree.text(path).splitlines(), start=1):
                yield path, number, line


def registered_tests(tree):
    """No test is forgotten: C++ tests lie where weir_library looks, Python tests where pytest does."""
    libraries = "".join(tree.text(p) for p in tree.paths if p.endswith("CMakeLists.txt"))
    for path in tree.sources():
        folder = path.split("/")[1]
        if path.endswith("_test.cpp") and path.startswith("src/"):
            if not re.search(rf"weir_library\({folder}\b", libraries):
                yield f"{path}: no weir_library({folder} ...) builds it; add the folder to CMakeLists.txt"
        elif path.endswith("_test.cpp") and pathlib.PurePath(path).name not in libraries:
            if not re.search(rf"weir_(simulate_)?test|GLOB[^)]*_test", libraries):
                yield f"{path}: no CMakeLists.txt names it"
        if re.search(r"(^|/)test_\w+\.py$", path):
            yield f"{path}: pytest collects *_test.py; rename it"


def unfinished_marks(tree):
    """Notes to oneself stay with oneself; a TODO describes the missing thing in full."""
    for path, number, line in _lines(tree, SOURCE_SUFFIXES):
        if mark := UNFINISHED.search(line):
            yield f"{path}:{number}: {mark[0]} does not reach the main branch; finish it or describe a TODO"


def file_lengths(tree):
    """Past 800 lines a noun is missing."""
    for path in tree.sources():
        count = tree.text(path).count("\n")
        if count > LINES_MAX:
            yield f"{path}: {count} lines, at most {LINES_MAX}; a noun is missing"


def workplace_words(tree):
    """What is committed means the same on every machine: no path of one of them, no registry host."""
    for path in tree.paths:
        for number, line in enumerate(tree.text(path).splitlines(), start=1):
            if found := WORKPLACE.search(line):
                yield f"{path}:{number}: '{found[0]}' belongs to one machine or one registry"


def changelog_form(tree):
    """Newest first, Unreleased on top, only the known sections, only list items in them."""
    lines = tree.text("CHANGELOG.md").splitlines() if "CHANGELOG.md" in tree.paths else []
    releases = [line for line in lines if line.startswith("## ")]
    if not releases or releases[0] != "## Unreleased":
        yield "CHANGELOG.md: the first release is '## Unreleased'"
    versions = [re.fullmatch(r"## (\d+)\.(\d+)\.(\d+) - \d{4}-\d\d-\d\d", line) for line in releases[1:]]
    if not all(versions):
        yield "CHANGELOG.md: a release is '## 1.2.3 - 2026-01-31'"
    elif (numbers := [tuple(map(int, v.groups())) for v in versions]) != sorted(numbers, reverse=True):
        yield "CHANGELOG.md: the newest release comes first"
    for number, line in enumerate(lines, start=1):
        if line.startswith("### ") and line[4:] not in ("Added", "Changed", "Fixed", "Removed", "Security"):
            yield f"CHANGELOG.md:{number}: sections are Added, Changed, Fixed, Removed, Security"


def decision_numbers(tree):
    """A decision is NNNN-title.md with a number of its own and its four parts."""
    seen = {}
    for path in tree.paths:
        if not path.startswith("docs/decisions/") or path.endswith("README.md"):
            continue
        name = re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", path.rsplit("/", 1)[1])
        if not name:
            yield f"{path}: a decision is named NNNN-title.md"
            continue
        if other := seen.get(name[1]):
            yield f"{path}: the number is taken by {other}"
        seen[name[1]] = path
        for part in ("Context", "Decision", "Alternatives", "Consequences"):
            if part.lower() not in tree.text(path).lower():
                yield f"{path}: it does not tell its {part}"


def folder_readmes(tree):
    """Each folder of src says what enters, what leaves and what belongs elsewhere."""
    for folder in sorted({"/".join(p.split("/")[:2]) for p in tree.paths if re.match(r"src/\w+/", p)}):
        if f"{folder}/README.md" not in tree.paths:
            yield f"{folder}: no README.md"


def message_rows(tree):
    """Each row of the catalogue starts like a message that the sources can still say."""
    catalogue = [p for p in tree.paths if p == "docs/messages.md" or p.startswith("docs/messages.d/")]
    speakers = [*tree.sources(), *(p for p in tree.paths if p == "tools/set-up")]
    sources = "\n".join(tree.text(path) for path in speakers)
    sources = re.sub(r'"\s*\n\s*"', "", sources)
    for path in catalogue:
        for number, line in enumerate(tree.text(path).splitlines(), start=1):
            if row := re.match(r"\|\s*`([^`]+)`\s*\|", line):
                start = re.split(r"[({<…=]|\.\.\.|\b[A-Z]{2,}\b", row[1])[0].strip().rstrip(":,")
                if start and start not in sources:
                    yield f"{path}:{number}: no source says '{start}'"
            elif line.startswith("|") and line.count("|") != 4 and "`" not in line:
                yield f"{path}:{number}: a row is message | what it means | remedy"


RULES = (file_names, banned_names, registered_tests, unfinished_marks, file_lengths, workplace_words,
         changelog_form, decision_numbers, folder_readmes, message_rows)
