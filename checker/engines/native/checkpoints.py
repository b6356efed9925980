"""Checkpoints of a search: when they are written, what they say beside the states, and how a search goes on.

A checkpoint is the search at the beginning of a level. What was found on that level until then is left out: states are
found again, and a property that was decided is decided again. So the search that goes on is the one that was cut, with
the same counts, depth, verdicts and lengths, also with other numbers of workers and another kind of store.

The next one is written when RATIO times the time has passed that it will take, judged by the last one; and when the
search ends before it is complete. The file of a search that has ended for good says what it found, and has no states,
unless the graph is made of them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planrace.checker.engines.answer import Answer, shows
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.interrupts import Patience, patient
from planrace.checker.engines.native.checkpoint_file import ANEW, CheckpointReader, locked, written
from planrace.checker.engines.native.freezing import freeze, levels_known, thaw
from planrace.checker.engines.native.program import ShardCode
from planrace.checker.results.checkpoint import Checkpointed, Resumed
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language import ModelError
from planrace.properties.kinds import Checkable, Property

if TYPE_CHECKING:
    from planrace.checker.engines.native.search import NativeSearch

RATIO = 20
"""At least this many times the time of a checkpoint lies between two."""
SECONDS, LEAST = 1e-7, 0.01
"""A guess of the time that a state takes in the first checkpoint, and the least time of any, in seconds."""


@dataclass(frozen=True)
class Level:
    """A search at the beginning of a level: what was found until then."""

    depth: int
    states: int
    frontier: int
    transitions: int
    met: int
    answers: tuple[Answer, ...]
    stuck: Recording | None

    @staticmethod
    def of(search: NativeSearch) -> Level:
        """The level that a search begins."""
        crew, vacuity = search.crew, search.vacuity
        counts = crew.states, crew.size, crew.transitions
        stuck = None if vacuity is None else vacuity.stuck
        return Level(search.depth, *counts, crew.met(), tuple(search.questions.answers.values()), stuck)


class Checkpoints:
    """Writes checkpoints of a search to ``path``, and takes one from ``resume`` at its beginning; None is no file. If
    both are the same and it does not exist yet, the search begins from the beginning.

    ``resumed`` and ``last`` say what was done, ``problem`` why none could be written.
    """

    def __init__(self, path: Path | None = None, resume: Path | None = None) -> None:
        self.path, self.resume = path, resume
        self._same = path is not None and resume is not None and path.resolve() == resume.resolve()
        if self._same and path is not None and not path.exists():
            self.resume = None
        self.resumed: Resumed | None = None
        self.last: Checkpointed | None = None
        self.problem: str | None = None
        self.stopped: StopReason | None = None
        self.counts = 0, 0
        """States and transitions of a search that had ended."""
        self._patience: Patience | None = None
        self._level: Level | None = None
        self._reported: Level | None = None  # how a search had ended that is only reported again
        self._depth = -1  # that of the file
        self._cost, self._since = SECONDS, time.monotonic()

    @property
    def wanted(self) -> bool:
        """Whether there is anything to read or to write."""
        return self.path is not None or self.resume is not None

    @contextmanager
    def running(self) -> Iterator[None]:
        """While a search runs: nobody else writes the file, and the first signal does not cut a checkpoint short."""
        if self.path is None:
            yield
            return
        with locked(self.path), patient() as self._patience:
            self._since = time.monotonic()
            yield

    @property
    def asked_to_end(self) -> bool:
        """Whether a signal has come."""
        return self._patience is not None and self._patience.over

    def reserve(self, most: float) -> float:
        """The seconds before the end of the time in which the search must end: those of a checkpoint, but at most half
        of the time, ``most``."""
        if self.path is None or self._level is None or self._level.depth == self._depth:
            return 0.0
        return min(self._duration(self._level), most / 2)

    def _duration(self, level: Level) -> float:
        return max(LEAST, level.states * self._cost)

    # Writing ---------------------------------------------------------------------------------------------------
    def again(self) -> None:
        """The search begins anew, with a crew that has not the states of the last level."""
        self._level = None

    def begin(self, search: NativeSearch) -> None:
        """A level begins: write it if it is time."""
        if self.path is None:
            return
        self._level = Level.of(search)
        if time.monotonic() - self._since >= RATIO * self._duration(self._level):
            self._write(search, self._level)

    def end(self, search: NativeSearch, stopped: StopReason | None) -> None:
        """The search has ended, and will not go on in this process."""
        if self.path is None:
            return
        if self._reported is not None:
            if not self._same:  # that file says so already
                self._write(search, self._reported, stopped, ended=True)
        elif stopped is None or stopped.kind is StopKind.DECIDED:
            self._write(search, Level.of(search), stopped, ended=True)
        elif self._level is not None and self._level.depth != self._depth:
            self._write(search, self._level)

    def _write(
        self, search: NativeSearch, level: Level, stopped: StopReason | None = None, *, ended: bool = False
    ) -> None:
        assert self.path is not None
        search.announce(f"writing a checkpoint at depth {level.depth}")
        began = time.monotonic()
        crew = search.local
        with_states = not ended or (search.keep and stopped is None)
        header = {
            "planrace": planrace_version(),
            "search": search.identity,
            "depth": level.depth,
            "states": level.states,
            "frontier": level.frontier,
            "transitions": level.transitions,
            "met": f"{level.met:x}",
            "levels_known": levels_known(crew, level.depth),
            "answers": {a.property.name: _told(a.recording) for a in level.answers if a.recording is not None},
            "stuck": None if level.stuck is None else _told(level.stuck),
            "seconds": round(search.seconds, 6),
            "with_states": with_states,
            "ended": _ended(search, stopped) if ended else None,
        }
        try:
            with written(self.path, header) as writer:
                if with_states and freeze(crew, level.depth, writer) != level.states:
                    what = numbered(level.states, "state")
                    raise ReplayError(f"a checkpoint has not the {what} up to level {level.depth}")
        except OSError as problem:
            self.problem = problem.strerror or str(problem)
        except MemoryError as problem:
            self.problem = f"there is not enough memory ({problem})"
        else:
            self.problem, self._depth = None, level.depth
            self.last = Checkpointed(level.depth, writer.bytes, 1 + (0 if self.last is None else self.last.written))
        self._since = time.monotonic()
        if not ended:
            self._cost = (self._since - began) / max(1, level.states)

    # Going on --------------------------------------------------------------------------------------------------
    def restore(self, search: NativeSearch, check: Callable[[], None]) -> bool:
        """Give a search what the file of ``resume`` has. Returns whether it goes on; if not, ``stopped`` says why it
        had ended. ``check`` is called often and may end it with an error.

        Raises ``ModelError`` if the file is damaged, or of another search."""
        assert self.resume is not None
        search.announce("reading the checkpoint")
        reader = CheckpointReader(self.resume)
        try:
            header = reader.header
            refuse_others(self.resume, header, search.identity)
            ended = header["ended"]
            if ended is not None:
                _refuse_stateless(self.resume, header, search)
            self._remember(search, reader)
            crew = search.local
            if header["with_states"]:
                thaw(crew, header["depth"], header["levels_known"], reader, check)
                if (crew.states, crew.size) != (header["states"], header["frontier"]):
                    raise reader.damaged()
            crew.credit(header["transitions"], int(header["met"], 16))
        finally:
            reader.close()
        self.counts = header["states"], header["transitions"]
        self.resumed = Resumed(header["depth"], header["states"], header["seconds"])
        if self._same:
            self._depth = header["depth"]
        if ended is None:
            return True
        if ended["kind"]:
            self.stopped = StopReason(StopKind(ended["kind"]), ended["sentence"])
        # Where the file has no states, the crew counts none.
        self._reported = replace(Level.of(search), depth=header["depth"], states=header["states"])
        return False

    def _remember(self, search: NativeSearch, reader: CheckpointReader) -> None:
        """Replay the runs that decide properties, and those to a deadlock."""
        interpreter = search.kernel.interpreter
        starts = interpreter.initials()
        by_name = {p.name: p for p in search.properties if isinstance(p, Checkable)}
        try:
            for name, run in reader.header["answers"].items():
                if name not in search.questions.answers:
                    recording = record(interpreter, _picks(run), starts[run["start"]])
                    if not shows(by_name[name], recording):
                        raise reader.damaged()
                    search.questions.close(by_name[name], recording)
            run = reader.header["stuck"]
            if run is not None and search.vacuity is not None:
                search.vacuity.stuck = record(interpreter, _picks(run), starts[run["start"]])
        except (ReplayError, KeyError, IndexError):
            raise reader.damaged() from None


def planrace_version() -> str:
    """The version of the package."""
    from importlib.metadata import PackageNotFoundError, version  # a slow import

    try:
        return version("planrace")
    except PackageNotFoundError:
        return "unknown"


def identity(kernel: Kernel, code: ShardCode, properties: Sequence[Property], *, symmetric: bool, sliced: Any) -> Any:
    """What makes two searches the same, as values of JSON: in words, and as a hash of the machine code for the steps
    and for what is sought, of where variables lie in a state, and of the initial states."""
    instance = kernel.interpreter.instance
    system = instance.system
    digest = hashlib.sha256()
    fields = [vars(f) for f in kernel.layout.fields.values()]
    actions = [(a.name, [x.sort.name for x in a.parameters]) for a in system.actions.values()]
    for text in (*code.sources[:2], repr(fields), repr(actions), repr(sorted(kernel.initials))):
        digest.update(text.encode() + b"\0")
    return {
        "protocol": system.name,
        "sizes": instance.parameters,
        "options": dict(system.options),
        "protections": list(system.protections),
        "faults": list(system.faults),
        "bounds of faults": dict(instance.at_most),
        "properties": [p.name for p in properties],
        "symmetry reduction": symmetric,
        "most states for an orbit": str(kernel.states_per_orbit),
        "normal form": kernel.normalised,
        "ignored variables": list(sliced),
        "steps": digest.hexdigest(),
    }


def refuse_others(path: Path, header: Any, expected: Any) -> None:
    """Raises ``ModelError`` if a checkpoint was written by another version, or by another search."""
    if header["planrace"] != planrace_version():
        raise ModelError(
            f"{path} was written by planrace {header['planrace']}, and this is {planrace_version()}",
            remedy=f"use that version, or {ANEW}",
        )
    found = header["search"]
    for name, value in expected.items():
        if found.get(name) != value:
            other = f"with {name} {_plain(found.get(name))}, not {_plain(value)}"
            if name == "steps":
                other = "of the same names, but the protocol or its properties have changed since"
            raise ModelError(
                f"{path} is the checkpoint of another search, {other}", remedy=f"repeat that one, or {ANEW}"
            )


def _plain(value: Any) -> str:
    """A value of the identity for people."""
    if isinstance(value, dict):
        return ", ".join(f"{k}={v}" for k, v in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return {True: "on", False: "off", None: "none"}.get(value, value) if not isinstance(value, str) else value


def _ended(search: NativeSearch, stopped: StopReason | None) -> dict[str, Any]:
    """How a search ended for good: by which options, and why if it is not complete."""
    kind, sentence = ("", "") if stopped is None else (stopped.kind.value, stopped.sentence)
    return {"kind": kind, "sentence": sentence, "fail_fast": search.fail_fast, "exhaustive": search.exhaustive}


def _refuse_stateless(path: Path, header: Any, search: NativeSearch) -> None:
    """Raises ``ModelError`` if a search has ended that should go on now, or whose graph is needed."""
    ended = header["ended"]
    options = ended["fail_fast"], ended["exhaustive"]
    if ended["kind"]:
        if options == (search.fail_fast, search.exhaustive):
            return
        why = f"ended with other --fail-fast or --exhaustive: {ended['sentence']}"
    elif search.keep and not header["with_states"]:
        why = "is complete and was asked nothing about recovery"
    else:
        return
    raise ModelError(f"the search of {path} {why}; its states are not kept", remedy=ANEW)


def _told(recording: Recording) -> dict[str, Any]:
    """A run as values of JSON: the number of its initial state, and its steps."""
    start = recording.interpreter.initials().index(recording.states[0])
    return {"start": start, "steps": [[m.action.name, list(m.choice)] for m in recording.moves]}


def _picks(run: Any) -> list[tuple[str, tuple[int, ...]]]:
    return [(action, tuple(choice)) for action, choice in run["steps"]]
