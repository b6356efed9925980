"""Programs over records, sequences and maps: every engine finds the states and verdicts of plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.symbolic.bmc import Bounded
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.model.language import Instance
from planrace.properties import invariant

from ..composite_programs import Program
from ..composite_values import MEMBERS, WrongError, settled

pytestmark = pytest.mark.usefixtures("own_cache")
MOST = 400
DEPTH = 6


def reached(instance: Instance) -> set[Any]:
    """All states of the interpreter, put together as the plain program writes them."""
    interpreter = Interpreter(instance)
    names = [v.name for v in instance.system.variables]
    todo = list(interpreter.initials())
    seen = set(todo)
    while todo:
        for _, after in interpreter.moves(todo.pop()):
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return {whole(dict(zip(names, s, strict=True))) for s in seen}


def cut(length: int, slots: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """The slots in use; the others must be blank."""
    assert all(x == blank for x in slots[length:])
    return slots[:length]


def pairs(keys: frozenset[int], values: tuple[int, ...]) -> frozenset[Any]:
    """A map; the values of other keys must be blank."""
    assert all(x == 0 for n, x in enumerate(values) if n not in keys)
    return frozenset((("EAST", "WEST")[n], values[n]) for n in keys)


def whole(flat: dict[str, Any]) -> Any:
    """A state with its records put together."""

    def sequence_of(length: int, of: tuple[int, ...], at: tuple[int, ...]) -> Any:
        return tuple(map(batch, cut(length, of, 0), cut(length, at, 0)))

    def batch(of: int, at: int) -> dict[str, Any]:
        return {"of": of, "at": ("EAST", "WEST")[at]}

    inner = batch(flat["n.inner.of"], flat["n.inner.at"])
    held = batch(flat["o.held.of"], flat["o.held.at"])
    assert flat["o.present"] or held == batch(0, 0), "a record that is absent is blank"
    queues = zip(flat["s.length"], flat["s.slots.of"], flat["s.slots.at"], strict=True)
    rows = zip(MEMBERS, flat["m.of"], flat["m.at"], strict=True)
    return settled(
        {
            "x": flat["x"],
            "b": batch(flat["b.of"], flat["b.at"]),
            "m": {w: batch(of, at) for w, of, at in rows},
            "o": held if flat["o.present"] else None,
            "n": {"inner": inner, "who": flat["n.who"] or None},
            "q": cut(flat["q.length"], flat["q.slots"], 0),
            "s": dict(zip(MEMBERS, (sequence_of(*row) for row in queues), strict=True)),
            "u": cut(flat["u.length"], flat["u.slots"], 0),
            "k": pairs(flat["k.keys"], flat["k.values"]),
            "z": pairs(flat["z.keys"], flat["z.values"]),
        }
    )


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 60), marks=pytest.mark.long("random records"))])
def test_states(seeds: range) -> None:
    """The interpreter and the explicit search."""
    kinds = set()
    for program, wanted in programs(seeds):
        instance = program.protocol.system().instance()
        if wanted == "error":
            with pytest.raises(RangeError):
                reached(instance)
            with pytest.raises(RangeError):
                Search(instance, [], exhaustive=True).run()
        else:
            assert reached(instance) == wanted[0]
            _, found = Search(instance, [], exhaustive=True).run()
            assert (found.states, found.transitions) == (len(wanted[0]), wanted[1])
        kinds.add("error" if wanted == "error" else "states")
    assert kinds == {"error", "states"}


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 5), marks=pytest.mark.long("random records"))])
def test_machine_code(seeds: range) -> None:
    for program, wanted in programs(seeds):
        search = NativeSearch(program.protocol.system().instance(), [], exhaustive=True)
        if wanted == "error":
            with pytest.raises(RangeError):
                search.run()
        else:
            _, found = search.run()
            assert (found.states, found.transitions) == (len(wanted[0]), wanted[1])


@pytest.mark.parametrize("seeds", [range(8), pytest.param(range(8, 20), marks=pytest.mark.long("random records"))])
def test_bounded_model_checking(seeds: range) -> None:
    kinds = set()
    for program, wanted in programs(seeds):
        condition = program.truth(None)
        instance = program.protocol.system().instance()
        bounded = Bounded(instance, [invariant("drawn", condition.term, "drawn")], limits=Limits(depth=DEPTH))
        try:
            expected = "error" if wanted == "error" else program.everywhere(condition, MOST)
        except WrongError:
            expected = "error"
        try:
            (answer,) = bounded.run()
        except RangeError:
            assert expected == "error"
            kinds.add("error")
            continue
        if answer.verdict is not Verdict.UNKNOWN and expected != "error":
            assert (answer.verdict is Verdict.HOLDS) == expected
            kinds.add(answer.verdict.word)
    assert len(kinds) > 1


def programs(seeds: range) -> Iterator[tuple[Program, Any]]:
    """The programs of these seeds that have few states, with their states and the number of transitions, or "error"."""
    for seed in seeds:
        program = Program(Random(seed))
        wanted = program.search(MOST)
        if wanted != "many":
            yield program, wanted
