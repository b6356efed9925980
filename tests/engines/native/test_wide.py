"""Numbers and sets that are too large for machine words: machine code computes what Python does, or is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker import Options, check
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.emit import UnsupportedError
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.symbolic.bmc import Bounded
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    If,
    ModelError,
    Protocol,
    System,
    Term,
    array,
    count,
    exists,
    integers,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.terms import contains
from planrace.properties import invariant, reachable
from planrace.properties.kinds import Checkable

pytestmark = pytest.mark.usefixtures("own_cache", "optimised")

ENDS = [0, 1, 2**31, 2**40, 2**60, 2**61 - 1, 2**61, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
RANGES = [(-1, 2), *((0, n) for n in ENDS), *((-n, n - 1) for n in ENDS[2:-1]), *((n - 2, n + 2) for n in ENDS[2:-1])]


def found(search: Any) -> Any:
    try:
        answers, covered = search.run()
    except RangeError as problem:
        return problem.what.partition(", after")[0]
    return covered.states, covered.transitions, {a.property.name: (a.verdict, a.recording is None) for a in answers}


@st.composite
def of_numbers(draw: st.DrawFn) -> tuple[System, list[Checkable]]:
    """Numbers that go from end to end of their ranges, and sums of them that are compared."""
    p = Protocol("wide numbers")
    ranges = draw(st.lists(st.sampled_from(RANGES), min_size=1, max_size=3))
    numbers = [
        p.variable(f"n{k}", integers(low, high), draw(st.sampled_from([low, high])))
        for k, (low, high) in enumerate(ranges)
    ]

    def near() -> int:
        return draw(st.sampled_from(ENDS)) * draw(st.sampled_from([-1, 1])) + draw(st.integers(-1, 1))

    def number(depth: int) -> Term:
        chosen = draw(st.sampled_from(numbers))
        match draw(st.sampled_from(["variable", "add", "sub", "constant", "choice"])) if depth else "variable":
            case "add":
                return number(depth - 1) + number(depth - 1)
            case "sub":
                return number(depth - 1) - number(depth - 1)
            case "constant":
                return chosen + near()
            case "choice":
                return If(truth(0), number(depth - 1), near())
        return chosen

    def truth(depth: int) -> Term:
        a, b = number(depth + 1), near() + number(depth) if draw(st.booleans()) else number(depth)
        return draw(st.sampled_from([a < b, a <= b, a == b, a.isin({b, 0})]))

    for k, (x, (low, high)) in enumerate(zip(numbers, ranges, strict=True)):
        value = draw(st.sampled_from([low, high, If(x == low, high, low), x + 1, x - 1, number(1), (low + high) // 2]))
        guard = draw(st.sampled_from([truth(1), x < high, x > low, x == low]))

        def act(x: Term = x, value: Any = value, guard: Term = guard) -> Step:
            return step(when(guard), update(x, value))

        def go() -> Step:
            return act()

        go.__name__ = f"go{k}"
        p.action(by="environment")(go)
    return p.system(), [*(invariant(f"i{k}", truth(1), "drawn") for k in range(2)), reachable("r", truth(1), "drawn")]


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(of_numbers())
def test_numbers(drawn: tuple[System, list[Checkable]]) -> None:
    system, asked = drawn
    limits = Limits(depth=5)
    try:
        wanted = found(Search(system.instance(), asked, exhaustive=True, limits=limits))
    except ModelError:
        return  # a number of more than 64 bits, or a set of as many elements
    for workers in (1, 2):
        try:
            native = NativeSearch(system.instance(), asked, exhaustive=True, limits=limits, workers=workers)
        except UnsupportedError:
            continue
        assert found(native) == wanted
    if not isinstance(wanted, str):
        for a in Bounded(system.instance(), asked, limits=limits).run():
            assert a.verdict in (wanted[2][a.property.name][0], Verdict.UNKNOWN)


def far(top: int) -> System:
    """Sets over 0…``top`` that grow and shrink, and numbers that are looked for in them."""
    p = Protocol("wide sets")
    number, place, which = integers(0, top), integers(1, 2), integers(0, 3)
    seen = p.variable("seen", subsets(number), set())
    kept = p.variable("kept", array(place, subsets(number)), set())
    full = such_that(number, lambda x: x >= 0)

    @p.action(which, by="environment")
    def add(k: Term) -> Step:
        value = If(k == 0, 0, If(k == 1, min(63, top), If(k == 2, min(64, top), top)))
        return step(when(~value.isin(seen)), update(seen, seen | {value}))

    @p.action(place, by="environment")
    def keep(w: Term) -> Step:
        return step(update(kept[w], (kept[w] | seen) - {64}))

    @p.action(by="environment")
    def shrink() -> Step:
        return step(when(seen != set()), update(seen, such_that(number, lambda x: x.isin(seen) & (x > 63))))

    @p.action(by="environment")
    def turn() -> Step:
        return step(when(~(63 + count(number, lambda x: x.isin(seen))).isin({64, 65})), update(seen, full - seen))

    both = kept[1] | kept[2]
    p.declare(
        invariant("few", count(number, lambda x: x.isin(both)) <= top, "drawn"),
        invariant(
            "other", ~(kept[1] == such_that(number, lambda x: x.isin(seen) & (x > 63))) | (seen == set()), "drawn"
        ),
        invariant(
            "apart", ~(kept[1].issubset(kept[2]) & exists(number, lambda x: x.isin(kept[1]) & (x > 63))), "drawn"
        ),
        invariant("top", ~contains(kept[1] & kept[2], top), "drawn"),
    )
    return p.system()


@pytest.mark.parametrize("top", [62, 63, 64, 65, 127, 128, 200])
def test_sets(top: int) -> None:
    system = far(top)
    asked = [p for p in system.properties if isinstance(p, Checkable)]
    reference = Search(system.instance(), asked, exhaustive=True)
    wanted = found(reference)
    for workers in (1, 2):
        native = NativeSearch(system.instance(), asked, exhaustive=True, workers=workers)
        assert found(native) == wanted
        assert sorted(native.states()) == sorted(reference.states())
    if top < 130:
        for a in Bounded(system.instance(), asked, limits=Limits(depth=4, seconds=30)).run():
            assert a.verdict in (wanted[2][a.property.name][0], Verdict.UNKNOWN)


def test_members_above_63() -> None:
    """Of sets that are written out, whose elements lie far apart."""
    p = Protocol("far apart")
    number = integers(0, 1000)
    at, other = p.variable("at", number, 0), p.variable("other", number, 999)

    @p.action(by="environment")
    def hop() -> Step:
        return step(when(~at.isin({3, 70, 999})), update(at, If(at.isin({0, 64}), at + 3, If(at == 3, 70, 999))))

    @p.action(by="environment")
    def on() -> Step:
        return step(when(at.isin({3, other - 996, 70})), update(at, at + 61))

    p.declare(invariant("never", ~at.isin({131, other}), "drawn"))
    for engine in ("explicit", "native", "bmc"):
        report = check(p.system(), options=Options(engine=engine, depth=6))
        assert report.engine == engine
        assert [(f.verdict, f.depth) for f in report.findings] == [(Verdict.VIOLATED, 4)]


@pytest.mark.parametrize(
    ("low", "high", "less"), [(0, 2**64 - 1, 1), (0, 2**63, 1), (-1, 2**63, 2), (-1, 2**64 - 2, 0)]
)
def test_a_bound_that_is_no_word_is_kept(low: int, high: int, less: int) -> None:
    """An assigned value is compared with the bound that it may exceed, not with a bound outside signed words."""
    p = Protocol("unsigned")
    x, y = p.variable("x", integers(low, high), high), p.variable("y", integers(0, 5), 5)

    @p.action(by="environment")
    def down() -> Step:
        return step(when(y > 1), update(x, y - less), update(y, y - 1))

    asked: list[Checkable] = [invariant("some", y > 1, "drawn")]
    wanted = found(Search(p.system().instance(), asked, exhaustive=True))
    assert found(NativeSearch(p.system().instance(), asked, exhaustive=True, workers=1)) == wanted
    assert wanted[0] == 5


@pytest.mark.parametrize("wide", [True, False])
def test_where_there_is_no_machine_code_python_goes_on(wide: bool) -> None:
    """The report says why; ``--dump-ir`` is refused because there is no machine code."""
    p = Protocol("too wide")
    number = integers(0, 2**63 if wide else 700)
    at = p.variable("at", number, 0)
    seen = p.variable("seen", subsets(integers(0, 700)), set())

    @p.action(by="environment")
    def on() -> Step:
        return step(when(at < 3), update(at, at + 1), *([] if wide else [update(seen, seen | {at})]))

    p.declare(invariant("small", at < 3, "drawn"))
    report = check(p.system(), options=Options(engine="native", slicing=False))
    assert report.engine == "explicit"
    assert [(f.verdict, f.depth) for f in report.findings] == [(Verdict.VIOLATED, 3)]
    (said,) = (w.message for w in report.warnings if w.kind == "no machine code")
    assert ("may be as great as 9,223,372,036,854,775,808" if wide else "may have more than 512 elements") in said
    with pytest.raises(ModelError, match="this instance cannot be compiled to machine code"):
        check(p.system(), options=Options(engine="native", slicing=False, ir=lambda _: None))


def test_a_set_of_far_elements_is_refused() -> None:
    """Explorers use a bit for each number between two elements; a set that is too wide is reported with its line."""
    p = Protocol("too far")
    at = p.variable("at", integers(0, 2**40), 0)
    seen = p.variable("seen", subsets(integers(0, 1)), set())

    @p.action(by="environment")
    def on() -> Step:
        return step(when(({at} | seen) != {1}), update(at, at + 1))

    p.declare(invariant("small", at < 3, "drawn"))
    with pytest.raises(ModelError, match=r"the set .* would need 1,099,511,627,777 bits"):
        check(p.system(), options=Options(engine="explicit"))
    p.variable("s", subsets(integers(1, 5000)), set())
    with pytest.raises(ModelError, match=r"variable s needs 5,000 bits.*a set may have 4,096 elements at most"):
        check(p.system(), options=Options(engine="explicit", slicing=False))
