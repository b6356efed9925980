"""The happens-before graph of a run (Lamport, "Time, clocks, and the ordering of events", CACM 21(7), 1978).

Two steps are ordered if one process takes both, if one reads what the other wrote last, or if one overwrites what the
other read or wrote. Runs with the same order end in the same state (Mazurkiewicz traces).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planrace.checker.explain.dependencies import StatePlace, touched
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.replay import Recording

if TYPE_CHECKING:
    import networkx

PROGRAM, READS, OVERWRITES = "program order", "reads what it wrote", "overwrites"


def happens_before(recording: Recording) -> networkx.DiGraph:
    """Steps by number (from 1) with ``action`` and ``by``; edges with ``why``."""
    import networkx

    graph = networkx.DiGraph()
    last: dict[str, int] = {}
    writer: dict[StatePlace, int] = {}
    readers: dict[StatePlace, set[int]] = {}
    for n, (state, move) in enumerate(zip(recording.states, recording.moves, strict=False), 1):
        who, at = performer(move), touched(recording.interpreter, state, move)
        graph.add_node(n, action=move.action.name, by=who)
        edges = {m: OVERWRITES for p in at.writes for m in (*readers.get(p, ()), *_one(writer.get(p)))}
        edges |= {writer[p]: READS for p in at.reads if p in writer}
        edges |= dict.fromkeys(_one(last.get(who)), PROGRAM)
        graph.add_edges_from((m, n, {"why": why}) for m, why in edges.items() if m != n)
        for p in at.reads - at.writes:
            readers.setdefault(p, set()).add(n)
        for p in at.writes:
            writer[p], readers[p] = n, set()
        last[who] = n
    return graph


def reduced(recording: Recording) -> tuple[tuple[int, int, str], ...]:
    """The edges that do not follow from others."""
    import networkx

    graph = happens_before(recording)
    kept = networkx.transitive_reduction(graph).edges
    return tuple((a, b, graph.edges[a, b]["why"]) for a, b in sorted(kept))


def _one(n: int | None) -> tuple[int, ...]:
    return () if n is None else (n,)
