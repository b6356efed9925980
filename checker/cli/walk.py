"""``check walk``: walk through a protocol in the terminal, or with a script on standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from planrace.checker.api.calls import instance_of
from planrace.checker.api.walks import replay, save_walk
from planrace.checker.cli.check import selection_arguments
from planrace.checker.explain.model_data import declared
from planrace.checker.report.output import OutputError
from planrace.checker.report.text.document import timeline
from planrace.checker.report.text.plain import WIDTH, render_plain
from planrace.checker.report.text.values import changes, lines, state_before
from planrace.checker.report.trace.lanes import step_text, thing
from planrace.checker.results.blocks import Document, clean
from planrace.checker.results.trace import TraceStep
from planrace.checker.results.wording import counted, limited
from planrace.checker.run.walk import Walk

HELP = """\
  N            take step number N
  back [N]     undo the last step, or the last N
  goto N       undo all steps after step N
  random [N]   take a random step, or N random steps
  steps        the enabled steps
  state        the value of every variable
  properties   the properties, and which are violated here
  trace        the run so far
  save FILE    write the run, for check explain and check walk --replay
  start N      begin again in initial state N, where there are several
  help, quit"""


class WrongLineError(Exception):
    """A line of the input is not a valid command; the message says what is."""


def walk_command(protocol: str, **arguments: Any) -> int:
    """Walk until the input ends; returns the exit code."""
    walk = Walk(instance_of(protocol, **selection_arguments(arguments)), arguments["seed"])
    if arguments["trace"] is not None and arguments["replay"] is None:
        raise click.UsageError("--trace needs --replay: it names a run of the report that --replay reads.")
    if arguments["replay"] is not None:
        replay(walk, arguments["replay"], arguments["trace"])
    return _Session(walk, interactive=sys.stdin.isatty()).run()


class _Session:
    """Reads commands, executes them and prints the results."""

    def __init__(self, walk: Walk, *, interactive: bool) -> None:
        self.walk = walk
        self.interactive = interactive
        self._variables = declared(walk.instance)
        self._commands: dict[str, Callable[[str], None]] = {
            "back": lambda rest: self._moved(lambda: walk.back(_count(rest))),
            "goto": self._goto,
            "random": self._random,
            "steps": lambda _: self._steps(),
            "state": lambda _: self._state(),
            "properties": lambda _: self._properties(),
            "trace": lambda _: self._trace(),
            "save": self._save,
            "start": self._start,
            "help": lambda _: _say(HELP),
        }

    def run(self) -> int:
        """Execute all lines; returns the exit code 0. Raises ``UsageError`` for a wrong line of a script."""
        system = self.walk.instance.system
        sizes = ", ".join(f"{n}={v}" for n, v in self.walk.instance.parameters.items()) or "no parameters"
        faults = ", ".join(limited(system.faults, self.walk.instance.at_most)) or "none"
        _say(f"{system.name}: {sizes}; faults: {faults}")
        if self.interactive:
            _say("Enter the number of a step to take it; help lists the other commands.")
        if self.walk.starts > 1:
            _say(f"initial state 1 of {self.walk.starts:,}; state tells it, start N begins in another")
        self._here()
        for number, line in enumerate(self._lines(), 1):
            if line in ("quit", "exit", "q"):
                break
            try:
                self._do(line)
            except (WrongLineError, OutputError) as problem:
                if not self.interactive:
                    raise click.UsageError(f"line {number}, {line!r}: {problem}") from None
                _say(f"{problem}")
        return 0

    def _lines(self) -> Iterator[str]:
        while True:
            if self.interactive:
                click.echo(f"{len(self.walk)}> ", nl=False)
            try:
                line = sys.stdin.readline()
            except OSError as problem:
                raise click.UsageError(f"standard input cannot be read: {problem.strerror}") from None
            if not line:
                return
            if line.strip() and not line.startswith("#"):
                yield line.strip()

    def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word.isdecimal() and not rest:
            self._take(int(word))
        elif word in self._commands:
            self._commands[word](rest.strip())
        else:
            raise WrongLineError(f"there is no command {word!r} (a number, {', '.join(self._commands)} or quit)")

    # Commands --------------------------------------------------------------------------------------------------
    def _take(self, number: int) -> None:
        try:
            step = self.walk.take(number)
        except IndexError:
            many = len(self.walk.enabled)
            raise WrongLineError(
                f"there is no step {number} here (choose from 1…{many})" if many else NOTHING
            ) from None
        self._took(len(self.walk), step)
        self._here()

    def _random(self, rest: str) -> None:
        taken = self.walk.wander(_count(rest))
        if not taken:
            raise WrongLineError(NOTHING)
        for n, step in enumerate(taken, len(self.walk) - len(taken) + 1):
            self._took(n, step)
        _say(f"{len(taken)} random steps with seed {self.walk.seed}")
        self._here()

    def _goto(self, rest: str) -> None:
        if not rest.isdecimal() or int(rest) > len(self.walk):
            raise WrongLineError(f"goto needs a step from 0 to {len(self.walk)}, not {rest!r}")
        self._moved(lambda: self.walk.cut(int(rest)))

    def _start(self, rest: str) -> None:
        if not rest.isdecimal() or not 1 <= int(rest) <= self.walk.starts:
            raise WrongLineError(f"start needs an initial state from 1 to {self.walk.starts}, not {rest!r}")
        self._moved(lambda: self.walk.begin(int(rest)))

    def _moved(self, change: Callable[[], None]) -> None:
        change()
        self._here()

    def _save(self, rest: str) -> None:
        if not rest:
            raise WrongLineError("save needs the name of a file")
        save_walk(self.walk, rest)
        _say(f"{counted(len(self.walk), 'step')} written to {rest}")

    # Output -----------------------------------------------------------------------------------------------------
    def _took(self, number: int, step: TraceStep) -> None:
        _say(f"{number}. {step.by} {step_text(step)}")
        changed = changes(step, state_before(self.walk.trace, number), self._variables)
        if changed:
            _say("   " + ", ".join(map(str, changed)))
        for o in step.observed:
            _say(f"   => {thing(o)} now {o.text}")

    def _here(self) -> None:
        for name in self.walk.broken:
            _say(f"   ✗ {name} is violated here")
        self._steps()

    def _steps(self) -> None:
        enabled = self.walk.enabled
        _say(f"after step {len(self.walk)}:" if enabled else NOTHING)
        for n, step in enumerate(enabled, 1):
            _say(f"  {n:>3}  {step.by} {step_text(step)}")

    def _state(self) -> None:
        for name, text in lines(self.walk.state, self._variables):
            _say(f"  {name} = {text}")

    def _properties(self) -> None:
        broken = self.walk.broken
        for name in self.walk.promised:
            _say(f"  {'✗ violated' if name in broken else '✓ holds   '}  {name}")

    def _trace(self) -> None:
        steps = timeline(self.walk.trace, variables=self._variables)
        _say(render_plain(Document((steps,), counted(len(self.walk), "step")), WIDTH).rstrip())


NOTHING = "nothing is enabled here: this is a deadlock, or the end of a run (back undoes steps)"


def _say(text: str) -> None:
    for line in text.split("\n"):
        click.echo(clean(line))


def _count(rest: str) -> int:
    if rest and not rest.isdecimal():
        raise WrongLineError(f"{rest!r} is not a number of steps")
    return int(rest or 1)
