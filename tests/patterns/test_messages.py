"""What channels mean: held against plain Python, with the mistakes that their authors make."""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import Any

import pytest

from planrace.checker import Options, check, prove
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    boolean,
    enumeration,
    exists,
    index,
    integers,
    optional,
    step,
    subsets,
    update,
    when,
)
from planrace.model.patterns import crash, duplicating, lossy, ordered, unordered
from planrace.properties import invariant
from tests import naive
from tests.patterns.test_channels import LOST, MORE, Form, named, post


# What they mean ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", [Form("bag", True, True), Form("queue", True, True)], ids=named)
def test_channels_of_members_are_counters_and_queues(form: Form) -> None:
    """Random runs beside Python's own, with losses and duplicates."""
    p = Protocol("walk")
    worker, value = index("worker", 2), integers(0, 2, "value")
    p.fault("loss", "lost")
    p.fault("twice", "twice")
    if form.kind == "bag":
        bag = unordered(p, "net", (worker, value), over=worker, copies=2)
    else:
        line = ordered(p, "net", (worker, value), 3, (None, 0), over=worker)
    net = bag if form.kind == "bag" else line
    lossy(p, net, fault="loss")
    duplicating(p, net, fault="twice")

    @p.action(worker, worker, value, by="sender")
    def send(to: Term, w: Term, v: Term) -> Step:
        return step(when(bag.room(to, w, v) if form.kind == "bag" else line.room[to]), *net.sending(to, w, v))

    @p.action(worker, worker, value, by="receiver")
    def receive(to: Term, w: Term, v: Term) -> Step:
        if form.kind == "bag":
            return step(when(bag.carries(to, w, v)), bag.receiving(to, w, v))
        return step(when(line.brings(to, w, v)), line.receiving(to))

    interpreter, choose = Interpreter(p.system(faults=["loss", "twice"]).instance()), random.Random(1)
    state = interpreter.initial()
    counts: Counter[tuple[int, ...]] = Counter()
    queues: dict[int, deque[tuple[int, int]]] = {1: deque(), 2: deque()}
    for _ in range(400):
        move, state = choose.choice(list(interpreter.moves(state)))
        name, (to, *rest) = move.action.name, move.choice
        if form.kind == "bag":
            counts[move.choice] += 1 if name in ("send", "duplicate_net") else -1
            assert 0 <= counts[move.choice] <= 2
            cells = {
                (t + 1, w + 1, v): n for t, x in enumerate(state[0]) for w, y in enumerate(x) for v, n in enumerate(y)
            }
            assert cells == {key: counts[key] for key in cells}
            continue
        queue = queues[to]
        if name == "send":
            queue.append((rest[0], rest[1]))
        elif name == "duplicate_net":
            queue.appendleft(queue[0])
        else:
            assert queue.popleft() == tuple(rest) or name == "lose_net"
        for member, real in queues.items():
            padded = [*real, *[(0, 0)] * (3 - len(real))]
            assert list(zip(state[0][member - 1], state[1][member - 1], strict=True)) == padded
            assert state[2][member - 1] == len(real)


def test_equal_messages_merge_in_a_set_and_are_counted_with_copies() -> None:
    """The audit's model: nothing gets lost, without any fault."""
    lost = {
        kind: check(post(Form(kind, False, False))[0], options=Options(properties=(LOST,))) for kind in ("set", "bag")
    }
    assert [(f.verdict.word, f.depth) for f in lost["set"].findings] == [("violated", 3)]
    assert [f.verdict.word for f in lost["bag"].findings] == ["holds"]


@pytest.mark.parametrize("copies", [None, 3])
def test_answers_and_several_messages_in_one_step(copies: int | None) -> None:
    """Which may be equal in some step: a set has them once, with copies they are counted."""
    p = Protocol("answers")
    worker, value = index("worker", 2), integers(0, 2, "value")
    net = unordered(p, "net", (worker, value), copies=copies)
    turn = p.variable("turn", integers(0, 2), 0)

    @p.action(worker, worker, by="all")
    def begin(a: Term, b: Term) -> Step:
        return step(when(turn == 0), net.sending((a, 1), (b, 1), (b, 2)), update(turn, 1))

    @p.action(worker, worker, by="all")
    def answer(a: Term, b: Term) -> Step:
        return step(when(turn == 1, net.carries(b, 2)), net.receiving((b, 2), (a, 1), (a, 0)), update(turn, 2))

    p.declare(invariant(MORE, (turn == 0).implies(~net.waiting), "nothing comes before it was sent"))

    def real(cells: Any) -> dict[tuple[int, int], int]:
        if copies is None:
            return {(w + 1, v): 1 for w, values in enumerate(cells) for v in values}
        return {(w + 1, v): n for w, row in enumerate(cells) for v, n in enumerate(row) if n}

    interpreter = Interpreter(p.system().instance())
    for first, middle in interpreter.moves(interpreter.initial()):
        a, b = first.choice
        sent = Counter([(a, 1), (b, 1), (b, 2)])
        assert real(middle[0]) == (dict.fromkeys(sent, 1) if copies is None else sent)
        for second, end in interpreter.moves(middle):
            x, _ = second.choice
            after = sent - Counter([(b, 2)]) + Counter([(x, 1), (x, 0)])
            assert real(end[0]) == (dict.fromkeys(after, 1) if copies is None else after)
    found = naive.search(p.system().instance())
    for engine in ("explicit", "native"):
        searched = check(p, options=Options(engine=engine, exhaustive=True, slicing=False)).exploration
        assert searched is not None
        assert (searched.states, searched.transitions) == (found.states, found.transitions)


