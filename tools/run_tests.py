"""Runs every check of this checkout: ./dev test [--full] [--only GROUP].

Prints each group, each failure with its output, each skip with its reason, and last the counts. The
exit code is 1 if a check failed. Where the test data are at hand a skip is a failure: the data are in
WEIR_SHARED_DATA, or in a folder shared/data beside the checkout.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import time

from check_results import CheckResult, read_cases, read_ctest

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
CORES = str(os.cpu_count() or 2)
PYTHON_TESTS = ("tests", "tools", "bench", "models", "simulate")
# Run again on other servers: what capture asks of them; the long ones, and what other servers do the same, with --full.
SERVER_TESTS = ("acknowledgement", "ddl", "drop", "identity", "least_privilege", "partitions", "random_statements",
                "snapshot_resume", "snapshot_tables", "types")
SERVER_TESTS_FULL = (*SERVER_TESTS, "authentication", "chain", "pooler", "recovery_order", "slot_life", "status",
                     "thousand_tables")
THREADS = re.compile(r"std::(jthread|thread|async)\b")


def run(*command, **options):
    """Runs a command in the checkout; returns it finished, with its output and errors as one text."""
    return subprocess.run(
        [str(word) for word in command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def result_of(name, finished):
    """Returns the one result of a command whose exit code is its verdict."""
    return CheckResult(name, "passed" if finished.returncode == 0 else "failed", finished.stdout[-8000:])


def cpp_files(*patterns):
    listed = run("git", "ls-files", "-co", "--exclude-standard", *(patterns or ("*.h", "*.cpp"))).stdout
    return [path for path in listed.splitlines() if (ROOT / path).exists()]


def build(preset, *targets):
    """Configures and builds; returns a failed result for what broke, else None."""
    configured = run("cmake", "--preset", preset)
    if configured.returncode != 0:
        return result_of(f"configure {preset}", configured)
    wanted = ["--target", *targets] if targets else []
    built = run("cmake", "--build", f"build/{preset}", "-j", CORES, *wanted)
    return None if built.returncode == 0 else result_of(f"build {preset}", built)


def ctest(preset, *choice, environment=None):
    """Runs the chosen tests of a built preset, with the GoogleTest reports counted case by case."""
    folder = REPORTS / preset / "-".join(choice).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.xml"):
        old.unlink()
    junit = folder / "ctest.junit"
    finished = run(
        "ctest", "--test-dir", f"build/{preset}", "--output-junit", junit, "--no-tests=error",
        "--output-on-failure", *choice,
        env={**os.environ, "GTEST_OUTPUT": f"xml:{folder}/", **(environment or {})})
    if not junit.exists():
        return [result_of(f"ctest {preset}", finished)]
    return read_ctest(junit, folder)


def pytest(*arguments, environment=None):
    """Runs Python tests; an empty choice is no failure, a run that broke down is one."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / "pytest.xml"
    report.unlink(missing_ok=True)
    finished = run(sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments,
                   env={**os.environ, **(environment or {})})
    results = read_cases(report) if report.exists() else []
    if finished.returncode not in (0, 5) and all(each.state != "failed" for each in results):
        results.append(result_of("pytest", finished))
    return results


def check_format(_):
    return [result_of("clang-format", run("clang-format-19", "--dry-run", "-Werror", *cpp_files()))]


def check_rules(_):
    layers = run(sys.executable, "tests/tidy/check_layers.py", ROOT)
    return [result_of("layers", layers), *pytest("tests/tidy")]


def recent_sources():
    """Returns the C++ sources of the last ten commits; a header stands for the source beside it."""
    changed = run("git", "log", "-10", "--no-merges", "--name-only", "--format=").stdout.split()
    sources = {re.sub(r"\.h$", ".cpp", path) for path in changed}
    return sorted(sources & set(cpp_files("*.cpp")))


def check_lint(options):
    configured = run("cmake", "--preset", "tidy")
    if configured.returncode != 0:
        return [result_of("configure tidy", configured)]
    commands = (ROOT / "build/tidy/compile_commands.json").read_text()
    known = [path for path in cpp_files("*.cpp") if f'"{ROOT / path}"' in commands]
    chosen = known if options.full else sorted(set(known) & set(recent_sources()))
    if not chosen:
        return [CheckResult("clang-tidy: no C++ source in the last ten commits", "passed")]
    return tidy(chosen)


