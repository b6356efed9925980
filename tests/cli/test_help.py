"""The help: what people do first, commands by purpose, options by section, examples that are right; completion."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from planrace.checker.cli.app import app
from planrace.checker.cli.help import HelpfulCommand, HelpfulGroup, Page, Purpose, Topic, topic_of
from planrace.checker.cli.main import run
from planrace.checker.cli.values import Setting
from tests import ROOT

COMMAND = [sys.executable, "-c", "from planrace.checker.cli import main; main()"]
LINE = 60
"""The most characters of a command's line, so that it stays one at 80 columns."""


def commands(at: click.Command = app, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its name, that of ``check`` itself first."""
    yield " ".join(words) or "check", at
    if isinstance(at, click.Group):
        for name, command in at.commands.items():
            yield from commands(command, (*words, name))


ALL = dict(commands())


def page_of(command: click.Command) -> Page:
    assert isinstance(command, HelpfulCommand | HelpfulGroup)
    return command.page


def help_of(name: str, width: int = 80) -> str:
    environment = {**os.environ, "COLUMNS": str(width), "FORCE_COLOR": "1"}
    words = [] if name == "check" else name.split()
    done = subprocess.run(
        [*COMMAND, *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


# Examples --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ALL)
def test_every_command_has_examples_that_its_options_take(name: str) -> None:
    page = page_of(ALL[name])
    assert page.examples
    for call, meaning in page.examples:
        program, *words = shlex.split(call)
        command: click.Command = app
        path: list[str] = []
        while isinstance(command, click.Group) and words and words[0] in command.commands:
            path.append(words.pop(0))
            command = command.commands[path[-1]]
        assert (program, " ".join(path) or "check") == ("check", name) or (name == "baseline" and path[0] == name)
        with command.make_context(program, words):  # a wrong option or value is an error
            pass
        assert meaning
        assert not meaning.endswith(".")


@pytest.mark.parametrize("name", [n for n in ALL if n != "check"])
def test_every_command_has_a_line_and_a_purpose(name: str) -> None:
    page = page_of(ALL[name])
    assert page.line.endswith((".", "?"))
    assert len(page.line) <= LINE
    assert (page.purpose is Purpose.OTHER) is (" " in name)  # those of a group are listed there


# What it looks like ----------------------------------------------------------------------------------------------
def test_the_help_begins_with_what_people_do() -> None:
    text = help_of("check")
    head, _, options = text.partition(f"{Topic.WHAT}:")
    titles = re.findall(r"^(\S.*):$", head, re.MULTILINE)
    assert titles == ["Examples", *(p.value for p in Purpose if f"{p}:" in head)]
    assert len(re.findall(r"^  check( |$)", head, re.MULTILINE)) == 3
    for name, command in ALL.items():
        if name in app.commands:
            assert re.search(rf"^  {name} +{re.escape(page_of(command).line)}$", head, re.MULTILINE), name
    assert [s for s in Topic if f"\n{s}:\n" in options] == re.findall(r"^(\S.*):$", options, re.MULTILINE)
    assert options.index("--protocol") < options.index("--engine") < options.index("--color") < options.index("--help")


@pytest.mark.parametrize("name", ["check", "prove", "explain", "baseline save"])
def test_the_help_fits_into_80_columns_without_colours(name: str) -> None:
    text = help_of(name)
    assert max(len(line) for line in text.splitlines() if "graphml" not in line) <= 80
    assert "\x1b" not in text
    assert "..." not in text.replace("[ARGS]...", "")


def test_options_look_the_same_in_every_command() -> None:
    """An option of one name means one thing: the same section, type and value name."""
    seen: dict[str, set[object]] = defaultdict(set)
    for command in ALL.values():
        for p in command.params:
            if isinstance(p, click.Option):
                metavar = p.make_metavar(click.Context(command))
                kind = Setting if isinstance(p.type, Setting) else type(p.type)  # some take several values, too
                seen[p.opts[-1]].add((topic_of(p), kind.__name__, metavar, tuple(p.opts)))
    own = {"--output": "a baseline is no report, and a graph has one form", "--to": "a form, and a protocol"}
    assert {name: found for name, found in seen.items() if len(found) > 1 and name not in own} == {}


def test_what_commands_share_comes_last() -> None:
    for command in ALL.values():
        lines = command.get_help(click.Context(command)).splitlines()
        titles = [line.removesuffix(":") for line in lines if re.fullmatch(r"\S.*:", line)]
        assert titles[-1] == Topic.GENERAL
        assert Topic.OUTPUT not in titles or titles[-2] == Topic.OUTPUT


def test_the_version_names_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert re.fullmatch(r"planrace, version \d+\.\d+\S*\n", capsys.readouterr().out)


# Completion ------------------------------------------------------------------------------------------------------
def completed(words: str, begun: str = "", cwd: Path = ROOT) -> list[str]:
    """What bash would offer after these words."""
    typed = ["check", *shlex.split(words), begun]
    environment = {"_CHECK_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(typed), "COMP_CWORD": str(len(typed) - 1)}
    done = subprocess.run(
        COMMAND, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ("", "es", ["plain,establish"]),
        ("-p", "f", ["plain,fixed"]),
        ("-p", "sn", ["plain,snapshot", "plain,snapshot-fixed"]),
        ("-p", "mi", ["file,mi"]),
        ("-p original --fault", "l", ["plain,lock-expiry"]),
        ("prove -p fixed --with", "guarded", ["plain,guarded-delete"]),
        ("-p examples/blue_green.py:protocol --without", "", ["plain,compare-and-set"]),
        ("-p original --property", "plans", ["plain,plans-never-regress"]),
        ("-p original --scenario", "", ["plain,postmortem"]),
        ("--engine", "bm", ["plain,bmc"]),
        ("-p missing.py:protocol --fault", "", []),
        ("--color", "a", ["plain,auto", "plain,always"]),
    ],
)
def test_the_shell_completes_names(words: str, begun: str, offered: list[str]) -> None:
    assert completed(words, begun) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_for_a_shell_that_the_documents_show_makes_its_completion(shell: str) -> None:
    variable = f"_CHECK_COMPLETE={shell}_source"
    assert variable in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    name, _, value = variable.partition("=")
    environment = {**os.environ, name: value}
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert "_check_completion" in done.stdout
    assert f"{shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["-p", "examples/blue_green.py", ":", "protocol", "--without", "com"], ["compare-and-set"]),
        (["-p", "examples/blue_green.py", ":", "fixed", "--prop"], ["--property"]),
        (["-p", "examples/blue_green.py", ":", "pro"], []),
        (["-p", "missing.py", ":", "protocol", "--fault", ""], []),
        (["lin"], ["lint"]),
    ],
)
@pytest.mark.parametrize("program", ["check", "planrace"])
def test_bash_splits_words_at_colons(program: str, words: list[str], offered: list[str], tmp_path: Path) -> None:
    """The words are as bash has them, which replaces only what stands behind the last colon."""
    there = tmp_path / program
    there.write_text(f"#!{sys.executable}\nfrom planrace.checker.cli import main\nmain()\n")
    there.chmod(0o755)
    script = f"""
        compopt() {{ :; }}  # bash has it only where it completes
        eval "$(_{program.upper()}_COMPLETE=bash_source {program})"
        COMP_WORDS=({shlex.join([program, *words])}) COMP_CWORD={len(words)}
        _{program}_completion {program} 2>&1
        echo "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert "command not found" not in done.stderr
    assert done.stdout.split() == offered