def computed(copies: int | None, most: int) -> Protocol:
    """Rounds are numbers that are computed where messages are sent and looked for."""
    p = Protocol("rounds")
    number = integers(0, 3, "round")
    p.fault("loss", "lost")
    net = unordered(p, "net", (number, integers(0, 3, "ack")), copies=copies)
    lossy(p, net, fault="loss")
    sent, seen = p.variable("sent", integers(0, 9), 0), p.variable("seen", integers(0, 9), 0)

    @p.action(by="sender")
    def send() -> Step:
        return step(when(sent < most), net.sending(sent + 1, sent), update(sent, sent + 1))

    @p.action(by="receiver")
    def receive() -> Step:
        return step(when(net.carries(seen + 1, seen)), net.receiving(seen + 1, seen), update(seen, seen + 1))

    p.declare(invariant(MORE, seen <= sent, "no round before it begins"), invariant(LOST, seen < 3, "some are missing"))
    return p


@pytest.mark.parametrize("copies", [None, 1])
def test_fields_may_be_computed(copies: int | None) -> None:
    """A computed number is no position that a proof takes; and it is an error where it leaves its sort, not a loss."""
    found = naive.search(computed(copies, 3).system(faults=["loss"]).instance())
    assert found.shortest == {LOST: 6}
    for engine in ("explicit", "native", "bmc", "spacer"):
        report = check(computed(copies, 3), faults=["loss"], options=Options(engine=engine, depth=8))
        assert [f.depth for f in report.findings] == [None, 6]
        with pytest.raises(
            ModelError, match=r"net.* the value .*, which its sort does not hold.*guard it with net\.room"
        ):
            check(computed(copies, 4), options=Options(engine=engine, properties=(MORE,), depth=8))
    found_by_proof = prove(computed(copies, 3), properties=[MORE]).findings[0]
    assert (found_by_proof.verdict.word, "its only size" in found_by_proof.how) == ("holds", True)  # it was searched


# Mistakes ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ["explicit", "native", "induction", "simulate"])
@pytest.mark.parametrize("kind", ["bag", "queue"])
def test_what_does_not_fit_is_an_error_that_names_the_guard(kind: str, engine: str) -> None:
    def full(sends: bool) -> Protocol:
        p = Protocol("full")
        worker, value = index("worker", 2), integers(0, 1, "value")
        bag = unordered(p, "bag", value, over=worker, copies=2)
        queue = ordered(p, "queue", value, 2, 0, over=worker)
        net = bag if kind == "bag" else queue
        done = p.variable("done", integers(0, 3), 0)

        @p.action(worker, by="all")
        def act(w: Term) -> Step:
            taken = bag.receiving(w, 1) if kind == "bag" else queue.receiving(w)
            return step(when(done < 3), *(net.sending(w, 1) if sends else taken), update(done, done + 1))

        comes = exists(worker, lambda w: bag.carries(w, 1) if kind == "bag" else queue.brings(w, 1))
        p.declare(invariant(MORE, comes.implies(done > 0), "nothing comes before it was sent"))
        return p

    guards = {"bag": ("room", "carries"), "queue": ("room", "waiting")}[kind]
    options = Options(engine=engine, depth=None if engine == "simulate" else 4)
    for sends, guard in zip((True, False), guards, strict=True):
        with pytest.raises(
            ModelError, match=rf"test_messages.py:\d+: act assigns {kind}.*guard it with {kind}\.{guard}"
        ):
            check(full(sends), options=options)