def tidy(paths):
    """Runs one clang-tidy per core, each with the next file; a file is a result."""
    waiting, running, results = list(paths), {}, []
    while waiting or running:
        while waiting and len(running) < int(CORES):
            path = waiting.pop()
            running[path] = subprocess.Popen(
                ["clang-tidy-19", "--quiet", "-p", "build/tidy", path], cwd=ROOT, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        path, process = next(iter(running.items()))
        output, _ = process.communicate()
        del running[path]
        results.append(CheckResult(f"clang-tidy {path}", "failed" if process.returncode else "passed", output))
    return results


def check_unit(_):
    broken = build("asan")
    return [broken] if broken else ctest("asan", "-L", "unit")


def threaded_folders():
    """Returns the folders of src with code or tests that start threads; clang's TSan watches them."""
    sources = [path for path in cpp_files("src/*") if THREADS.search((ROOT / path).read_text())]
    tested = {path.split("/")[1] for path in cpp_files("src/*_test.cpp") if "_integration_" not in path}
    return sorted({path.split("/")[1] for path in sources} & tested)


def check_threads(_):
    folders = threaded_folders()
    if not folders:
        return [CheckResult("no unit test starts a thread", "passed")]
    broken = build("tsan", *(f"{folder}_test" for folder in folders))
    if broken:
        return [broken]
    # Libraries that are not instrumented stay on one thread or are suppressed by name.
    # TSan holds its own locks over a fork, more than its deadlock detector can count.
    options = f"suppressions={ROOT}/tests/tsan_suppressions.txt halt_on_error=1 detect_deadlocks=0"
    return ctest("tsan", "-R", f"^({'|'.join(folders)})$", "--timeout", "300",
                 environment={"TSAN_OPTIONS": options, "OMP_NUM_THREADS": "1"})


def check_server(version, tests):
    """Runs the tests of capture again, on another PostgreSQL."""
    programs = ROOT / f".deps/postgresql{version}/bin"
    if not (programs / "initdb").exists():
        return [CheckResult(f"postgresql {version}", "failed", f"{programs} is missing: tools/set-up --test --servers")]
    environment = {"WEIR_POSTGRES_PROGRAMS": str(programs)}
    results = [*ctest("release", "-R", "^(capture|app)_integration$", environment=environment),
               *pytest(*(f"tests/integration/{name}_test.py" for name in tests), environment=environment)]
    return [dataclasses.replace(each, name=f"{each.name} [postgresql {version}]") for each in results]


def check_integration(options):
    broken = build("release")
    if broken:
        return [broken]
    os.environ.setdefault("WEIR_SHARE", str(ROOT))
    os.environ["WEIR_BUILD"] = str(ROOT / "build/release")
    os.environ["PATH"] = f"{ROOT}/.deps/python/bin:{os.environ['PATH']}"
    if options.full:
        os.environ["WEIR_TEST_FULL"] = "1"
    folders = [folder for folder in PYTHON_TESTS if (ROOT / folder).is_dir()]
    results = [*ctest("release", "-LE", "unit"), *pytest(*folders, "--ignore=tests/tidy")]
    for version in (16, 17, 18) if options.full else (18,):
        results += check_server(version, SERVER_TESTS_FULL if options.full else SERVER_TESTS)
    return results


def check_fuzz(_):
    broken = build("fuzz")
    if broken:
        return [broken]
    results = []
    for program in sorted((ROOT / "build/fuzz").glob("*_fuzz")):
        corpus = ROOT / "tests/corpus" / program.name
        seeds = [corpus] if corpus.exists() else []
        scratch = ROOT / "build/fuzz/corpus" / program.name
        scratch.mkdir(parents=True, exist_ok=True)
        finished = run(program, "-seed=1", "-max_total_time=60", "-rss_limit_mb=2048",
                       f"-artifact_prefix={scratch}/", scratch, *seeds)
        results.append(result_of(f"fuzz {program.name}", finished))
    return results


GROUPS = {
    "format": check_format,
    "rules": check_rules,
    "lint": check_lint,
    "unit": check_unit,
    "threads": check_threads,
    "integration": check_integration,
    "fuzz": check_fuzz,
}


def find_shared_data():
    """Returns the folder of test data, or None; a folder shared/data beside the checkout will do."""
    named = os.environ.get("WEIR_SHARED_DATA")
    folder = pathlib.Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def report(group, results, seconds):
    for each in results:
        if each.state == "failed":
            print(f"\nFAILED {group}: {each.name}\n{each.reason}\n")
        if each.state == "skipped":
            print(f"skipped {group}: {each.name}: {' '.join(each.reason.split())}")
    passed = sum(each.state == "passed" for each in results)
    print(f"{group}: {passed} of {len(results)} passed, {seconds:.0f} s", flush=True)


def parse_arguments(words):
    parser = argparse.ArgumentParser(prog="./dev test", description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="whole tree, long loops, fuzz targets")
    parser.add_argument("--only", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    return parser.parse_args(words)


def main(words):
    options = parse_arguments(words)
    data = find_shared_data()
    if data:
        os.environ["WEIR_SHARED_DATA"] = str(data)
    chosen = [options.only] if options.only else [g for g in GROUPS if g != "fuzz" or options.full]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for group in chosen:
        print(f"{group} ...", flush=True)
        start = time.monotonic()
        results = GROUPS[group](options)
        report(group, results, time.monotonic() - start)
        for each in results:
            counts[each.state] += 1
    if data and counts["skipped"]:
        print("the test data are here, so a skipped test is a failure")
    print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 1 if counts["failed"] or (data and counts["skipped"]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
