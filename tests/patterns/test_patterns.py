"""Patterns: what they mean, held against plain Python, and that every engine reads them alike."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import Options, check, prove
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    Protocol,
    Step,
    Term,
    Update,
    array,
    boolean,
    count,
    exists,
    forall,
    index,
    integers,
    says,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.patterns import clock, crash, lossy, ordered, timer, unordered
from planrace.properties import invariant, lemma, proof, reachable, step_invariant
from tests import naive

ASKED = "asked"


def mail(kind: str) -> Protocol:
    """Somebody sends 1, 2, 3; somebody else keeps the last that came."""
    p = Protocol(f"mail-{kind}")
    room = p.parameter("room", 2, 1, 4)
    message = integers(0, 3, "message")
    sent, got = p.variable("sent", message, 0), p.variable("got", message, 0)
    p.fault("loss", "messages are lost")
    if kind == "ordered":
        line = ordered(p, "line", message, room, 0)
        lossy(p, line, fault="loss")
        waiting, ready = line.waiting, line.room
        sending: tuple[Update, ...] = line.sending(sent + 1)
        receiving = line.receiving()
        takes: Callable[[Term], Any] = lambda m: (when(waiting, m == line.head), *receiving)  # noqa: E731
    else:
        bag = unordered(p, "bag", message)
        lossy(p, bag, fault="loss")
        ready = count(message, bag.carries) < room
        sending = (bag.sending(sent + 1),)
        takes = lambda m: (when(bag.carries(m)), bag.receiving(m))  # noqa: E731

    @p.action(by="sender")
    def send() -> Step:
        return step(when(sent < 3, ready), *sending, update(sent, sent + 1))

    @p.action(message, by="receiver")
    def receive(m: Term) -> Step:
        return step(*takes(m), update(got, m), says("receives {m}", m=m))

    p.final(sent == 3)
    p.declare(
        step_invariant(
            ASKED, ~taken("receive", m=got) & ~exists(message, lambda m: taken("receive", m=m) & (m < got)), "in order"
        ),
        reachable(
            "jump", exists(message, lambda m: taken("receive", m=m) & (got + 1 < m)), "some message is jumped over"
        ),
    )
    return p


def kettle() -> Protocol:
    """Kettles boil for three ticks; time stands still while one that has boiled is on."""
    p = Protocol("kettle")
    kettles, heat = p.parameter("kettles", 2, 1, 4), p.parameter("heat", 3, 1, 5)
    kettle_ = index("kettle", kettles, symmetric=True)
    on = p.variable("on", array(kettle_, boolean()), False)
    left = timer(p, "left", heat, over=kettle_)
    day = timer(p, "day", 4)
    clock(p, left, day, unless=exists(kettle_, lambda k: on[k] & ~left.running(k)))

    @p.action(by="sun")
    def rise() -> Step:
        return step(when(~day.running()), day.starting(4))

    @p.action(kettle_, by=kettle_)
    def start(k: Term) -> Step:
        return step(when(~on[k], day.running()), update(on[k], True), left.starting(k, heat))

    @p.action(kettle_, by=kettle_)
    def stop(k: Term) -> Step:
        return step(when(on[k], ~left.running(k)), update(on[k], False))

    @p.action(kettle_, by=kettle_)
    def unplug(k: Term) -> Step:
        return step(when(on[k], left.running(k)), update(on[k], False), left.stopping(k))

    p.declare(
        invariant(ASKED, forall(kettle_, lambda k: left.running(k).implies(on[k])), "a timer runs for what is on"),
        step_invariant("in-time", ~taken("tick") | forall(kettle_, lambda k: on[k].implies(left.running(k))), "waits"),
        reachable("boils", exists(kettle_, lambda k: taken("stop", k=k)), "some kettle boils"),
    )
    return p


def diary() -> Protocol:
    """Writers note on paper what they have in mind; what is in mind is lost in a crash, what is on paper is not."""
    p = Protocol("diary")
    writer, page = index("writer", p.parameter("writers", 2, 1, 3), symmetric=True), integers(1, 2, "page")
    mind = p.variable("mind", array(writer, subsets(page)), set(), "volatile")
    open_at = p.variable("open_at", array(writer, array(page, boolean())), False, "volatile")
    paper = p.variable("paper", subsets(page), set(), "persistent")
    p.fault("faint", "a writer forgets")
    p.fault("fire", "all paper burns")
    crash(p, [mind, open_at], fault="faint", by=writer, words=says("faints"))
    crash(p, [paper], fault="fire", by="house", name="burn")

    @p.action(writer, page, by=writer)
    def think(w: Term, n: Term) -> Step:
        return step(when(~n.isin(mind[w])), update(mind[w], mind[w] | {n}), update(open_at[w][n], True))

    @p.action(writer, page, by=writer)
    def write(w: Term, n: Term) -> Step:
        return step(when(open_at[w][n]), update(paper, paper | {n}), update(open_at[w][n], False))

    p.declare(
        invariant(
            ASKED,
            forall(page, lambda n: n.isin(paper).implies(exists(writer, lambda w: n.isin(mind[w])))),
            "what is on paper is in somebody's mind",
        ),
        reachable("written", taken("write"), "something is written"),
    )
    p.final(forall(page, lambda n: n.isin(paper)))
    in_mind = forall(writer, lambda w: forall(page, lambda n: open_at[w][n].implies(n.isin(mind[w]))))
    p.argue(proof([lemma("open-in-mind", in_mind, "a page that is open is in its writer's mind")]))
    return p


SUBJECTS: dict[str, tuple[Callable[[], Protocol], tuple[str, ...], str, int | None]] = {
    "ordered": (lambda: mail("ordered"), (), "holds", None),
    "ordered, lossy": (lambda: mail("ordered"), ("loss",), "holds", None),
    "unordered": (lambda: mail("unordered"), (), "violated", 4),
    "unordered, lossy": (lambda: mail("unordered"), ("loss",), "violated", 4),
    "timers": (kettle, (), "holds", None),
    "crash of nobody": (diary, (), "holds", None),
    "crash of a member": (diary, ("faint",), "violated", 3),
    "crash of all": (diary, ("fire",), "holds", None),
}


# Every engine --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("subject", SUBJECTS)
def test_searches_agree_with_the_interpreter(subject: str) -> None:
    make, faults, word, length = SUBJECTS[subject]
    protocol = make()
    found = naive.search(protocol.system(faults=faults).instance())
    for engine in ("explicit", "native"):
        options = Options(engine=engine, exhaustive=True, slicing=False, symmetry=False)
        report = check(protocol, faults=faults, options=options)
        assert report.exploration is not None
        assert (report.exploration.states, report.exploration.transitions) == (found.states, found.transitions)
        asked = next(f for f in report.findings if f.name == ASKED)
        assert (asked.verdict.word, asked.depth) == (word, length) == (word, found.shortest.get(ASKED))
        assert all(f.depth == found.shortest.get(f.name) for f in report.findings)


@pytest.mark.parametrize("engine", ["bmc", "induction", "spacer"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_solvers_agree(subject: str, engine: str) -> None:
    make, faults, word, length = SUBJECTS[subject]
    depth = 6 if engine == "bmc" else 12
    report = check(make(), faults=faults, options=Options(engine=engine, properties=(ASKED,), depth=depth))
    (asked,) = report.findings
    if word == "violated":
        assert (asked.verdict.word, asked.depth) == (word, length)
    else:
        assert asked.verdict.word == ("unknown" if engine == "bmc" else "holds")


@pytest.mark.parametrize("subject", ["timers", "crash of nobody", "crash of all"])
def test_proofs_of_every_size_read_them(subject: str) -> None:
    make, faults, _, _ = SUBJECTS[subject]
    assert prove(make(), properties=[ASKED], faults=faults).verdict.word == "holds"


# What they mean ------------------------------------------------------------------------------------------------
def test_an_ordered_channel_is_a_queue() -> None:
    p = Protocol("queue")
    message = integers(0, 4, "message")
    line = ordered(p, "line", message, 3, 0)

    @p.action(integers(1, 4, "message"), by="sender")
    def put(m: Term) -> Step:
        return step(when(line.room), *line.sending(m))

    @p.action(by="receiver")
    def get() -> Step:
        return step(when(line.waiting), *line.receiving())

    interpreter, choose, real = Interpreter(p.system().instance()), random.Random(1), deque[int]()
    state = interpreter.initial()
    for _ in range(300):
        moves = list(interpreter.moves(state))
        assert len(moves) == (4 if len(real) < 3 else 0) + (1 if real else 0)
        move, state = choose.choice(moves)
        real.append(move.choice[0]) if move.action.name == "put" else real.popleft()
        slots, length = state
        assert tuple(slots) == (*real, *[0] * (3 - len(real)))
        assert length == len(real)


def test_messages_that_may_overtake_are_a_set_and_answers_come_with_the_receipt() -> None:
    p = Protocol("set")
    bag = unordered(p, "bag", integers(0, 3, "message"))
    done = p.variable("done", boolean(), False)

    @p.action(by="all")
    def begin() -> Step:
        return step(when(~done), bag.sending(1, 2, 2), update(done, True))

    @p.action(by="all")
    def answer() -> Step:
        return step(when(bag.carries(1)), bag.receiving(1, 3))

    run = states_of(p)
    assert [s[0] for s in run] == [frozenset(), frozenset({1, 2}), frozenset({2, 3})]


def test_what_is_lost_is_named() -> None:
    p = mail("unordered")
    assert "lose_bag" not in p.system().actions
    assert p.system(faults=["loss"]).actions["lose_bag"].role == "network"


def test_a_clock_moves_all_its_timers_and_waits_for_what_is_urgent() -> None:
    instance = kettle().system().instance(kettles=1, heat=3)
    interpreter, state = Interpreter(instance), Interpreter(instance).initial()

    def take(action: str) -> None:
        nonlocal state
        state = next(t for m, t in interpreter.moves(state) if m.action.name == action)

    def enabled() -> set[str]:
        return {m.action.name for m, _ in interpreter.moves(state)}

    for action, left, day in [("rise", 0, 4), ("start", 3, 4), ("tick", 2, 3), ("tick", 1, 2), ("tick", 0, 1)]:
        take(action)
        assert state[1:] == ((left,), day), action
    assert enabled() == {"stop"}
    take("stop")
    take("tick")
    assert state == ((False,), (0,), 0)
    assert enabled() == {"rise"}


def test_a_crash_forgets_what_is_volatile_and_nothing_else() -> None:
    interpreter = Interpreter(diary().system(faults=["faint", "fire"]).instance())
    forgot: set[str] = set()
    frontier, seen = [interpreter.initial()], {interpreter.initial()}
    while frontier:
        (mind, open_at, paper) = state = frontier.pop()
        for move, after in interpreter.moves(state):
            if move.action.name == "crash":
                w = move.choice[0] - 1
                cleared = tuple(
                    (*c[:w], empty, *c[w + 1 :]) for c, empty in ((mind, frozenset()), (open_at, (False, False)))
                )
                assert after == (*cleared, paper)
            elif move.action.name == "burn":
                assert after == (mind, open_at, frozenset())
            forgot.add(move.action.name)
            assert after != state
            if after not in seen:
                seen.add(after)
                frontier.append(after)
    assert {"crash", "burn"} <= forgot


def states_of(p: Protocol) -> list[Any]:
    """The states of the only run."""
    interpreter = Interpreter(p.system().instance())
    states = [interpreter.initial()]
    while moves := list(interpreter.moves(states[-1])):
        ((_, after),) = moves
        states.append(after)
    return states


def post() -> tuple[Protocol, Any, Any]:
    """Letters are members of an index, so a slot may hold none; a crash burns what is on its way."""
    p = Protocol("post")
    letter = index("letter", 2)
    queue = ordered(p, "queue", letter, 2)
    bag = unordered(p, "bag", letter)
    wait = timer(p, "wait", 2)
    got = p.variable("got", subsets(letter), set())
    p.fault("loss", "letters are lost")
    p.fault("fire", "all burns")
    lossy(p, queue, fault="loss", words="drops {m}")
    lossy(p, bag, fault="loss")
    crash(p, [queue, bag, wait], fault="fire", by="house", name="burn")

    @p.action(letter, by="sender")
    def send(m: Term) -> Step:
        return step(when(queue.room, bag.messages == set()), queue.sending(m), *bag.sending(m), *wait.starting(2))

    @p.action(letter, by="receiver")
    def receive(m: Term) -> Step:
        return step(when(queue.head == m), queue.receiving(), *bag.receiving(m), update(got, got | {m}))

    p.declare(reachable(ASKED, forall(letter, lambda m: m.isin(got)), "both arrive"))
    return p, queue, bag


def test_pieces_are_starred_or_not_and_members_of_an_index_are_messages() -> None:
    p, queue, _ = post()
    assert check(p)
    assert Interpreter(p.system().instance()).initial()[0] == (0, 0)
    assert repr(queue.head == None) == "queue[1] = none"  # noqa: E711
    protocol = Protocol("plain")
    line = ordered(protocol, "line", integers(0, 2), 2, 0)
    starred = step(when(line.room), *line.sending(1))
    assert [u.target for u in starred.outcomes[0].updates] == [
        u.target for u in step(when(line.room), line.sending(1)).outcomes[0].updates
    ]


def test_a_crash_empties_channels_and_stops_timers() -> None:
    interpreter = Interpreter(post()[0].system(faults=["fire"]).instance())
    start = interpreter.initial()
    sent = [s for m, s in interpreter.moves(start) if m.action.name == "send"]
    assert sent
    for state in sent:
        (burnt,) = (s for m, s in interpreter.moves(state) if m.action.name == "burn")
        assert burnt == start
    assert not any(m.action.name == "burn" for m, _ in interpreter.moves(start))


def test_what_is_lost_says_of_which_channel() -> None:
    actions = post()[0].system(faults=["loss"]).actions
    words = [actions[n].says for n in ("lose_queue", "lose_bag")]
    assert [w.template for w in words if w is not None] == ["drops {m}", "loses letter {m} of bag"]


# Mistakes ------------------------------------------------------------------------------------------------------
def test_what_patterns_declare_stands_where_the_author_called_them() -> None:
    system = diary().system(faults=["faint", "fire"])
    places = [system.actions[n].where for n in ("crash", "burn")]
    assert all(place is not None and place.file == __file__ for place in places)
    assert len({place.line for place in places if place is not None}) == 2
    assert all(v.where is not None and v.where.file == __file__ for v in mail("ordered").system().variables)


def test_mistakes_are_named_in_one_sentence() -> None:
    p = Protocol("wrong")
    host = index("host", 2)
    one, many = timer(p, "one", 3), timer(p, "many", 3, over=host)
    flag = p.variable("flag", boolean(), False)
    p.fault("power", "no power")
    with pytest.raises(DefinitionError, match="timer many takes one host, not 0"):
        many.running()
    with pytest.raises(DefinitionError, match="timer one takes no member, not 1"):
        one.stopping(flag)
    with pytest.raises(DefinitionError, match=r"timer many: 3 is .*, but a host .*write many\.starting\(host, ticks\)"):
        exists(host, lambda h: many.starting(3, h).value)
    with pytest.raises(DefinitionError, match=r"timer many starts with no ticks \(write many\.starting\(host, ticks\)"):
        many.starting()
    with pytest.raises(DefinitionError, match=r"timer old: host is given in place of its meaning \(write .*over=host"):
        timer(p, "old", 3, host)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="clock tick drives no timer"):
        clock(p)
    with pytest.raises(DefinitionError, match="crash crash forgets nothing"):
        crash(p, [], fault="power", by="host")
    with pytest.raises(DefinitionError, match=r"crash crash: .* is not a variable of wrong") as problem:
        crash(p, [~flag], fault="power", by="host")
    assert problem.value.where is not None
    assert problem.value.where.file == __file__
    with pytest.raises(DefinitionError, match="crash crash: flag is not an array over host"):
        crash(p, [flag], fault="power", by=host)
    with pytest.raises(DefinitionError, match="fault 'flood' is not declared"):
        crash(p, [flag], fault="flood", by="host")
    with pytest.raises(DefinitionError, match="is out of the range"):
        one.starting(4)
    bag = unordered(p, "bag", host)
    with pytest.raises(DefinitionError, match=r"crash crash: bag is not an array over host"):
        crash(p, [bag], fault="power", by=host)
    with pytest.raises(DefinitionError, match=r"volatile is a list \(write \[x\]"):
        crash(p, bag, fault="power", by="host")  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"lossy: flag is not a channel \(name what unordered"):
        lossy(p, flag, fault="power")  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"channel q: number has no value for slots .*blank=0"):
        ordered(p, "q", integers(0, 3), 2)
    with pytest.raises(DefinitionError, match=r"x is not a part of a step|'x' is not a part of a step"):
        step(("x",))  # type: ignore[arg-type]