def test_a_channel_says_what_its_messages_are() -> None:
    p = Protocol("wrong")
    worker, value = index("worker", 2), integers(0, 2, "value")
    p.fault("loss", "lost")
    net = unordered(p, "net", (worker, value))
    line = ordered(p, "line", (worker, value), 2, (None, 0))
    inbox = ordered(p, "inbox", value, 2, 0, over=worker)
    letters = unordered(p, "letters", value, over=worker)
    w = p.variable("w", optional(worker), None)
    with pytest.raises(
        DefinitionError, match=r"value is given in place of its meaning \(.*unordered\(protocol, 'a', \("
    ):
        unordered(p, "a", worker, value)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"a message holds scalars, not set of value"):
        unordered(p, "a", (worker, subsets(value)))  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"channel a: 0 copies \(at least 1"):
        unordered(p, "a", value, copies=0)
    with pytest.raises(
        DefinitionError, match=r"net: a message is worker, value, not 1 value \(write \(worker, value\)"
    ):
        net.sending(1)
    with pytest.raises(
        DefinitionError, match=r"letters: a message is worker, value, not 1 value \(write \(to, message\)"
    ):
        letters.carries(1)
    with pytest.raises(
        DefinitionError, match=r"message of net: w is a worker or none, but a worker is expected \(w may be none"
    ):
        net.carries(w, 1)
    with pytest.raises(DefinitionError, match=r"message of letters: 3 is out of the range"):
        exists(worker, lambda x: letters.carries(x, 3))
    with pytest.raises(DefinitionError, match=r"channel inbox takes one worker, not 0"):
        inbox.receiving()
    with pytest.raises(DefinitionError, match=r"channel line: a message has 2 fields \(use columns, or heads"):
        _ = line.head
    with pytest.raises(
        DefinitionError, match=r"a message has 2 fields, and 1 blank \(give each field its own: blank=\("
    ):
        ordered(p, "b", (worker, value), 2, 0)
    with pytest.raises(DefinitionError, match=r"duplicating: net is a set, .*\(allow copies: .*copies=2"):
        duplicating(p, net, fault="loss")
    with pytest.raises(DefinitionError, match=r"crash crash: net is not an array over worker \(declare it with over="):
        crash(p, [net], fault="loss", by=worker)


def test_a_blank_is_advised_for_every_field_at_once() -> None:
    p = Protocol("wrong")
    worker, result = index("worker", 2), enumeration("result", "OK ENDED")
    whole = r"\(give each field its own: blank=\(None, Result.ENDED\); None for members of an index\)"
    with pytest.raises(DefinitionError, match=rf"result has no value for slots without a message {whole}"):
        ordered(p, "a", (worker, result), 2)
    with pytest.raises(DefinitionError, match=rf"a message has 2 fields, and 1 blank {whole}"):
        ordered(p, "b", (worker, result), 2, 0)
    with pytest.raises(DefinitionError, match=rf"blank of channel c: 0 is a whole number, but a worker is .* {whole}"):
        ordered(p, "c", (worker, result), 2, (0, result.ENDED))
    with pytest.raises(DefinitionError, match=r"but a worker is expected \(leave blank out"):
        ordered(p, "d", worker, 2, 0)
    with pytest.raises(DefinitionError, match=r"number has no value .* \(name one of its own: blank=3\)"):
        ordered(p, "e", integers(3, 5), 2)
    with pytest.raises(DefinitionError, match=r"blank=\(False, 0\)\)"):
        ordered(p, "f", (boolean(), integers(0, 5)), 2)


def test_an_ordered_channel_receives_its_head() -> None:
    p = Protocol("wrong")
    worker, value = index("worker", 2), integers(0, 2, "value")
    line = ordered(p, "line", (worker, value), 2, (None, 0))
    inbox = ordered(p, "inbox", value, 2, 0, over=worker)
    with pytest.raises(
        DefinitionError,
        match=r"line takes no member, not 2 \(an ordered channel receives its head: write line.receiving",
    ):
        line.receiving(1, 2)
    with pytest.raises(
        DefinitionError, match=r"takes one worker, not 2 \(.*receives its head: write inbox.receiving\(to"
    ):
        inbox.receiving(1, 2)
    with pytest.raises(DefinitionError, match=r"not 1 \(.*doubles its head: write line.doubling\(\)"):
        line.doubling(1)


def test_actions_of_the_network_are_shown_by_names() -> None:
    p = Protocol("told")
    worker, value = index("worker", 2), integers(0, 2, "value")
    p.fault("loss", "lost")
    one = lossy(p, ordered(p, "one", value, 2, 0, over=worker), fault="loss")
    two = lossy(p, unordered(p, "two", (worker, worker, value), over=worker), fault="loss")
    own = duplicating(p, unordered(p, "own", value, copies=2), fault="loss", words="says {m} again")
    told = [(a.name, list(map(str, a.parameters)), a.says.template) for a in (one, two, own) if a.says is not None]
    assert told == [
        ("lose_one", ["to"], "loses value {m} of one of worker {to}"),
        (
            "lose_two",
            ["to", "worker_1", "worker_2", "value"],
            "loses worker {worker_1}, worker {worker_2}, value {value} of two of worker {to}",
        ),
        ("duplicate_own", ["message"], "says {m} again"),
    ]
    names = {v.name for v in p.system().variables}
    ordered(p, "pair", (worker, worker), 2)
    assert {v.name for v in p.system().variables} - names == {"pair_worker_1", "pair_worker_2", "pair_length"}
