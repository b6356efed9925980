"""Fair runs by definition: is there a set of states in which a fair run stays for ever?

A run that stays in a strongly connected set, taking all steps within it again and again, is fair if every weakly fair
instance of an action is taken there or disabled somewhere there, and every strongly fair one taken or disabled
everywhere. The same holds of a choice between actions: it is taken if one of its instances is, and disabled where all
are. A run may also rest in a state that enables nothing fair.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Label: TypeAlias = "tuple[int, tuple[int, ...]]"
Edge: TypeAlias = "tuple[Label, str | None, Any]"


Choice: TypeAlias = "tuple[str, set[int]]"
"""Weak or strong fairness of a choice between actions, by their numbers."""


def fair_run(
    edges: dict[Any, list[Edge]], region: set[Any], bad: set[Any], fairness: list[str], choices: list[Choice]
) -> bool:
    """Whether a fair run can stay in ``region`` for ever and be in ``bad`` again and again. ``fairness`` is that of
    each action, by its number."""
    chosen = set().union(*(of for _, of in choices)) if choices else set()
    if any(s in region and all(fairness[n] == "none" and n not in chosen for (n, _), _, _ in edges[s]) for s in bad):
        return True  # it rests there
    pending = [region]
    while pending:
        for part in components(edges, pending.pop()):
            inside = {label for s in part for label, _, t in edges[s] if t in part}
            if not inside or not part & bad:
                continue
            enabled = [{label for label, _, _ in edges[s]} for s in part]
            always = set.intersection(*enabled)
            if any(fairness[label[0]] != "none" for label in always - inside):
                continue  # so it is in every part of this one
            left = [(kind, of) for kind, of in choices if not any(n in of for n, _ in inside)]
            if any(all(any(n in of for n, _ in e) for e in enabled) for _, of in left):
                continue
            missed = {label for e in enabled for label in e if fairness[label[0]] == "strong"} - inside
            missed |= {label for e in enabled for label in e if any(k == "strong" and label[0] in of for k, of in left)}
            if not missed:
                return True
            pending.append({s for s in part if not any(label in missed for label, _, _ in edges[s])})
    return False


def components(edges: dict[Any, list[Edge]], region: set[Any]) -> Iterator[set[Any]]:
    """Strongly connected components of what is left in ``region``: Kosaraju's two searches."""
    forward = {s: [t for _, _, t in edges[s] if t in region] for s in region}
    backward: dict[Any, list[Any]] = {s: [] for s in region}
    for s, after in forward.items():
        for t in after:
            backward[t].append(s)
    order: list[Any] = []
    seen: set[Any] = set()
    for start in region:
        if start in seen:
            continue
        stack = [(start, iter(forward[start]))]
        seen.add(start)
        while stack:
            s, rest = stack[-1]
            t = next((x for x in rest if x not in seen), None)
            if t is None:
                order.append(s)
                stack.pop()
            else:
                seen.add(t)
                stack.append((t, iter(forward[t])))
    assigned: set[Any] = set()
    for start in reversed(order):
        if start in assigned:
            continue
        part, queue = {start}, [start]
        for s in queue:
            for t in backward[s]:
                if t not in part and t not in assigned:
                    part.add(t)
                    queue.append(t)
        assigned |= part
        yield part
