"""Queues of the patterns on the user's code: a list of messages stands for slots and a length."""

from __future__ import annotations

from typing import Any

import pytest

from planrace import (
    ModelError,
    Protocol,
    Refused,
    Step,
    Term,
    cover,
    enumeration,
    index,
    integers,
    render,
    step,
    update,
    when,
)
from planrace.checker.drive.observing import Observer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.patterns import ordered
from tests.drive.gate import protocol as gate

Word = enumeration("word", ["GO", "STOP", "NOTHING"])
line = Protocol("line", "two clerks get words")
Clerk = index("clerk", 2)
sent = line.variable("sent", integers(0, 3), 0)
plain = ordered(line, "plain", Word, 2, Word.NOTHING)
pairs = ordered(line, "pairs", (Word, Clerk), 2, (Word.NOTHING, None))
each = ordered(line, "each", Word, 2, Word.NOTHING, over=Clerk)
line.final(sent == 3)


@line.action(Word, Clerk, by="boss")
def send(w: Term, c: Term) -> Step:
    return step(
        when(sent < 3, w != Word.NOTHING, plain.room, pairs.room, each.room[c]),
        update(sent, sent + 1),
        *plain.sending(w),
        *pairs.sending(w, c),
        *each.sending(c, w),
    )


@line.action(Clerk, by=Clerk)
def get(c: Term) -> Step:
    return step(
        when(plain.waiting, pairs.waiting, each.waiting[c]), *plain.receiving(), *pairs.receiving(), *each.receiving(c)
    )


class Line:
    """Keeps lists."""

    form = "lists"

    def reset(self) -> None:
        self._sent = 0
        self._plain: list[str] = []
        self._pairs: list[tuple[str, int]] = []
        self._each: dict[int, list[str]] = {1: [], 2: []}

    def send(self, w: str, c: int) -> None:
        self._sent += 1
        self._plain.append(w)
        self._pairs.append((w, c))
        self._each[c].append(w)

    def get(self, c: int) -> None:
        if not self._each[c]:
            raise Refused("nothing")
        for queue in (self._plain, self._pairs, self._each[c]):
            del queue[0]

    def observe(self) -> dict[str, Any]:
        return {"sent": self._sent, "plain": self._plain, "pairs": self._pairs, "each": self._each}


class Slots(Line):
    """As the model has them."""

    def observe(self) -> dict[str, Any]:
        def padded(queue: list[Any], blank: Any) -> list[Any]:
            return [*queue, *[blank] * (2 - len(queue))]

        words, clerks = zip(*padded(self._pairs, ("NOTHING", None)), strict=True)
        return {
            "plain": padded(self._plain, "NOTHING"),
            "plain_length": len(self._plain),
            "pairs_word": words,
            "pairs_clerk": clerks,
            "pairs_length": len(self._pairs),
            "each": [padded(self._each[c], "NOTHING") for c in (1, 2)],
            "each_length": {c: len(q) for c, q in self._each.items()},
        }


class Listed(Line):
    def observe(self) -> dict[str, Any]:
        return {**super().observe(), "each": [tuple(self._each[c]) for c in (1, 2)]}


@pytest.mark.parametrize("made", [Line, Slots, Listed])
def test_both_forms_are_covered(made: type) -> None:
    report = cover(line, made)
    assert report
    assert report.system.driver.partly == ()
    assert report.system.driver.unobserved == (() if made is not Slots else ("sent",))


class Stack(Line):
    """The last one comes first."""

    def get(self, c: int) -> None:
        super().get(c)
        self._plain.reverse()


class Keeping(Line):
    def get(self, c: int) -> None:
        mine = list(self._each[c])
        super().get(c)
        self._each[c] = mine


class Doubling(Line):
    def send(self, w: str, c: int) -> None:
        super().send(w, c)
        self._pairs += [(w, c)] * 2


@pytest.mark.parametrize(
    ("made", "run", "place", "expected", "observed"),
    [
        (Keeping, "send(GO,2) get(2)", "each[2]", "[]", "[GO]"),
        (Doubling, "send(STOP,1)", "pairs", "[STOP 1]", "[STOP 1, STOP 1, …]"),
    ],
)
def test_a_queue_that_differs_is_told_as_a_list(made: type, run: str, place: str, expected: str, observed: str) -> None:
    found = cover(line, made, run=run).divergence
    assert found is not None
    assert [(m.place, m.expected, m.observed) for m in found.mismatches] == [(place, expected, observed)]
    assert f"has {place} = {observed}" in " ".join(render(cover(line, made, run=run)).split())


def test_the_order_counts() -> None:
    class Reversed(Line):
        def observe(self) -> dict[str, Any]:
            return {"plain": self._plain[::-1]}

    found = cover(line, Reversed).divergence
    assert found is not None
    assert {m.place for m in found.mismatches} == {"plain"}


def observing(value: dict[str, Any]) -> type:
    return type("Observing", (Line,), {"observe": lambda self: value})


def test_slots_without_a_length_say_nothing_of_it() -> None:
    """A driver of old: a slot with a blank is no message."""
    observer = Observer(line.system().instance(), "D")
    assert [n for n, _ in observer.read({"plain": ["NOTHING", "NOTHING"]}, None)] == [1]
    assert [x for _, x in observer.read({"plain": ["GO", "STOP"]}, None)] == [(0, 1), 2]
    assert [x for _, x in observer.read({"plain": []}, None)] == [(2, 2), 0]
    assert [n for n, _ in observer.read({"plain": {1: "GO"}}, None)] == [1]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"plain": ["GOO"]}, "Observing.observe: plain[1] is 'GOO', which is no member of word (did you mean GO"),
        ({"plain": "GO"}, "Observing.observe: plain is 'GO', not a list of messages (return a list)"),
        ({"pairs": [("GO",)]}, "Observing.observe: pairs has the message ('GO',) (write (word, clerk))"),
        ({"pairs": ["GO"]}, "Observing.observe: pairs has the message 'GO' (write (word, clerk))"),
        ({"each": {1: "GO"}}, "Observing.observe: each[1] is 'GO', not a list of messages"),
        ({"each": {3: ["GO"]}}, "Observing.observe: each has the key 3, which is no member of clerk"),
        ({"each": 3}, "Observing.observe: each is 3, not a list or a dict"),
    ],
)
def test_mistakes_are_told(value: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError) as problem:
        cover(line, observing(value), run="send(GO,1)")
    assert says in str(problem.value)


def test_a_reset_gets_lists() -> None:
    for protocol, words in (
        (line, {"sent": 0, "plain": [], "pairs": [], "each": {1: [], 2: []}}),
        (gate, {"side": {1: "SHUT", 2: "SHUT"}, "holder": None, "used": 0, "worn": set()}),
    ):
        instance = protocol.system().instance()
        assert Observer(instance, "D").state_out(Interpreter(instance).initial()) == words
