"""The two further outages in plain Python, which shares no code with the model or the checker: counts and shortest
violations by breadth-first search."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counted:
    """What a search finds: states, transitions, and the shortest violation of each condition on states."""

    states: int = 0
    transitions: int = 0
    shortest: dict[str, int] = field(default_factory=dict)
    edges: dict[Any, set[tuple[str, Any]]] = field(default_factory=dict)

    def recoverable(self, goal: Callable[[Any], bool], helpers: set[str], wherever: Callable[[Any], bool]) -> bool:
        """Whether steps of helpers can lead to the goal from every state in which ``wherever`` holds (AG EF)."""
        good = {s for s in self.edges if goal(s)}
        while True:
            more = {
                s for s, out in self.edges.items() if s not in good and any(k in helpers and t in good for k, t in out)
            }
            if not more:
                return all(s in good for s in self.edges if wherever(s))
            good |= more


def explore(start: Hashable, steps: Callable[[Any], Iterator[tuple[str, Any]]], promises: dict[str, Any]) -> Counted:
    """Every state; a step is who may count as a helper, and the state after it."""
    found, level, depth, seen = Counted(), [start], 0, {start}
    while level:
        following = []
        for s in level:
            for name, holds in promises.items():
                if not holds(s):
                    found.shortest.setdefault(name, depth)
            out = list(steps(s))
            found.transitions += len(out)
            found.edges[s] = set(out)
            for _, t in out:
                if t not in seen:
                    seen.add(t)
                    following.append(t)
        level, depth = following, depth + 1
    found.states = len(seen)
    return found


# The prefixes ------------------------------------------------------------------------------------------------------
def prefixes(n: int, on: frozenset[str], *, slip: bool = False, limit: int = 1) -> Counted:
    """A state: for each prefix (wanted, queued, advertised, bound, aside), and whether the task is stopped."""

    def pending(p: tuple[bool, ...]) -> bool:
        return not p[0] and (p[2] or p[3])

    def steps(s: Any) -> Iterator[tuple[str, Any]]:
        ps, stopped = s

        def put(k: int, p: tuple[bool, ...]) -> Any:
            return (*ps[:k], p, *ps[k + 1 :]), stopped

        def queue(which: Callable[[tuple[bool, ...]], bool]) -> Any:
            if "circuit-breaker" in on and sum(map(which, ps)) > limit:
                return ps, True
            return tuple((p[0], which(p), *p[2:]) for p in ps), False

        if not stopped and not any(p[1] for p in ps):
            wrong = (0 if "pass-the-value" in on else 1) + slip
            for _ in range(wrong):
                yield "task", without_value(on, s, limit)
            if "pass-the-value" in on and any(map(pending, ps)):
                yield "task", queue(pending)
        for k, (w, q, a, b, x) in enumerate(ps):
            if w:
                yield "wish", put(k, (False, q, a, b, x))
            if not w and a and b:
                yield "wish", put(k, (True, q, a, b, x))
            if w and not a and (b or x):
                yield "customer", put(k, (w, q, True, True, False) if "two-step-delete" in on else (w, q, True, b, x))
            if "not-advertised" in on:
                if not w and a:
                    yield "customer", put(k, (w, q, False, b, x))
            elif not stopped and q and a:
                calm = "staged" not in on or all(p[2] for p in ps if p[0])
                if calm and "ask-again" in on and w:
                    yield "task", put(k, (w, False, a, b, x))
                elif calm:
                    yield "task", put(k, (w, q, False, b, x))
            if not stopped and q and (not a or "not-advertised" in on):
                spared = ("not-advertised" in on and a) or ("ask-again" in on and w)
                aside = x or ("two-step-delete" in on and b)
                yield "task", put(k, (w, False, a, b, x) if spared else (w, False, a, False, aside))
            if not stopped and x and not w:
                yield "task", put(k, (w, q, a, b, False))
            if w and not b:
                yield "operator", put(k, (w, q, a, True, x))
        if not stopped:
            yield "operator", (tuple((p[0], False, *p[2:]) for p in ps), True)

    def down(s: Any) -> int:
        return sum(p[0] and not p[2] for p in s[0])

    promises = {
        "live-prefixes-stay": lambda s: down(s) == 0,
        "outage-stays-small": lambda s: down(s) <= 1,
        "bindings-stay": lambda s: all(p[3] for p in s[0] if p[0]),
    }
    return explore((((True, False, True, True, False),) * n, False), steps, promises)


def without_value(on: frozenset[str], s: Any, limit: int) -> Any:
    """What becomes of a question without a value: the breaker comes before the strict server."""
    if "circuit-breaker" in on and len(s[0]) > limit:
        return s[0], True
    return s if "strict-parse" in on else (tuple((p[0], True, *p[2:]) for p in s[0]), False)


def restored(s: Any) -> bool:
    """Every wanted prefix has what it needs, for good."""
    return all(p[2] and p[3] and not p[1] for p in s[0] if p[0])


# The snapshot ------------------------------------------------------------------------------------------------------
def snapshot(n: int, configs: int, on: frozenset[str], *, bad_data: bool = False) -> Counted:
    """A state: draft, newest, bad ones, snapshot, older one, (configuration, "S", "P" or "D") of nodes, frozen."""

    def steps(s: Any) -> Iterator[tuple[str, Any]]:
        draft, latest, bad, lkg, older, nodes, frozen = s

        def put(k: int, config: int, phase: str) -> Any:
            return draft, latest, bad, lkg, older, (*nodes[:k], (config, phase), *nodes[k + 1 :]), frozen

        if not frozen and latest < configs:
            for b in (0, 1):
                if b not in draft and not ("one-build" in on and draft):
                    yield "change", (draft | {b}, *s[1:])
            if draft:
                worse = bad | {latest + 1} if len(draft) == 2 else bad
                yield "change", (frozenset(), latest + 1, worse, lkg, older, nodes, frozen)
            if bad_data:
                yield "change", (frozenset(), latest + 1, bad | {latest + 1}, lkg, older, nodes, frozen)
        for k, (config, phase) in enumerate(nodes):
            others = [m for i, m in enumerate(nodes) if i != k]
            if not frozen and phase != "D" and config < latest:
                staged = "staged" not in on or latest == lkg
                if staged or (all(m[0] < latest for m in others) and all(m[1] != "D" for m in nodes)):
                    refused = "load-synchronously" in on and latest in bad
                    yield "automation", s if refused else put(k, latest, "P")
            if phase == "P":
                yield "automation", put(k, config, "D" if config in bad else "S")
            if phase == "D" and not frozen:
                back = older if "older-snapshot" in on and config == lkg else lkg
                yield "automation", put(k, back, "P")
            if phase == "D" and frozen and all(m[1] != "P" for m in nodes):
                yield "operator", put(k, lkg, "P")
        ready = any if "staged" in on else all
        baked = "bake-time" not in on or all(m[1] == "S" for m in nodes if m[0] == latest)
        if not frozen and lkg < latest and baked and ready(m[0] == latest and m[1] != "D" for m in nodes):
            kept = lkg if "older-snapshot" in on else older
            yield "automation", (draft, latest, bad, latest, kept, nodes, frozen)
        if frozen and lkg in bad:
            yield "operator", (draft, latest, bad - {lkg}, lkg, older, nodes, frozen)
        yield "operator", (*s[:-1], not frozen)

    promises = {
        "snapshot-is-good": lambda s: s[3] not in s[2],
        "somebody-serves": lambda s: any(m[1] != "D" for m in s[5]),
    }
    return explore((frozenset(), 0, frozenset(), 0, 0, ((0, "S"),) * n, False), steps, promises)


def settled(s: Any) -> bool:
    """Every node is up with a good configuration, for good."""
    return all(m[1] == "S" and m[0] not in s[2] for m in s[5])
