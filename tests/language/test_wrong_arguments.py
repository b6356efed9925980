"""Every function with which models are written refuses what it cannot take, with an error for its author."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import count as numbered
from typing import Any

import pytest

import planrace
from planrace import *  # noqa: F403
from planrace.model import patterns
from planrace.model.patterns import clock, crash, duplicating, identities, lossy, ordered, timer, unordered, versions

# ruff: noqa: F405
WORDS = enumeration("word", "A B")
WORKER = index("worker", 2)
PLACE = index("place", 3, ordered=True)
BATCH = record("batch", of=WORDS, most=integers(0, 1))
NUMBERS = numbered()


class Made:
    """A protocol with something of everything. Each call gets its own, as it may declare more."""

    def __init__(self) -> None:
        p = self.protocol = Protocol(f"made-{next(NUMBERS)}")
        self.number = p.variable("number", integers(0, 3), 0)
        self.flag = p.variable("flag", boolean(), False)
        self.load = p.variable("load", array(WORKER, integers(0, 2)), 0)
        self.busy = p.variable("busy", subsets(WORKER), set())
        self.place = p.variable("place", PLACE, first(PLACE))
        self.batch = p.variable("batch", BATCH, BATCH(of=WORDS.A, most=0))
        self.queue = p.variable("queue", sequence(WORDS, 2), [])
        self.table = p.variable("table", mapping(WORDS, WORDS), {})
        self.loss = p.fault("loss", "it gets lost")
        self.option = p.option("way", "how", "usual", "as usual")

        @p.action(by="boss")
        def go() -> Step:
            more = update(self.number, self.number + 1)
            return step(any_outcome(outcome("one", when(self.flag), more), outcome("two", when(~self.flag), more)))

        @p.action(WORKER, by=WORKER)
        def work(w: Term) -> Step:
            return step(update(self.load[w], 1))

        @p.action(by="boss", since="go", within=2)
        def stop() -> Step:
            return step(update(self.flag, False))


def of_protocol(name: str) -> Callable[..., object]:
    """A call of this method of a new protocol."""

    def call(*given: Any) -> object:
        return getattr(Made().protocol, name)(*given)

    return call


def in_protection(change: Callable[..., object]) -> Callable[..., object]:
    """A call that makes this change, which gets the change, the protocol and the arguments."""

    def call(*given: Any) -> object:
        m = Made()

        @m.protocol.protection("it", "changed")
        def it(made: Changes) -> None:
            _ = change(made, m, *given)

        return m.protocol.system(["it"])

    return call


M = Made()
TRUTH, EVERY = both(), lambda w: M.load[w] > 0
LEMMA = lemma("lemma", TRUTH, "it holds")
FACT = fact("F", "it happens", event(TRUTH))
WAYS = [outcome("x", when(M.flag)), outcome("y", when(~M.flag))]

CLOCKED = Protocol("clocked")

CALLS: dict[str, tuple[Callable[..., object], list[Any]]] = {
    "If": (If, [M.flag, M.number, 1]),
    "any_outcome": (any_outcome, WAYS),
    "array": (array, [WORKER, boolean()]),
    "both": (both, [M.flag, M.flag]),
    "changed": (changed, [M.protocol.system(), lambda change: None]),
    "count": (count, [WORKER, EVERY]),
    "distance": (distance, [M.place, M.place]),
    "each": (each, [WORKER, lambda w: 0]),
    "elapsed": (elapsed, [M.protocol, "stop"]),
    "enabled": (enabled, ["go"]),
    "enumeration": (enumeration, ["letter", "A B"]),
    "event": (event, [M.flag]),
    "event after": (lambda after: scenario("s", "t", (), fact("F", "m", event(TRUTH, after=after))), [[]]),
    "eventually": (eventually, ["p", M.flag, "m"]),
    "eventually_always": (eventually_always, ["p", M.flag, "m"]),
    "exists": (exists, [WORKER, EVERY]),
    "fact": (fact, ["F", "m", event(TRUTH)]),
    "first": (first, [PLACE]),
    "following": (following, [M.place]),
    "forall": (forall, [WORKER, EVERY]),
    "index": (index, ["member", 2]),
    "infinitely_often": (infinitely_often, ["p", M.flag, "m"]),
    "integers": (integers, [0, 3, "number"]),
    "invariant": (invariant, ["p", M.flag, "m"]),
    "last": (last, [PLACE]),
    "leads_to": (leads_to, ["p", M.flag, M.flag, "m"]),
    "least": (least, [PLACE, lambda x: x == M.place]),
    "lemma": (lemma, ["p", M.flag, "m"]),
    "mapping": (mapping, [WORDS, WORKER]),
    "maximum": (maximum, [M.number, 1]),
    "minimum": (minimum, [M.number, 1]),
    "never": (lambda *given: never(*given[:3], by=given[3], after=given[4]), ["n", "m", M.flag, ["x"], "F"]),
    "one_of": (lambda start: Made().protocol.variable("v", boolean(), one_of(start)), [True]),
    "optional": (optional, [WORKER]),
    "otherwise": (otherwise, ["x", update(M.number, 1)]),
    "outcome": (outcome, ["x", when(M.flag)]),
    "plan": (plan, [M.flag, [take("n", "go", when=M.flag)], [M.number]]),
    "position": (position, [M.place]),
    "preceding": (preceding, [M.place]),
    "predecessor": (predecessor, [M.place]),
    "primed": (primed, [M.number]),
    "proof": (lambda x, a, s: proof(x, assuming=a, schedules=s), [[LEMMA], [TRUTH], []]),
    "process": (process, [M.protocol, WORKER]),
    "reachable": (reachable, ["p", M.flag, "m"]),
    "record": (lambda of: record("r", of=of), [WORDS]),
    "recoverable": (lambda *given: recoverable(*given[:3], helpers=given[3]), ["p", M.flag, "m", ["x"]]),
    "role": (role, ["w", WORKER]),
    "says": (says, ["words"]),
    "scenario": (scenario, ["s", "t", (role("w", WORKER),), FACT]),
    "schedule": (lambda of, *sorts: schedule(of, *sorts, meaning="m")(lambda x: plan(TRUTH, [], [])), ["p", WORKER]),
    "sequence": (sequence, [WORDS, 2]),
    "size_of": (size_of, [M.busy]),
    "step": (step, [when(M.flag), update(M.number, 1)]),
    "step_invariant": (step_invariant, ["p", M.flag, "m"]),
    "strong": (strong, ["go"]),
    "subsets": (subsets, [WORKER]),
    "successor": (successor, [M.place]),
    "such_that": (such_that, [WORKER, EVERY]),
    "sum_of": (sum_of, [WORKER, lambda w: M.load[w]]),
    "take": (lambda *given: take(*given[:3], when=given[3]), ["n", "work", M.number, TRUTH]),
    "take_for_some": (lambda *given: take_for_some(*given[:3], when=given[3]), [WORKER, "n", "work", EVERY]),
    "taken": (taken, ["go", "one"]),
    "update": (update, [M.number, 1]),
    "update of a record": (lambda value: update(M.batch, value), [M.batch]),
    "update of a sequence": (lambda value: update(M.queue, value), [[]]),
    "update of a map": (lambda value: update(M.table, value), [{}]),
    "weak": (weak, ["go"]),
    "when": (when, [M.flag]),
    # Of values
    "element": (lambda at: M.load[at], [role("w", WORKER)]),
    "isin": (M.flag.isin, [{True}]),
    "implies": (M.flag.implies, [M.flag]),
    "a record": (lambda of, most: BATCH(of=of, most=most), [WORDS.A, 0]),
    "replace": (lambda of: M.batch.replace(of=of), [WORDS.A]),
    "append": (M.queue.append, [WORDS.A]),
    "sequence.put": (M.queue.put, [1, WORDS.A]),
    "part": (M.queue.part, [1, 2]),
    "map.put": (M.table.put, [WORDS.A, WORDS.B]),
    "map.get": (M.table.get, [WORDS.A, WORDS.B]),
    "map.has": (M.table.has, [WORDS.A]),
    "map.without": (M.table.without, [WORDS.A]),
    # Of protocols
    "Protocol": (Protocol, ["p", "m"]),
    "parameter": (of_protocol("parameter"), ["n", 2, 1, 3, "m"]),
    "variable": (of_protocol("variable"), ["v", WORDS, WORDS.A, "m"]),
    "history": (of_protocol("history"), ["v", WORDS, WORDS.A, "m"]),
    "initially": (of_protocol("initially"), [M.flag]),
    "fault": (lambda name, most: Made().protocol.fault(name, "m", at_most=most), ["f", 2]),
    "option": (of_protocol("option"), ["o", "m", "d", "x"]),
    "choice": (M.option.choice, ["other", "m"]),
    "picture": (of_protocol("picture"), [M.busy, M.number]),
    "fair": (of_protocol("fair"), [weak("go")]),
    "final": (of_protocol("final"), [M.flag]),
    "declare": (of_protocol("declare"), [invariant("property", TRUTH, "it holds")]),
    "argue": (of_protocol("argue"), [proof([LEMMA])]),
    "variant": (of_protocol("variant"), ["v", []]),
    "system": (of_protocol("system"), [[], []]),
    "declaring": (
        M.protocol.variant("v").declaring,
        [[invariant("property", TRUTH, "it holds")], [], []],
    ),
    "where": (M.protocol.variant("v").where, [M.option.choice("that", "m"), [], []]),
    # Of changes
    "require": (in_protection(lambda c, m, *given: c.require(*given)), ["work", EVERY]),
    "guard": (in_protection(lambda c, m, *given: c.guard(*given)), ["work", EVERY]),
    "change.outcome": (
        in_protection(lambda c, m, *given: c.outcome(*given)),
        ["go", lambda: outcome("n", when(M.flag))],
    ),
    "condition": (in_protection(lambda c, m, *given: c.condition(*given)), ["go", "one", TRUTH]),
    "drop_outcome": (in_protection(lambda c, m, *given: c.drop_outcome(*given)), ["go", "one"]),
    "also": (in_protection(lambda c, m, name, x: c.also(name, update(m.number, x))), ["work", 1]),
    "value": (in_protection(lambda c, m, name, to: c.value(name, m.number, to)), ["go", 1]),
    "updates": (in_protection(lambda c, m, name, *given: c.updates(name, *given)), ["work", update(M.number, 1)]),
    "forget": (in_protection(lambda c, m, *given: c.forget(*given)), ["go", M.number]),
    "after": (in_protection(lambda c, m, x, n, s: c.after(x, name=n, steps=s)), ["work", "look", lambda w: step()]),
    "before": (in_protection(lambda c, m, x, n, s: c.before(x, name=n, steps=s)), ["work", "look", lambda w: step()]),
    "forgotten_by": (in_protection(lambda c, m, x: c.after("go", name="n", steps=step(), forgotten_by=x)), [["work"]]),
    "timed": (in_protection(lambda c, m, x, since, n: c.timed(x, since=since, within=n)), ["work", "go", 2]),
    "remove": (in_protection(lambda c, m, name: c.remove(name)), ["work"]),
    "change.variable": (in_protection(lambda c, m, *given: c.variable(*given)), ["v", WORDS, WORDS.A, "m"]),
    "change.initially": (in_protection(lambda c, m, x: c.initially(x)), [M.flag]),
    "change.fair": (in_protection(lambda c, m, x: c.fair(x)), [weak("go")]),
    # Patterns
    "unordered": (lambda *given: unordered(*given[:3], copies=given[3]), [Protocol("u"), "net", WORDS, 2]),
    "ordered": (ordered, [Protocol("o"), "net", WORDS, 2, WORDS.A]),
    "timer": (lambda *given: timer(*given[:3], over=given[3]), [Protocol("t"), "timer", 3, WORKER]),
    "clock": (clock, [CLOCKED, timer(CLOCKED, "timer", 3)]),
    "identities": (identities, [Protocol("i"), "given", WORKER]),
    "versions": (versions, [Protocol("v"), "latest", 3]),
    "crash": (lambda p, v, f, by: crash(p, v, fault=f, by=by), [M.protocol, [M.load], M.loss, WORKER]),
    "lossy": (lambda p, c, f: lossy(p, c, fault=f), [M.protocol, unordered(M.protocol, "net", WORDS), M.loss]),
    "duplicating": (
        lambda p, c, f: duplicating(p, c, fault=f),
        [M.protocol, ordered(M.protocol, "line", WORDS, 2, WORDS.A), M.loss],
    ),
}
EXEMPT = {"boolean"} | {"at", "either", "local", "or_", "persistent", "some", "wait"}
"""It takes nothing; what stands in processes, which are read and never called."""


def test_no_function_is_left_out() -> None:
    public = {
        n for n in dir(planrace) if inspect.isfunction(x := getattr(planrace, n)) and "checker" not in x.__module__
    }
    assert public - EXEMPT <= set(CALLS)
    assert {n for n in patterns.__all__ if inspect.isfunction(getattr(patterns, n))} <= set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_wrong_arguments(name: str) -> None:
    call, given = CALLS[name]
    call(*given)
    for n in range(len(given)):
        for wrong in (object(), -7.5):
            with pytest.raises(ModelError) as caught:
                call(*given[:n], wrong, *given[n + 1 :])
            assert caught.value.where is not None
            assert caught.value.where.file == __file__
