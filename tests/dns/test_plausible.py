"""The plausible protections: what each of them changes, and which promises it keeps on a small instance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.model.dns import BASE, PLAUSIBLE, dns
from planrace.properties.dns import fixed, original

SMALL = {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 1}
THREE_PLANS = {**SMALL, "plans": 3}
ORDER = (
    "active-plan-never-deleted",
    "record-never-empty",
    "plans-never-regress",
    "rollback-target-exists",
    "automation-recovers",
    "endpoints-converge",
)
LENGTHS: dict[str, tuple[int | None, ...]] = {
    "rollback-points-to-nothing": (12, 12, 10, 12, None, None),
    "stale-lock-read": (12, 12, 10, 12, 12, 11),
    "spare-active-at-listing": (12, 12, 10, 17, 12, 20),
    "longer-keep": (13, 13, 10, 13, 13, 20),
    "delete-after-grace": (23, 23, 10, 17, 23, 30),
    "recheck-before-lock": (14, 14, 12, 14, 14, 27),
    "recheck-under-lock": (None, None, None, 14, None, None),
    "fencing-token": (None, None, None, 12, None, None),
    "locked-cleanup": (12, 12, 10, 12, 12, 20),
    "lock-held-through": (None, None, 11, 13, None, None),
    "single-enactor": (None, None, None, 13, None, None),
    "bounded-retry": (12, 12, 10, 12, 12, 22),
    "preamble-everywhere": (12, 12, 10, 12, 12, 20),
    "freeze-on-anomaly": (12, 12, 10, 12, 12, 13),
}
"""Lengths of the shortest counterexamples with each alone; None: it holds."""


def interpreter(protection: str, sizes: dict[str, int], *faults: str) -> Interpreter:
    return Interpreter(original.system(faults, [protection]).instance(**sizes))


def steps(of: Interpreter) -> Iterator[tuple[dict[str, Any], Move, dict[str, Any]]]:
    """Every transition, with the states as dictionaries."""
    names = [v.name for v in of.instance.system.variables]
    queue = list(of.initials())
    found = set(queue)
    for s in queue:
        for move, t in of.moves(s):
            yield dict(zip(names, s, strict=True)), move, dict(zip(names, t, strict=True))
            if t not in found:
                found.add(t)
                queue.append(t)


def touched(move: Move, state: dict[str, Any]) -> tuple[int, int]:
    """The places of the Enactor of a step, and of the endpoint that it works on."""
    i = move.choice[0] - 1
    return i, state["cursor"][i] - 1


# All of them -----------------------------------------------------------------------------------------------------
def test_they_are_ideas_that_nobody_has_switched_on() -> None:
    assert (*BASE, *PLAUSIBLE) == tuple(dns.protections)
    assert set(LENGTHS) == set(PLAUSIBLE)
    assert original.system().protections == ()
    assert fixed.system().protections == BASE
    assert all(len(dns.protections[p].argument) > 40 for p in PLAUSIBLE)
    names = "latest empty trees alias rollback lock phase plan cursor doomed"
    assert " ".join(v.name for v in fixed.system().variables) == names


@pytest.mark.parametrize("protection", PLAUSIBLE)
def test_what_holds_with_one_alone(protection: str) -> None:
    found = {f.name: f for f in check(original, SMALL, with_protections=[protection]).findings}
    assert tuple(found[name].depth for name in ORDER) == LENGTHS[protection]
    assert {found[n].verdict.word for n, d in zip(ORDER, LENGTHS[protection], strict=True) if d is None} <= {"holds"}
    assert found["cleanup-deletes"].verdict.word == "holds"


def test_any_two_go_together() -> None:
    for pair in combinations(dns.protections, 2):
        assert set(original.system(tuple(dns.faults), pair).protections) == set(pair)
    assert len(original.system(tuple(dns.faults), tuple(dns.protections)).protections) == len(dns.protections)


@pytest.mark.long("half a million states of clean-up that heeds locks")
def test_locked_cleanup_at_the_default_size() -> None:
    report = check(original, with_protections=["locked-cleanup"], symmetry=True)
    assert report.exploration is not None
    assert report.exploration.states == 456_655
    assert [f.depth for f in report.findings] == [16, 16, 10, 16, 16, 28, 16]


# One by one ------------------------------------------------------------------------------------------------------
def test_a_longer_retention_is_a_larger_keep() -> None:
    longer = check(original, SMALL, with_protections=["longer-keep"], exhaustive=True, slicing=False)
    larger = check(original, {**SMALL, "keep": 2}, exhaustive=True, slicing=False)
    for report in (longer, larger):
        assert report.exploration is not None
        assert (report.exploration.states, report.exploration.transitions) == (4077, 8035)


def test_clean_up_lists_nothing_that_is_in_use_then() -> None:
    listings = [
        (s, t) for s, m, t in steps(interpreter("spare-active-at-listing", THREE_PLANS)) if m.outcome.name == "listed"
    ]
    assert len(listings) > 10
    for s, t in listings:
        (i,) = (n for n, p in enumerate(s["phase"]) if p != t["phase"][n])
        old = {g for there in s["trees"] for g in there if g <= s["plan"][i] - 1}
        assert t["doomed"][i] == old - set(s["alias"]) - set(s["rollback"]) != set()


def test_what_is_deleted_was_found_old_twice() -> None:
    """Followed beside the model: what the last clean-up found old."""
    of = interpreter("delete-after-grace", THREE_PLANS)
    names = [v.name for v in of.instance.system.variables]
    queue: list[tuple[State, frozenset[int]]] = [(s, frozenset()) for s in of.initials()]
    found, listings = set(queue), 0
    for s, before in queue:
        state = dict(zip(names, s, strict=True))
        for move, t in of.moves(s):
            last = before
            if move.action.name == "list_old_plans":
                i = move.choice[0] - 1
                last = frozenset(g for there in state["trees"] for g in there if g <= state["plan"][i] - 1)
                assert dict(zip(names, t, strict=True))["doomed"][i] == last & before
                assert (move.outcome.name == "listed") == bool(last & before)
                listings += bool(last & before)
            if (t, last) not in found:
                found.add((t, last))
                queue.append((t, last))
    assert listings > 20


@pytest.mark.parametrize("protection", ["recheck-under-lock", "fencing-token", "single-enactor"])
def test_no_flip_goes_back(protection: str) -> None:
    """Also where locks run out and Enactors crash: but for the fence, the lock record in the batch is needed for it."""
    for s, _, t in steps(interpreter(protection, THREE_PLANS, "lock-expiry", "crash")):
        assert all(a <= b for a, b in zip(s["alias"], t["alias"], strict=True))
        if protection == "fencing-token":
            assert t["fence"] == t["alias"]
        if protection == "single-enactor":
            assert sum(p != 0 for p in t["plan"]) <= 1


def test_the_fence_refuses_older_plans_and_no_equal_ones() -> None:
    outcomes = set()
    for s, move, _ in steps(interpreter("fencing-token", THREE_PLANS)):
        if move.action.name == "flip_alias":
            i, c = touched(move, s)
            assert (move.outcome.name == "fenced-off") == (s["plan"][i] < s["fence"][c])
            outcomes.add((move.outcome.name, s["plan"][i] == s["fence"][c]))
    assert {("fenced-off", False), ("accepted", False), ("accepted", True)} <= outcomes


def test_a_look_before_the_lock_is_needed_and_passed_on() -> None:
    outcomes: set[tuple[str, bool]] = set()
    for s, move, t in steps(interpreter("recheck-before-lock", THREE_PLANS)):
        if move.action.name == "take_lock":
            assert s["compared"][move.choice[0] - 1]
        if move.action.name == "recheck_before_lock":
            i, c = touched(move, s)
            late = s["plan"][i] <= s["alias"][c]
            assert (move.outcome.name == "superseded") == late == (t["phase"][i] != s["phase"][i])
            outcomes.add((str(move.outcome.name), s["compared"][i]))
    assert outcomes == {("newer", False), ("superseded", False), ("superseded", True)}


def test_clean_up_waits_for_the_locks_of_others() -> None:
    held = {"none": 0, "held": 0}
    for s, move, _ in steps(interpreter("locked-cleanup", THREE_PLANS)):
        if move.action.name == "delete_old_plans":
            i, c = touched(move, s)
            assert s["lock"][c] in (0, i + 1)
            held["none"] += 1
        held["held"] += any(s["lock"])
    assert min(held.values()) > 20


def test_locks_are_held_until_clean_up() -> None:
    """Who has flipped an endpoint holds its lock until it has cleaned up there, unless the lock runs out; what it does
    not hold it leaves alone."""
    deleted = left = 0
    for s, move, t in steps(interpreter("lock-held-through", THREE_PLANS, "lock-expiry")):
        if move.action.name == "flip_alias" and move.outcome.name == "accepted":
            assert t["lock"] == s["lock"]
        if move.action.name == "list_old_plans" and move.outcome.name == "nothing-old":
            assert move.choice[0] not in t["lock"]
        if move.action.name == "delete_old_plans":
            i, c = touched(move, s)
            mine = s["lock"][c] == i + 1
            assert t["lock"][c] == (0 if mine else s["lock"][c])
            assert t["trees"][c] == (s["trees"][c] - s["doomed"][i] if mine else s["trees"][c])
            deleted += t["trees"] != s["trees"]
            left += not mine
    assert deleted > 10
    assert left > 10


def test_an_enactor_gives_up_after_two_looks_at_a_held_lock() -> None:
    seen = set()
    for s, move, t in steps(interpreter("bounded-retry", THREE_PLANS)):
        if move.action.name == "back_off":
            i, c = touched(move, s)
            assert s["lock"][c] != 0
            assert (t["plan"][i] == 0) == (move.outcome.name == "gives-up") == (s["tries"][i] == 1)
            seen.add(move.outcome.name)
        if move.action.name == "take_lock":
            assert t["tries"][move.choice[0] - 1] == 0
    assert seen == {"waits", "gives-up"}


def test_clean_up_deletes_only_what_is_as_it_was_listed() -> None:
    """Followed beside the model: endpoints that others have written to since an Enactor listed old plans."""
    of = interpreter("preamble-everywhere", THREE_PLANS)
    names = [v.name for v in of.instance.system.variables]
    writes = {"take_lock", "build_tree", "flip_alias", "delete_old_plans"}
    nothing: tuple[frozenset[int], ...] = (frozenset(), frozenset())
    queue = [(s, nothing) for s in of.initials()]
    found, refused, deleted = set(queue), 0, 0
    for s, stale in queue:
        state = dict(zip(names, s, strict=True))
        for move, t in of.moves(s):
            now = list(stale)
            if move.action.name in writes:
                i, c = touched(move, state)
                if move.action.name == "delete_old_plans":
                    assert (move.outcome.name == "refused") == (c in stale[i])
                    refused += c in stale[i]
                    deleted += c not in stale[i]
                if move.outcome.name != "refused" or move.action.name == "flip_alias":
                    now[1 - i] |= {c}
                    after = dict(zip(names, t, strict=True))
                    assert move.action.name != "delete_old_plans" or after["lock"][c] == 0
            if move.action.name == "list_old_plans":
                now[move.choice[0] - 1] = frozenset()
            if (t, tuple(now)) not in found:
                found.add((t, tuple(now)))
                queue.append((t, tuple(now)))
    assert refused > 10
    assert deleted > 10


def test_a_stale_read_of_locks_keeps_nobody_apart() -> None:
    both = taken = 0
    for s, move, t in steps(interpreter("stale-lock-read", THREE_PLANS)):
        both += sum(p in (2, 3) for p in t["phase"]) == 2
        taken += move.action.name == "take_lock" and s["lock"][0] != 0
        if move.action.name == "flip_alias":
            assert t["lock"][0] == (0 if s["lock"][0] == move.choice[0] else s["lock"][0])
    assert both > 50
    assert taken > 50


def test_the_monitor_halts_what_has_done_harm() -> None:
    halts = 0
    for s, move, t in steps(interpreter("freeze-on-anomaly", THREE_PLANS)):
        assert not s["halted"]
        gone = s["alias"][0] != 0 and s["alias"][0] not in s["trees"][0]
        assert t["halted"] == (move.action.name == "halt")
        assert move.action.name != "halt" or gone
        halts += t["halted"]
    assert halts > 20


def test_a_flip_heals_an_endpoint_whose_tree_is_gone() -> None:
    healed = 0
    for s, move, t in steps(interpreter("rollback-points-to-nothing", THREE_PLANS)):
        if move.action.name != "flip_alias":
            continue
        i, c = touched(move, s)
        assert (move.outcome.name == "refused") == (s["plan"][i] not in s["trees"][c])
        if move.outcome.name == "accepted":
            there = s["alias"][c] == 0 or s["alias"][c] in s["trees"][c]
            assert t["rollback"][c] == (s["alias"][c] if there else 0)
            healed += not there
    assert healed > 10
