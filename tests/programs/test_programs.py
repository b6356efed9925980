"""Random processes: the actions that they become do what Python does when it runs the same text."""

from __future__ import annotations

import linecache
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from planrace import DefinitionError, Instance, Protocol, Term, index, integers, process
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.processes.store import Assignments
from tests.programs.programs import DECLARED, SHARED, SIZE, Writer
from tests.programs.running import PlainProgram, Snapshot, Step

INITIALLY = {"x": 0, "flag": False, "slot": {1: 0, 2: 0}, "owner": None, "bag": frozenset()}
MEANINGLESS = ("for ever", "nothing reads", "ways through", "Python has evaluated it")
"""What is wrong with some random texts: loops without a step, unread names, conditions on numbers alone."""
MOST = 120
"""The most pairs that one comparison visits."""


def compiled(text: str, name: str) -> Instance:
    """The process as a protocol. Its text stands in no file, so ``linecache`` has it."""
    import planrace

    protocol = Protocol("random")
    space: dict[str, Any] = {n: getattr(planrace, n) for n in dir(planrace)}
    space |= {"protocol": protocol, "Worker": index("worker", SIZE, ordered=True), "Small": integers(0, 2)}
    exec(DECLARED, space)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec"), space)
    process(protocol, space["Worker"])(space["program"])
    return protocol.system().instance()


class Model:
    """The compiled process, seen like the plain one."""

    def __init__(self, instance: Instance) -> None:
        self._interpreter = Interpreter(instance)
        names = [v.name for v in instance.system.variables]
        self._places = [names.index(n) for n in SHARED]

    def initial(self) -> State:
        return self._interpreter.initial()

    def shared(self, state: State) -> tuple[Any, ...]:
        x, flag, slot, owner, bag = (state[p] for p in self._places)
        return x, bool(flag), tuple(enumerate(slot, 1)), owner or None, frozenset(bag)

    def steps(self, state: State) -> Iterable[tuple[int, State]]:
        """The member that takes each step, from 0, and the state after it."""
        for move, after in self._interpreter.moves(state):
            yield move.choice[0] - 1, after


def differ(text: str, name: str) -> str | None:
    """How the two differ; None if every step of one is a step of the other, as far as the shared variables tell.

    Runs that look the same so far are followed together, because a step may have several ends that look the same."""
    model, plain = Model(compiled(text, name)), PlainProgram(text, INITIALLY)
    begin = frozenset({model.initial()}), _by_state([((), plain.snapshot(()))])
    seen, queue = {(begin[0], frozenset(begin[1]))}, [begin]
    for states, runs in queue:
        if len(queue) > MOST:
            return None
        here: dict[tuple[int, Any], set[State]] = {}
        for s in states:
            for member, after in model.steps(s):
                here.setdefault((member, model.shared(after)), set()).add(after)
        there: dict[tuple[int, Any], list[tuple[tuple[Step, ...], Snapshot]]] = {}
        for schedule in runs.values():
            for step, snapshot in plain.steps(schedule):
                there.setdefault((step[0], snapshot.shared), []).append(((*schedule, step), snapshot))
        if here.keys() != there.keys():
            only = sorted(map(str, here.keys() - there.keys())), sorted(map(str, there.keys() - here.keys()))
            return f"only in the model: {only[0]}; only in Python: {only[1]}, after {next(iter(runs.values()))}"
        for label, found in here.items():
            after = frozenset(found), _by_state(there[label])
            if (key := (after[0], frozenset(after[1]))) not in seen:
                seen.add(key)
                queue.append(after)
    return None


def _by_state(runs: Iterable[tuple[tuple[Step, ...], Snapshot]]) -> dict[Any, tuple[Step, ...]]:
    return {snapshot.whole: schedule for schedule, snapshot in runs}


def written(seed: int) -> str | None:
    """A random process that has a meaning; None if this one has none (a loop without a step, a name that nothing
    reads)."""
    text = Writer(Random(seed)).program()
    try:
        compiled(text, f"<program {seed}>")
    except DefinitionError as problem:
        if any(words in str(problem) for words in MEANINGLESS):
            return None
        raise
    return text


@pytest.mark.parametrize("seeds", [range(n, n + 15) for n in range(0, 45, 15)], ids=str)
def test_processes_do_what_python_does(seeds: range) -> None:
    for seed in seeds:
        text = written(seed)
        if text is not None:
            found = differ(text, f"<program {seed}>")
            assert found is None, f"seed {seed}: {found}\n{text}"


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that reads what was there before the step, as actions do, is noticed."""

    def unchanged(store: Assignments, term: Term, values: dict[Term, Term]) -> Term:
        return original(Assignments(), term, values)

    original = Assignments.current
    monkeypatch.setattr(Assignments, "current", unchanged)
    text = "def program(i):\n    while True:\n        update(x, 1)\n        slot[i] = x\n        yield\n"
    assert differ(text, "<program that reads too early>") is not None
