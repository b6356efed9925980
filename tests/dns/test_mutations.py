"""Mutations of the protocol that must change a verdict: if one does not, a property or the model does not check what it
should."""

from __future__ import annotations

import pytest

from planrace.checker import check
from planrace.model.dns.protocol import Endpoint, Plan, alias, cursor, doomed, keep, plan, trees
from planrace.model.language import Changes, System, Term, changed, exists, such_that
from planrace.properties.dns import fixed

KEEP_1 = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
KEEP_2 = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 2}
TWO_ENDPOINTS = {"enactors": 2, "endpoints": 2, "plans": 3, "keep": 2}


def verdicts(system: System, sizes: dict[str, int]) -> dict[str, str]:
    return {f.name: f.verdict.word for f in check(system, sizes).findings}


def flipped(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    return {name: verdict for name, verdict in after.items() if before[name] != verdict}


@pytest.mark.parametrize(
    ("protection", "faults", "property_"),
    [
        ("transactional-check", [], "plans-never-regress"),
        ("guarded-delete", [], "rollback-target-exists"),
        ("plan-validation", ["bad-plan"], "record-never-empty"),
    ],
)
def test_each_protection_matters(protection: str, faults: list[str], property_: str) -> None:
    before = verdicts(fixed.system(faults), KEEP_2)
    after = verdicts(fixed.system(faults, without=[protection]), KEEP_2)
    assert set(before.values()) == {"holds"}
    assert flipped(before, after) == {property_: "violated"}


def test_dropping_the_flips_tree_check() -> None:
    def accept_always(change: Changes) -> None:
        change.condition("flip_alias", "accepted", lambda i: alias[cursor[i]] == alias[cursor[i]])

    system = fixed.system(without=["transactional-check"])
    after = verdicts(changed(system, accept_always), KEEP_1)
    assert flipped(verdicts(system, KEEP_1), after) == {
        "active-plan-never-deleted": "violated",
        "record-never-empty": "violated",
        "rollback-target-exists": "violated",
    }


def test_deleting_one_generation_too_many() -> None:
    def one_more(change: Changes) -> None:
        def old(_: Term, i: Term) -> Term:
            within = plan[i] - keep + 1
            return such_that(Plan, lambda g: (g <= within) & exists(Endpoint, lambda e: g.isin(trees[e])))

        change.value("list_old_plans", doomed, old)

    system = fixed.system(without=["guarded-delete"])
    after = verdicts(changed(system, one_more), KEEP_1)
    assert after["active-plan-never-deleted"] == "violated"
    assert verdicts(system, KEEP_1)["active-plan-never-deleted"] == "holds"


def test_forgetting_to_move_or_reset_the_cursor() -> None:
    system = fixed.system()
    after = verdicts(changed(system, lambda change: change.forget("flip_alias", cursor)), TWO_ENDPOINTS)
    assert flipped(verdicts(system, TWO_ENDPOINTS), after) == {
        "cleanup-deletes": "violated",
        "automation-recovers": "violated",
        "endpoints-converge": "violated",
    }


def test_forgetting_what_was_listed() -> None:
    system = fixed.system()
    after = verdicts(changed(system, lambda change: change.forget("list_old_plans", doomed)), KEEP_2)
    assert flipped(verdicts(system, KEEP_2), after) == {"cleanup-deletes": "violated"}


def test_locks_that_do_not_exclude() -> None:
    """Without the check of the lock, a lost lock goes unnoticed: there are more states, so the guard is not vacuous."""
    faults = ["lock-expiry"]
    whole = check(fixed.system(faults), KEEP_2).exploration
    blind = changed(fixed.system(faults), lambda change: change.remove("lose_lock"))
    fewer = check(blind, KEEP_2).exploration
    assert whole is not None
    assert fewer is not None
    assert fewer.states < whole.states
