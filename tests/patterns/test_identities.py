"""Identities and versions that are given out once each, and what happens where none is left."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from planrace.checker import check, prove
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Term,
    array,
    boolean,
    both,
    enumeration,
    index,
    integers,
    optional,
    size_of,
    step,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.patterns import identities, versions
from planrace.properties import invariant
from tests import naive

pytestmark = pytest.mark.usefixtures("own_cache")

ENGINES = ["explicit", "native", "bmc", "induction", "spacer"]


def orders(kind: str, *, waits: bool, clients: int = 2, size: int = 2) -> Protocol:
    """Each client takes one identity."""
    p = Protocol("orders")
    of: Any = {
        "symmetric": index("order", size, symmetric=True),
        "ordered": index("order", size, ordered=True),
        "numbers": integers(4, 3 + size, "order"),
        "words": enumeration("order", ["A", "B", "C"][:size]),
        "sized": integers(1, p.parameter("orders", size, 1, 4) + 0, "order"),
    }[kind]
    client = index("client", clients, symmetric=True)
    ids = identities(p, "ids", of, waits=waits)
    served = p.variable("served", array(client, boolean()), False)

    @p.action(client, of, by=client)
    def take(c: Term, o: Term) -> Step:
        return step(when(~served[c]), ids.taking(o), update(served[c], True))

    p.final(both())
    p.declare(invariant("once", size_of(ids.used) <= clients, "no more than there are clients"))
    return p


@pytest.mark.parametrize("kind", ["symmetric", "ordered", "numbers", "words", "sized"])
def test_each_identity_is_given_out_once(kind: str) -> None:
    """The states are the sets of clients who are served, and as many identities in any choice."""
    found = naive.search(
        orders(kind, waits=False, clients=2, size=3).system().instance(**({"orders": 3} if kind == "sized" else {}))
    )
    wanted = {
        (frozenset(c), frozenset(o))
        for k in range(3)
        for c in permutations(range(2), k)
        for o in permutations(range(3), k)
    }
    assert found.states == len(wanted)


@pytest.mark.parametrize("engine", [*ENGINES, "simulate"])
@pytest.mark.parametrize("kind", ["symmetric", "numbers"])
def test_one_more_than_there_are_is_an_error_in_every_engine(kind: str, engine: str) -> None:
    with pytest.raises(
        ModelError, match=r"take assigns ids_count the value 3, .*\(give order more members, or declare"
    ):
        check(orders(kind, waits=False, clients=3), engine=engine)


@pytest.mark.parametrize("engine", ["explicit", "native", "induction"])
def test_where_none_is_left_the_action_waits(engine: str) -> None:
    assert check(orders("symmetric", waits=True, clients=3), engine=engine).verdict is Verdict.HOLDS


def revised(*, waits: bool) -> Protocol:
    p = Protocol("revised")
    most = p.parameter("most", 2, 1, 4)
    revision = versions(p, "revision", most + 1, waits=waits)
    seen = p.variable("seen", integers(0, most + 1), 0)

    @p.action(by="editor")
    def revise() -> Step:
        return step(revision.taking(), update(seen, revision.next))

    p.final(~revision.left)
    p.declare(invariant("current", seen == revision.latest, "the editor sees its own revision"))
    return p


def test_versions_are_given_out_in_order() -> None:
    assert naive.search(revised(waits=True).system().instance()).states == 4
    assert prove(revised(waits=True)).verdict is Verdict.HOLDS


@pytest.mark.parametrize("engine", ENGINES)
def test_one_version_too_many_is_an_error_in_every_engine(engine: str) -> None:
    with pytest.raises(
        ModelError, match=r"the value 4, which its sort does not hold.* \(raise the most of revision, or"
    ):
        check(revised(waits=False), engine=engine)


def test_what_has_no_members_is_refused() -> None:
    p = Protocol("p")
    with pytest.raises(DefinitionError, match=r"ids: order or none has no members to give out \(name an index"):
        identities(p, "ids", optional(index("order", 2)))  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"versions v: most must be a whole number or a parameter"):
        versions(p, "v", None)  # type: ignore[arg-type]
    ids = identities(p, "ids", index("order", 2))
    with pytest.raises(DefinitionError, match=r"ids: an identity: .* is a whole number, but an order is expected"):
        ids.taking(1)
