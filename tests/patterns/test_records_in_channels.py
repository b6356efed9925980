"""Messages that are records: a channel of records is one of their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import Options, check, prove, render
from planrace.model.language import (
    DefinitionError,
    Protocol,
    Step,
    Term,
    array,
    enumeration,
    exists,
    forall,
    index,
    integers,
    optional,
    record,
    says,
    sequence,
    step,
    subsets,
    update,
    when,
)
from planrace.model.patterns import lossy, ordered, unordered
from planrace.properties import invariant

Worker = index("worker", 2, symmetric=True)
Number = integers(1, 2, "number")
Site = enumeration("site", "EAST WEST")
Job = record("job", of=Number, at=Site, by=Worker)


def jobs(*, whole: bool, over: bool = False) -> Protocol:
    """Jobs are queued, handed on in any order, and the last one is kept."""
    p = Protocol("jobs", "jobs that are handed on")
    p.fault("loss", "jobs are lost")
    to: Any = Worker if over else None
    message: Any = Job if whole else (Number, Site, Worker)
    queue = ordered(p, "queue", message, 2, None if whole else (1, Site.EAST, None), over=to)
    bag = unordered(p, "bag", message)
    lossy(p, queue, fault="loss")
    last = p.variable("last", array(Worker, optional(Job)), None)

    def of(j: Any) -> tuple[Any, ...]:
        at = (j.by,) if over else ()
        return (*at, j) if whole else (*at, j.of, j.at, j.by)

    def fields(j: Any) -> tuple[Any, ...]:
        return (j,) if whole else (j.of, j.at, j.by)

    @p.action(Job, by="maker")
    def make(j: Any) -> Step:
        return step(when(queue.room[j.by] if over else queue.room), *queue.sending(*of(j)))

    @p.action(Job, by="clerk")
    def hand_on(j: Any) -> Step:
        return step(
            when(queue.brings(*of(j))),
            *queue.receiving(*((j.by,) if over else ())),
            *bag.sending(*fields(j)),
            says("on"),
        )

    @p.action(Job, by="clerk")
    def end(j: Any) -> Step:
        return step(when(bag.carries(*fields(j))), *bag.receiving(*fields(j)), *update(last[j.by], j))

    ones = forall(Worker, lambda w: (last[w] == None) | (last[w].of < 2))  # noqa: E711
    p.declare(invariant("ones", ones, "no 2 is kept"))
    return p


@pytest.mark.parametrize("over", [False, True])
def test_the_same_states(over: bool) -> None:
    """As with a field for each leaf, also with one queue for each member, and where messages are lost."""
    found = []
    for whole in (True, False):
        options = Options(exhaustive=True, slicing=False, depth=4)
        covered = check(jobs(whole=whole, over=over), faults=["loss"], options=options).exploration
        assert covered is not None
        found.append((covered.states, covered.transitions))
    assert found[0] == found[1]


def test_engines_and_reports() -> None:
    p = jobs(whole=True)
    for engine in ("explicit", "bmc"):
        (finding,) = check(p, options=Options(engine=engine, depth=3)).findings
        assert (finding.verdict.word, finding.depth) == ("violated", 3)
    text = render(check(p), "text")
    assert "queue: [] → [2 EAST 1]" in text
    assert p.actions["lose_queue"].outcomes[0].says is None
    assert p.actions["lose_queue"].says is not None
    assert "loses {m} of queue" in p.actions["lose_queue"].says.template


def test_the_head_is_a_record() -> None:
    """It may be blank, so members in it may be none."""
    p = Protocol("p", "a protocol")
    queue = ordered(p, "queue", Job, 2)
    each = ordered(p, "each", Job, 2, over=Worker)
    n = p.variable("n", Number, 1)
    done = p.variable("done", array(Worker, Number), 1)

    @p.action(Job, by="x")
    def put(j: Any) -> Step:
        return step(when(queue.room, each.room[j.by]), *queue.sending(j), *each.sending(j.by, j))

    @p.action(Worker, by=Worker)
    def take(w: Term) -> Step:
        head = queue.head
        return step(
            when(queue.waiting, head.by == w, each.waiting[w]),
            *queue.receiving(),
            *each.receiving(w),
            update(n, head.of),
            update(done[w], each.head[w].of),
            says("takes {m}", m=head),
        )

    p.declare(invariant("same", (n == 1) | exists(Worker, lambda w: done[w] == 2), "the same job"))
    (finding,) = check(p).findings
    assert finding.verdict.word == "holds"


REFUSED: dict[str, tuple[str, Callable[[Protocol], object]]] = {
    "a set": (
        r"channel q: a message holds scalars, and who of r is a set of worker \(send a number of the whole",
        lambda p: ordered(p, "q", record("r", who=subsets(Worker)), 2),
    ),
    "a sequence": (
        r"a message holds scalars, not sequence of number",
        lambda p: unordered(p, "q", sequence(Number, 2)),  # type: ignore[arg-type]
    ),
    "two records": (r"a record stands alone", lambda p: unordered(p, "q", (Job, Job))),  # type: ignore[arg-type]
    "another record": (
        r"message of q: .* is a r, but a job is expected",
        lambda p: unordered(p, "q", Job).sending(record("r", of=Number)(of=1)),
    ),
    "too many": (r"a message is number, site, worker, not", lambda p: ordered(p, "q", Job, 2).sending(1, 2)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    message, makes = REFUSED[case]
    with pytest.raises(DefinitionError, match=message):
        makes(Protocol("p"))


def test_proofs() -> None:
    """Of a set of records."""
    p = Protocol("p", "a protocol")
    bag = unordered(p, "bag", Job)
    n = p.variable("n", Number, 1)

    @p.action(Job, by="x")
    def put(j: Any) -> Step:
        return step(when(j.of == 1), *bag.sending(j))

    @p.action(Job, by="y")
    def take(j: Any) -> Step:
        return step(when(bag.carries(j), j.of == 1), *bag.receiving(j), update(n, j.of))

    p.declare(invariant("one", n == 1, "only 1 comes"))
    assert [f.verdict.word for f in prove(p).findings] == ["holds"]
