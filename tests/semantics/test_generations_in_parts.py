"""The normal form where generations are parts: of records, sequences, maps and messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker.semantics.normal_form import NormalForm
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    forall,
    index,
    mapping,
    optional,
    record,
    sequence,
    step,
    update,
    when,
)
from planrace.model.patterns import ordered, unordered, versions
from planrace.properties import invariant
from tests.generations import difference, formed, reached


class Sending:
    """Versions are given out; what is remembered of them is up to the test."""

    def __init__(self) -> None:
        self.protocol = Protocol("sending", "versions are sent to workers")
        self.versions = versions(self.protocol, "latest", 6, waits=True)
        self.latest = self.versions.latest
        self.version: Any = self.latest.sort
        self.worker = index("worker", 2)
        self.seen = self.protocol.variable("seen", array(self.worker, self.version), 0)

        @self.protocol.action(by="planner")
        def publish() -> Step:
            return step(self.versions.taking())

    def form(self, give: Callable[..., Step], take: Callable[..., Step], *of: Any) -> NormalForm:
        """With actions that store the latest version and read a stored one, also with parameters ``of``."""
        self.protocol.action(*([self.worker] if give.__code__.co_argcount else []), by="planner")(give)
        self.protocol.action(self.worker, *of, by=self.worker)(take)
        known = forall(self.worker, lambda w: self.seen[w] <= self.latest)
        self.protocol.declare(invariant("known", known, "nothing is seen early"))
        return formed(self.protocol.system().instance(), "version")


def in_records(s: Sending) -> NormalForm:
    order = record("Order", of=s.version, urgent=boolean())
    stored = s.protocol.variable("stored", array(s.worker, optional(order)), None)

    def give(w: Term) -> Step:
        return step(when(stored[w] == None), update(stored[w], order(of=s.latest, urgent=True)))  # noqa: E711

    def take(w: Term) -> Step:
        return step(when(stored[w] != None), update(s.seen[w], stored[w].of), update(stored[w], None))  # noqa: E711

    return s.form(give, take)


def in_sequences(s: Sending) -> NormalForm:
    stored: Any = s.protocol.variable("stored", sequence(s.version, 3), [])

    def give() -> Step:
        return step(when(stored.length < 3), update(stored, stored.append(s.latest)))

    def take(w: Term) -> Step:
        return step(when(stored.length > 0), update(s.seen[w], stored.head), update(stored, stored.tail))

    return s.form(give, take)


def in_queues(s: Sending) -> NormalForm:
    stored = ordered(s.protocol, "stored", s.version, 2, blank=0)

    def give() -> Step:
        return step(when(stored.room), stored.sending(s.latest))

    def take(w: Term) -> Step:
        return step(when(stored.waiting), update(s.seen[w], stored.head), stored.receiving())

    return s.form(give, take)


def in_messages(s: Sending) -> NormalForm:
    stored = unordered(s.protocol, "stored", s.version)

    def give() -> Step:
        return step(stored.sending(s.latest))

    def take(w: Term, v: Term) -> Step:
        return step(when(stored.carries(v)), stored.receiving(v), update(s.seen[w], v))

    return s.form(give, take, s.version)


def in_values_of_maps(s: Sending) -> NormalForm:
    stored: Any = s.protocol.variable("stored", mapping(s.worker, s.version), {})

    def give(w: Term) -> Step:
        return step(update(stored, stored.put(w, s.latest)))

    def take(w: Term) -> Step:
        return step(when(stored.has(w)), update(s.seen[w], stored[w]))

    return s.form(give, take)


@pytest.mark.parametrize("parts", [in_records, in_sequences, in_queues, in_messages, in_values_of_maps])
def test_it_is_natural(parts: Callable[[Sending], NormalForm]) -> None:
    form = parts(Sending())
    states = reached(form.instance, 500)
    assert difference(form, states, form.instance.system.properties) is None
    assert len({form.normal(s) for s in states}) < 0.7 * len(states)


def test_keys_of_maps_are_refused() -> None:
    s = Sending()
    stored: Any = s.protocol.variable("stored", mapping(s.version, boolean()), {})

    def give() -> Step:
        return step(update(stored, stored.put(s.latest, True)))

    def take(w: Term) -> Step:
        return step(update(s.seen[w], s.latest))

    with pytest.raises(ModelError, match=r"variable stored\.\w+ has an element for each version"):
        s.form(give, take)
