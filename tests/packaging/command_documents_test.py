"""Goal: the man page and the completion say what the command line has, no more and no less.

Method: `weir --help` and `weir COMMAND --help` are the truth. The man page is read as text; the completion is
asked by bash, as the shell would.
"""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = pathlib.Path(os.environ.get("WEIR_BUILD", ROOT / "build/release")).absolute() / "weir"
EVERYWHERE = {"--help", "--json", "--config"}


def help_of(command):
    """Returns the options and the subcommands of a command."""
    text = subprocess.run([WEIR, *command.split(), "--help"], check=True, capture_output=True, text=True).stdout
    _, _, commands = text.partition("\nSubcommands:\n")
    return set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.MULTILINE)), re.findall(r"^  ([\w-]+)  ", commands, re.MULTILINE)


def read_command_line():
    """Returns {command: its options} of every command that does something."""
    options, waiting = {}, [""]
    while waiting:
        command = waiting.pop()
        found, under = help_of(command)
        if not under:
            options[command] = found - EVERYWHERE
        waiting += [f"{command} {name}".strip() for name in under]
    return options


COMMANDS = read_command_line()


def complete(*words):
    """Returns what bash offers when the last of these words is being written."""
    script = f'source {ROOT}/packaging/weir.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _weir; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", script, "-", "weir", *words], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def man_page():
    return (ROOT / "packaging/weir.1").read_text().replace("\\-", "-")


def man_commands():
    """Returns {command: the options that its paragraph names}."""
    section = man_page().partition(".SH COMMANDS\n")[2].partition(".SH OPTIONS\n")[0]
    return {re.match(r"\.B ([a-z -]*[a-z])", part)[1]: set(re.findall(r"(?<!\S)--[\w-]+", part))
            for part in section.split(".TP\n") if part}


def test_the_man_page_has_every_command_with_its_options():
    assert man_commands() == COMMANDS


def test_the_man_page_has_the_options_of_every_command():
    section = man_page().partition(".SH OPTIONS\n")[2].partition(".SH EXIT STATUS\n")[0]
    assert set(re.findall(r"^\.B (--[\w-]+)", section, re.MULTILINE)) == help_of("")[0]


def test_the_completion_offers_every_command():
    assert complete("") == help_of("")[0] | set(help_of("")[1])
    assert complete("--config", "x.yaml", "q") == {"quality", "quarantine", "query"}


@pytest.mark.parametrize("command", [*COMMANDS, "ledger", "quarantine"])
def test_the_completion_offers_the_options_of(command):
    options, under = help_of(command)
    assert complete(*command.split(), "") == options | set(under) | EVERYWHERE
