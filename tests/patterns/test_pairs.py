"""Channels for each pair of a sender and a receiver: messages of one pair arrive in order, and those of others may
overtake them. Every engine agrees with plain Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from planrace.checker import Options, check, prove, render
from planrace.checker.drive.queues import Queues
from planrace.checker.engines.explicit.search import Search
from planrace.checker.report.json.read import report_of
from planrace.checker.semantics.channel_terms import channel_of, term_text
from planrace.checker.semantics.describe import shown
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    exists,
    forall,
    index,
    integers,
    primed,
    says,
    step,
    update,
    when,
)
from planrace.model.patterns import Ordered, crash, duplicating, lossy, ordered, unordered
from planrace.properties import invariant, lemma, proof, step_invariant

Number = integers(0, 2, "number")
A, B = index("a", 2), index("b", 2)
FAULTS = (None, "loss", "twice", "crash")


def links(*, symmetric: bool = False, same: bool = False) -> tuple[Protocol, Ordered]:
    """Each sender sends 1, then 2 to a receiver that it likes; each receiver keeps the last from each."""
    p = Protocol("links")
    receiver = index("receiver", 2, symmetric=symmetric)
    sender = receiver if same else index("source", 2, symmetric=symmetric)
    for name in ("loss", "twice", "crash"):
        p.fault(name, name)
    link = ordered(p, "link", Number, 2, 0, over=(sender, receiver))
    sent = p.variable("sent", array(sender, Number), 0)
    last = p.variable("last", array(sender, array(receiver, Number)), 0)

    @p.action(sender, receiver, by=sender)
    def send(s: Term, r: Term) -> Step:
        return step(when(sent[s] < 2, link.room[s][r]), *link.sending(s, r, sent[s] + 1), update(sent[s], sent[s] + 1))

    @p.action(sender, receiver, by=receiver)
    def receive(s: Term, r: Term) -> Step:
        return step(
            when(link.waiting[s][r]),
            *link.receiving(s, r),
            update(last[s][r], link.head[s][r]),
            says("receives {m} of {s}", m=link.head[s][r], s=s),
        )

    lossy(p, link, fault="loss")
    duplicating(p, link, fault="twice")
    crash(p, [link], fault="crash", by=receiver)

    def of_all(f: Callable[[Term, Term], Term]) -> Term:
        return forall(sender, lambda s: forall(receiver, lambda r: f(s, r)))

    p.declare(
        invariant("sent", of_all(lambda s, r: last[s][r] <= sent[s]), "nothing comes that was not sent"),
        invariant("both", of_all(lambda s, r: last[s][r] < 2), "nobody gets a 2"),
        invariant("next", of_all(lambda s, r: ~link.brings(s, r, 2)), "no 2 is the next"),
        step_invariant("in-order", of_all(lambda s, r: last[s][r] <= primed(last)[s][r]), "of each sender in order"),
    )
    return p, link


Plain = tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, ...], ...]]
PAIRS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def after(state: Plain, fault: str | None) -> Iterator[Plain]:
    """The next states in plain Python: what each sender has sent, what came last, and the messages of each pair."""
    sent, last, queues = state

    def put(of: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
        return (*of[:at], value, *of[at + 1 :])

    for n, (s, _) in enumerate(PAIRS):
        if sent[s] < 2 and len(queues[n]) < 2:
            yield put(sent, s, sent[s] + 1), last, put(queues, n, (*queues[n], sent[s] + 1))
        if queues[n]:
            yield sent, put(last, n, queues[n][0]), put(queues, n, queues[n][1:])
        if queues[n] and fault == "loss":
            yield sent, last, put(queues, n, queues[n][1:])
        if queues[n] and fault == "twice" and len(queues[n]) < 2:
            yield sent, last, put(queues, n, (queues[n][0], *queues[n]))
    for r in (0, 1):
        mine = [n for n, (_, to) in enumerate(PAIRS) if to == r and queues[n]]
        if fault == "crash" and mine:
            yield sent, last, tuple(() if n in mine else q for n, q in enumerate(queues))


def plainly(fault: str | None) -> tuple[set[Plain], int]:
    start: Plain = ((0, 0), (0, 0, 0, 0), ((), (), (), ()))
    seen, todo, steps = {start}, [start], 0
    while todo:
        found = list(after(todo.pop(), fault))
        steps += len(found)
        todo += set(found) - seen
        seen |= set(found)
    return seen, steps


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("same", [False, pytest.param(True, marks=pytest.mark.long("senders that are receivers"))])
def test_states_and_steps(fault: str | None, same: bool) -> None:
    """Also where senders are receivers: what a crash loses is what comes to it."""
    states, steps = plainly(fault)
    search = Search(links(same=same)[0].system(faults=[fault] if fault else []).instance(), [], exhaustive=True)
    _, found = search.run()
    assert (found.states, found.transitions) == (len(states), steps)
    names = [v.name for v in search.kernel.instance.system.variables]
    assert {whole(dict(zip(names, search.kernel.layout.decode(s), strict=True))) for s in search.states()} == states


def whole(flat: dict[str, Any]) -> Plain:
    queues = [flat["link"][s][r][: flat["link_length"][s][r]] for s, r in PAIRS]
    return flat["sent"], tuple(flat["last"][s][r] for s, r in PAIRS), tuple(queues)


@pytest.mark.long("machine code")
@pytest.mark.parametrize("fault", FAULTS)
def test_machine_code_and_orbits(fault: str | None) -> None:
    states, steps = plainly(fault)
    for engine in ("explicit", "native"):
        for symmetry in (False, True):
            options = Options(engine=engine, exhaustive=True, slicing=False, symmetry=symmetry)
            report = check(links(symmetric=True)[0], faults=[fault] if fault else [], options=options)
            assert report.exploration is not None
            found = report.exploration.states, report.exploration.transitions
            assert found == (len(states), steps) if not symmetry else len(states) / 4 <= found[0] < len(states) / 2
            assert [f.depth for f in report.findings] == [None, 3, 2, None]


def test_solvers() -> None:
    report = check(links()[0], options=Options(engine="bmc", depth=3))
    found = [(f.verdict.word, f.depth) for f in report.findings]
    assert found == [("unknown", None), ("violated", 3), ("violated", 2), ("unknown", None)]


def test_proofs_for_every_size() -> None:
    """A set of messages for each pair; a queue is out of reach of proofs, also of one for each pair."""
    p = Protocol("letters")
    sender, receiver = (index(n, p.parameter(n, 2, 1, 5)) for n in ("source", "target"))
    bag = unordered(p, "bag", Number, over=(sender, receiver))
    sent = p.variable("sent", array(sender, boolean()), False)
    got = p.variable("got", array(receiver, boolean()), False)

    @p.action(sender, receiver, by=sender)
    def send(s: Term, r: Term) -> Step:
        return step(*bag.sending(s, r, 1), update(sent[s], True))

    @p.action(sender, receiver, by=receiver)
    def receive(s: Term, r: Term) -> Step:
        return step(when(bag.carries(s, r, 1)), *bag.receiving(s, r, 1), update(got[r], True))

    some = exists(sender, lambda s: sent[s])
    p.declare(invariant("sent-first", forall(receiver, lambda r: got[r].implies(some)), "what comes was sent"))
    carried = forall(sender, lambda s: forall(receiver, lambda r: bag.carries(s, r, 1).implies(sent[s])))
    p.argue(proof([lemma("carried", carried, "what is on its way was sent")]))
    assert [f.verdict.word for f in prove(p).findings] == ["holds"]
    assert [f.verdict.word for f in check(p).findings] == ["holds"]


def test_reports() -> None:
    """The channel of a pair has a place of its own, in every form."""
    p, link = links()
    report = check(p)
    text = render(report, "text")
    assert "link[1][1]: [1] → [1, 2]" in text or "link[1][1]: [] → [1]" in text
    assert render(report_of(json.loads(render(report, "json"))), "text") == text
    parts = {v["name"]: v.get("part") for v in json.loads(render(report, "json"))["variables"]}
    assert parts["link_length"] == {"channel": "link", "what": "length", "over": 2, "order": []}
    assert "link[1][1]" in render(report, "html")
    system = p.system()
    assert channel_of("link_length[1][2]", system.channels) == "link[1][2]"
    sender, receiver = link.over
    some = exists(sender, lambda s: exists(receiver, lambda r: link.waiting[s][r]))
    assert term_text(some, system) == "∃s ∈ source. ∃r ∈ receiver. 0 < length of link[s][r]"
    for form in ("mermaid", "shiviz", "itf", "svg"):
        assert render(report, form)


def test_words() -> None:
    """The actions of the network name both ends."""
    p, _ = links()
    lose = p.actions["lose_link"]
    assert [str(x) for x in lose.parameters] == ["sender", "to"]
    (ending,) = lose.outcomes
    says_ = ending.says or lose.says
    assert says_ is not None
    assert says_.template == "loses number {m} of link from source {sender} to receiver {to}"


def test_drivers_have_lists() -> None:
    p, _ = links()
    instance = p.system().instance()
    interpreter = Interpreter(instance)
    state = interpreter.initial()
    for action, choice in (("send", (1, 2)), ("send", (1, 2)), ("send", (2, 1))):
        found = interpreter.perform(state, instance.system.actions[action], choice)
        assert found is not None
        state = found[1]
    queues = Queues(instance, shown)
    words = queues.listed(state, dict.fromkeys(("link", "link_length", "sent"), 0))
    assert words["link"] == {1: {1: [], 2: [1, 2]}, 2: {1: [1], 2: []}}
    for form in (words["link"], [[[], [1, 2]], [[1], []]]):
        spread = queues.spread({"link": form}, "observe", None)
        assert spread["link_length"] in ({1: {1: 0, 2: 2}, 2: {1: 1, 2: 0}}, [[0, 2], [1, 0]])
    assert queues.spread({"link": 3}, "observe", None) == {"link": 3}


REFUSED: dict[str, tuple[str, Callable[[Protocol], object]]] = {
    "three": (
        r"channel x: over=a, a, a is not who receives \(name an index, over=Receiver; or two",
        lambda p: ordered(p, "x", Number, 2, 0, over=(A, A, A)),  # type: ignore[arg-type]
    ),
    "none": (r"over=\(\) is not who", lambda p: unordered(p, "x", Number, over=())),  # type: ignore[arg-type]
    "a number": (r"over=number is not who", lambda p: ordered(p, "x", Number, 2, 0, over=Number)),  # type: ignore[arg-type]
    "one of two": (
        r"channel x takes one a and one b, not 1 \(an ordered channel receives its head: write x.receiving\(sender, to",
        lambda p: ordered(p, "x", Number, 2, 0, over=(A, B)).receiving(1),
    ),
    "a crash of the sender": (
        r"crash crash: x is not an array over a \(declare it with over= the a that forgets what comes to it",
        lambda p: crash(p, [ordered(p, "x", Number, 2, 0, over=(A, B))], fault="f", by=A),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    message, makes = REFUSED[case]
    p = Protocol("p")
    p.fault("f", "f")
    with pytest.raises(DefinitionError, match=message):
        makes(p)
