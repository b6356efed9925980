"""Inference: for each form of lemma a small system that needs it, and a mutant of that system, which is not proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from planrace.checker.results.verdict import Verdict
from planrace.checker.run.protocols import find
from planrace.model.language import (
    Index,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    count,
    enumeration,
    exists,
    forall,
    index,
    integers,
    optional,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import When
from planrace.model.language.terms import equal
from planrace.model.processes import at, process
from planrace.properties import invariant
from planrace.properties.kinds import Invariant
from tests import ROOT
from tests.proving import proving


@dataclass
class Small:
    """A protocol with workers, in which ``bad`` becomes true where ``harm`` is."""

    protocol: Protocol
    worker: Index
    mutant: bool

    @staticmethod
    def made(form: str, *, mutant: bool) -> Protocol:
        protocol = Protocol("small")
        most = 2 if form == "four literals" else 3  # it has many states
        worker = index("worker", protocol.parameter("workers", 2, 1, most))
        return FORMS[form][0](Small(protocol, worker, mutant))

    def flag(self, name: str) -> Term:
        return self.protocol.variable(name, boolean(), False)

    def flags(self, name: str) -> Term:
        return self.protocol.variable(name, array(self.worker, boolean()), False)

    def guard(self, *conditions: Term) -> When:
        """What keeps the invariant; the mutant has it not."""
        return when(*(() if self.mutant else conditions))

    def action(self, name: str, *steps: Callable[[Term], Step]) -> None:
        for n, made in enumerate(steps):
            self._action(f"{name}{n}", made)

    def _action(self, name: str, made: Callable[[Term], Step]) -> None:
        def body(w: Term) -> Step:
            return made(w)

        body.__name__ = name
        self.protocol.action(self.worker, by=self.worker)(body)

    def never(self, harm: Callable[[Term], Term]) -> Protocol:
        bad = self.flag("bad")
        self.action("harm", lambda w: step(when(harm(w)), update(bad, True)))
        self.protocol.declare(invariant("good", ~bad, "nothing bad happens"))
        return self.protocol


def four_literals(s: Small) -> Protocol:
    """Who has a, b and c has d."""
    a, b, c, d = (s.flags(n) for n in "abcd")

    def set_and_reset(own: Term, one: Term, other: Term) -> None:
        s.action(
            own.data,
            lambda w: step(s.guard(~one[w] | ~other[w] | d[w]), update(own[w], True)),
            lambda w: step(update(own[w], False)),
        )

    set_and_reset(a, b, c)
    set_and_reset(b, a, c)
    set_and_reset(c, a, b)
    s.action(
        "d",
        lambda w: step(update(d[w], True)),
        lambda w: step(s.guard(~a[w] | ~b[w] | ~c[w]), update(d[w], False)),
    )
    return s.never(lambda w: a[w] & b[w] & c[w] & ~d[w])


def at_a_constant(s: Small) -> Protocol:
    """An element of an array over an enumeration."""
    kind = enumeration("kind", "FIRST SECOND")
    ready = s.protocol.variable("ready", array(kind, boolean()), False)
    opened = s.flag("opened")
    s.action(
        "set",
        lambda w: step(update(ready[kind.FIRST], True)),
        lambda w: step(s.guard(~opened), update(ready[kind.FIRST], False)),
        lambda w: step(update(ready[kind.SECOND], ~ready[kind.SECOND])),
        lambda w: step(when(ready[kind.FIRST]), update(opened, True)),
    )
    return s.never(lambda w: opened & ~ready[kind.FIRST])


def variable_in_a_set(s: Small) -> Protocol:
    """The version that is chosen is stored."""
    version = integers(1, 3)
    chosen = s.protocol.variable("chosen", version, 1)
    stored = s.protocol.variable("stored", subsets(version), {1})

    @s.protocol.action(version, by="store")
    def store(v: Term) -> Step:
        return step(update(stored, stored | {v}))

    @s.protocol.action(version, by="store")
    def delete(v: Term) -> Step:
        return step(s.guard(chosen != v), update(stored, stored - {v}))

    @s.protocol.action(version, by="store")
    def choose(v: Term) -> Step:
        return step(when(v.isin(stored)), update(chosen, v))

    return s.never(lambda w: ~chosen.isin(stored))


def at_most_two(s: Small) -> Protocol:
    """Two permits."""
    holds = s.flags("holds")
    s.action(
        "permit",
        lambda w: step(s.guard(count(s.worker, lambda v: holds[v]) <= 1), update(holds[w], True)),
        lambda w: step(update(holds[w], False)),
    )
    return s.never(lambda w: count(s.worker, lambda v: holds[v]) >= 3)


def somebody(s: Small) -> Protocol:
    """While it is open, somebody is on duty."""
    on, opened = s.flags("on"), s.flag("opened")
    s.action(
        "duty",
        lambda w: step(update(on[w], True)),
        lambda w: step(s.guard(~opened | exists(s.worker, lambda v: on[v] & (v != w))), update(on[w], False)),
        lambda w: step(when(on[w]), update(opened, True)),
        lambda w: step(update(opened, False)),
    )
    return s.never(lambda w: opened & ~exists(s.worker, lambda v: on[v]))


def points(s: Small) -> Protocol:
    """Who stands at a point of a process holds the lock."""
    lock = s.protocol.variable("lock", optional(s.worker), None)
    free = equal(lock, lock) if s.mutant else equal(lock, None)

    @process(s.protocol, s.worker)
    def work(w: Term) -> Iterator[object]:
        while True:
            when(free)
            update(lock, w)
            yield at("TAKE")
            yield at("WRITE")
            update(lock, None)
            yield at("FREE")

    def apart(v: Term, w: Term) -> Term:
        return work.at(v, "WRITE", "FREE").implies(~work.at(w, "WRITE", "FREE") | equal(v, w))

    alone = forall(s.worker, lambda v: forall(s.worker, lambda w: apart(v, w)))
    s.protocol.declare(invariant("alone", alone, "one writes at a time"))
    return s.protocol


FORMS: dict[str, tuple[Callable[[Small], Protocol], str]] = {
    "four literals": (four_literals, "∀i ∈ worker. ¬a[i] ∨ ¬b[i] ∨ ¬c[i] ∨ d[i]"),
    "an element at a constant": (at_a_constant, "ready[FIRST] ∨ ¬opened"),
    "a variable in a set": (variable_in_a_set, "chosen ∈ stored"),
    "at most two": (at_most_two, "count("),
    "somebody": (somebody, "∃y ∈ worker. on[y]"),
    "a point of a process": (points, "work[i] ≠ WRITE"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_lemma_of_the_form_is_found(form: str) -> None:
    lemma = FORMS[form][1]
    variant = Small.made(form, mutant=False).variant("small")
    asked = list(variant.system().properties)
    assert proving(variant).run(asked).verdict is Verdict.UNKNOWN
    told = proving(variant, infer=True).run(asked)
    assert told.verdict is Verdict.HOLDS
    assert any(lemma in c.name for c in told.proofs[0].conjuncts if c.kind == "lemma")


@pytest.mark.parametrize("form", FORMS)
def test_a_mutant_is_not_proved(form: str) -> None:
    variant = Small.made(form, mutant=True).variant("small")
    assert proving(variant, infer=True).run(list(variant.system().properties)).verdict is Verdict.VIOLATED


def test_points_of_processes_are_in_the_lemmas_of_an_example() -> None:
    """Without one of its protections there is a bug, and so no proof."""
    found = find(str(ROOT / "examples" / "registry.py") + ":fixed")
    safety = [p for p in found.system().properties if isinstance(p, Invariant)]
    assert proving(found, infer=True).run(safety).verdict is Verdict.HOLDS
    for protection in found.protections:
        weaker = found.protocol.variant("weaker", [p for p in found.protections if p != protection])
        assert proving(weaker, infer=True).run(safety).verdict is Verdict.VIOLATED


def test_an_example_is_proved_by_a_wide_grammar() -> None:
    found = find(str(ROOT / "examples" / "autoscaler.py") + ":fixed")
    safety = [p for p in found.system().properties if isinstance(p, Invariant)]
    assert proving(found, infer=True).run(safety).verdict is Verdict.HOLDS
