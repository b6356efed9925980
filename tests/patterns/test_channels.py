"""Channels of every form (one field or two, one channel or one a member, set, counts or queue): every engine reads them
alike. What they mean is in ``test_messages.py``."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from planrace.checker import Options, check, prove
from planrace.model.language import (
    If,
    Protocol,
    Step,
    Term,
    array,
    changed,
    enumeration,
    forall,
    index,
    integers,
    primed,
    step,
    update,
    when,
)
from planrace.model.patterns import Ordered, Unordered, crash, duplicating, lossy, ordered, unordered
from planrace.properties import invariant, lemma, proof, step_invariant
from tests import naive


class Form(NamedTuple):
    """A kind of channel: "set", "bag" or "queue"; one for each member; messages of two fields."""

    kind: str
    over: bool
    pair: bool


FORMS = [Form(kind, over, pair) for kind in ("set", "bag", "queue") for over in (False, True) for pair in (False, True)]
WHOLE, MORE, LOST = "only-what-was-sent", "not-more", "nothing-lost"


def named(form: Form) -> str:
    return f"{form.kind}{' over' if form.over else ''}{' of pairs' if form.pair else ''}"


def post(form: Form) -> tuple[Protocol, Unordered | Ordered]:
    """Everybody sends the same thing twice, and counts what comes."""
    p = Protocol(f"post-{form.kind}")
    worker = index("worker", p.parameter("workers", 2, 1, 4), symmetric=True)
    kind = enumeration("kind", "PING PONG")
    bound = p.parameter("bound", 2, 1, 4)
    p.fault("loss", "messages are lost")
    p.fault("twice", "messages come twice")
    p.fault("crash", "a worker forgets what has come")
    message = (worker, kind) if form.pair else kind if form.over else worker
    over = worker if form.over else None
    net: Unordered | Ordered
    if form.kind == "queue":
        blank = (None, kind.PING) if form.pair else kind.PING if form.over else None
        net = ordered(p, "net", message, bound, blank, over=over)
    else:
        net = unordered(p, "net", message, over=over, copies=bound if form.kind == "bag" else None)
    lossy(p, net, fault="loss")
    if form.kind != "set":
        duplicating(p, net, fault="twice")
    crash(p, [net], fault="crash", by=worker if form.over else "network")
    sent = p.variable("sent", array(worker, integers(0, 2)), 0)
    got = p.variable("got", array(worker, integers(0, 3)), 0)

    def of(w: Term) -> tuple[Any, ...]:
        to = (w,) if form.over else ()
        return (*to, w, kind.PING) if form.pair else (*to, kind.PING) if form.over else (w,)

    def room(w: Term) -> Term:
        if isinstance(net, Unordered):
            return net.room(*of(w))
        return net.room[w] if form.over else net.room

    def comes(w: Term) -> Term:
        return net.carries(*of(w)) if isinstance(net, Unordered) else net.brings(*of(w))

    @p.action(worker, by=worker)
    def send(w: Term) -> Step:
        return step(when(sent[w] < 2, room(w)), *net.sending(*of(w)), update(sent[w], sent[w] + 1))

    @p.action(worker, by=worker)
    def receive(w: Term) -> Step:
        taken = net.receiving(*of(w)) if isinstance(net, Unordered) else net.receiving(*((w,) if form.over else ()))
        return step(when(comes(w)), *taken, update(got[w], If(got[w] < 3, got[w] + 1, 3)))

    idle = forall(worker, lambda w: ~net.waiting[w]) if form.over else ~net.waiting
    p.final(idle)
    all_came = forall(worker, lambda w: got[w] == sent[w])
    p.declare(
        invariant(MORE, forall(worker, lambda w: got[w] <= sent[w]), "nothing comes that was not sent"),
        invariant(LOST, idle.implies(all_came), "what was sent comes"),
    )
    if isinstance(net, Unordered):
        of_each = lambda w: net.carries(*of(w)).implies(got[w] < sent[w])  # noqa: E731
        if form.kind == "bag":
            cell = net.messages
            of_each = lambda w: at(cell, of(w)) + got[w] <= sent[w]  # noqa: E731
        p.argue(proof([lemma(WHOLE, forall(worker, of_each), "what is on its way was sent, and has not come")]))
    return p, net


def at(cell: Term, keys: tuple[Any, ...]) -> Term:
    for key in keys:
        cell = cell[key]
    return cell


def expected(form: Form, fault: str | None) -> dict[str, int | None]:
    """Steps to a violation of each property, None where it holds."""
    twice = fault == "twice"
    lost = 2 if fault in ("loss", "crash") else 3 if form.kind == "set" or twice else None
    return {MORE: 4 if twice else None, LOST: 4 if twice else lost}


CASES = [(f, x) for f in FORMS for x in (None, "loss", "crash", "twice") if (f.kind, x) != ("set", "twice")]
NAMES = [f"{named(form)}, {fault}" for form, fault in CASES]


SOLVERS: dict[str | None, tuple[str, ...]] = {None: ("bmc", "spacer"), "crash": ("bmc",), "twice": ("bmc",)}
"""The solvers that are asked, by fault; what is lost is lost in the same way by a crash."""


# Every engine --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("form", "fault"), CASES, ids=NAMES)
def test_searches_agree_with_the_interpreter(form: Form, fault: str | None) -> None:
    protocol, _ = post(form)
    faults = [fault] if fault else []
    found = naive.search(protocol.system(faults=faults).instance())
    assert {p: found.shortest.get(p) for p in (MORE, LOST)} == expected(form, fault)
    for engine in ("explicit", "native"):
        reduced = []
        for symmetry in (False, True):
            options = Options(engine=engine, exhaustive=True, slicing=False, symmetry=symmetry)
            report = check(protocol, faults=faults, options=options)
            assert {f.name: f.depth for f in report.findings} == expected(form, fault)
            assert report.exploration is not None
            reduced.append((report.exploration.states, report.exploration.transitions))
        assert reduced[0] == (found.states, found.transitions)
        assert found.states / 2 <= reduced[1][0] < found.states


@pytest.mark.parametrize(
    ("form", "fault", "engine"),
    [(form, fault, e) for form, fault in CASES for e in SOLVERS.get(fault, ())],
)
def test_solvers_agree(form: Form, fault: str | None, engine: str) -> None:
    report = check(post(form)[0], faults=[fault] if fault else [], options=Options(engine=engine, depth=5))
    for f in report.findings:
        length = expected(form, fault)[f.name]
        held = "unknown" if engine == "bmc" else "holds"
        assert (f.verdict.word, f.depth) == (held if length is None else "violated", length)


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_random_runs_and_induction_agree(form: Form) -> None:
    fault = "loss" if form.kind == "set" else "twice"
    found = check(post(form)[0], faults=[fault], options=Options(engine="simulate", runs=2000, seed=1))
    assert {f.name for f in found.findings if f.verdict.word == "violated"} == {
        p for p, length in expected(form, fault).items() if length is not None
    }
    (kept,) = check(post(form)[0], options=Options(engine="induction", properties=(MORE,), depth=10)).findings
    assert kept.verdict.word in ("holds", "unknown")


@pytest.mark.parametrize("fault", [None, "loss", "crash"])
@pytest.mark.parametrize("form", [f for f in FORMS if f.kind != "queue"], ids=named)
def test_sets_and_counts_are_proved_for_every_size(form: Form, fault: str | None) -> None:
    """Of any number of workers, and any number of copies."""
    (found,) = prove(post(form)[0], properties=[MORE], faults=[fault] if fault else []).findings
    assert "proof for every size" in found.how
    assert found.verdict.word == "holds"


def counting(over: bool, pair: bool) -> Protocol:
    """Everybody sends 1 and 2 to a queue, and keeps the last that has come."""
    p = Protocol("counting")
    worker = index("worker", p.parameter("workers", 2, 1, 4), symmetric=True)
    room, value = p.parameter("room", 2, 1, 4), integers(0, 2, "value")
    slot = integers(1, room, "slot")
    p.fault("loss", "messages are lost")
    p.fault("twice", "messages come twice")
    message, blank = ((worker, value), (None, 0)) if pair else (value, 0)
    line = ordered(p, "line", message, room, blank, over=worker if over else None)
    lossy(p, line, fault="loss")
    duplicating(p, line, fault="twice")
    sent, got = (p.variable(n, array(worker, value), 0) for n in ("sent", "got"))

    def of(w: Term, v: Term) -> tuple[Term, ...]:
        return (*[w] * over, *[w] * pair, v)

    @p.action(worker, by=worker)
    def send(w: Term) -> Step:
        room = line.room[w] if over else line.room
        return step(when(sent[w] < 2, room), line.sending(*of(w, sent[w] + 1)), update(sent[w], sent[w] + 1))

    @p.action(worker, value, by=worker)
    def receive(w: Term, v: Term) -> Step:
        return step(when(line.brings(*of(w, v))), line.receiving(*[w] * over), update(got[w], v))

    def holds(w: Term, k: Term) -> tuple[Term, Term]:
        """Whether the slot has a message of w, and which."""
        columns = [c[w] if over else c for c in line.columns]
        there = k <= (line.length[w] if over else line.length)
        return (there & (columns[0][k] == w) if pair else there), columns[-1][k]

    def between(w: Term, k: Term) -> Term:
        mine, v = holds(w, k)
        return mine.implies((got[w] <= v) & (v <= sent[w]))

    def sorted_(w: Term, j: Term, k: Term) -> Term:
        (first, a), (second, b) = holds(w, j), holds(w, k)
        return (first & second & (j < k)).implies(a <= b)

    in_order = forall(worker, lambda w: forall(slot, lambda j: forall(slot, lambda k: sorted_(w, j, k))))
    within = forall(worker, lambda w: forall(slot, lambda k: between(w, k)))
    known = forall(worker, lambda w: got[w] <= sent[w])
    p.argue(
        proof(
            [
                lemma("sorted", in_order, "slots are in order"),
                lemma("between", within, "they are between the last that came and the last that was sent"),
                lemma("known", known, "nothing came that was not sent"),
            ]
        )
    )
    p.declare(step_invariant(MORE, forall(worker, lambda w: primed(got[w]) >= got[w]), "nothing is overtaken"))
    return p


@pytest.mark.parametrize("fault", [None, "loss", "twice"])
@pytest.mark.parametrize(("over", "pair"), [(False, True), (True, False), (True, True)])
def test_queues_are_proved_for_every_size(over: bool, pair: bool, fault: str | None) -> None:
    """Slots move by one position, which is computed: it never leaves the slots, whatever their number is."""
    (found,) = prove(counting(over, pair), faults=[fault] if fault else []).findings
    assert found.verdict.word == "holds"
    assert "proof for every size" in found.how


# Mutations -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMS, ids=named)
def test_a_message_that_stays_where_it_was_received_comes_again(form: Form) -> None:
    """What ``receiving`` removes is what keeps the property: without it the verdict flips, in every engine."""
    protocol, net = post(form)
    system = protocol.system()
    written = [net.messages] if isinstance(net, Unordered) else [*net.columns, net.length]

    def keep(change: Any) -> None:
        for variable in written:
            change.forget("receive", variable)

    broken = changed(system, keep)
    assert naive.search(broken.instance()).shortest[MORE] == 3
    assert naive.search(system.instance()).shortest.get(MORE) is None
    for engine in ("explicit", "native", "bmc"):
        (found,) = check(broken, options=Options(engine=engine, properties=(MORE,), depth=4)).findings
        assert (found.verdict.word, found.depth) == ("violated", 3)
