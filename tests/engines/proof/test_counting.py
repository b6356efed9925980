"""Counts of open sizes: the axioms hold in every small instance; what follows from them is proved, nothing else is."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
import z3

from planrace.checker.engines.proof.counting import Counted
from planrace.checker.engines.proof.encoding import Open, OpenFrame
from planrace.checker.engines.proof.houdini import Argument, Gap, Prover
from planrace.checker.engines.proof.obligations import Obligations
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.proof.smtlib import scripts
from planrace.model.language import (
    Index,
    Protocol,
    Term,
    array,
    boolean,
    count,
    exists,
    forall,
    index,
    integers,
    optional,
    primed,
    size_of,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import Invariant, StepInvariant, invariant, step_invariant


class Marked:
    """Nodes that are marked, in sets, vote for numbers and know each other; their number is ``nodes``."""

    def __init__(self, least: int) -> None:
        self.protocol = p = Protocol("marked")
        self.nodes = p.parameter("nodes", 3, least, 6)
        self.node = node = index("node", self.nodes)
        self.slot = integers(1, self.nodes, "slot")
        self.marked = p.variable("marked", array(node, boolean()), False)
        self.chosen = p.variable("chosen", subsets(node), set())
        self.vote = p.variable("vote", array(node, integers(0, 2)), 0)
        self.knows = p.variable("knows", array(node, optional(node)), None)
        self.full = p.variable("full", array(self.slot, boolean()), False)

        @p.action(node, by=node)
        def mark(w: Term) -> Step:
            return step(update(self.marked[w], True), update(self.chosen, self.chosen | {w}))

        @p.action(node, by=node)
        def swap(w: Term) -> Step:
            return step(
                when(self.marked[w], ~w.isin(self.chosen)),
                update(self.marked[w], False),
                update(self.chosen, self.chosen | {w}),
            )

        @p.action(node, node, by=node)
        def hand_over(w: Term, v: Term) -> Step:
            return step(
                when(self.marked[w], ~self.marked[v]), update(self.marked[w], False), update(self.marked[v], True)
            )

        @p.action(node, integers(1, 2), by=node)
        def choose(w: Term, x: Term) -> Step:
            return step(when(self.vote[w] == 0), update(self.vote[w], x), update(self.knows[w], w))

    def counts(self) -> list[Term]:
        marked, chosen, knows = self.marked, self.chosen, self.knows
        return [
            count(self.node, lambda w: marked[w]),
            size_of(chosen),
            count(self.node, lambda w: marked[w] & w.isin(chosen)),
            count(optional(self.node), lambda m: exists(self.node, lambda w: knows[w] == m)),
            count(self.slot, lambda k: self.full[k]),
            count(self.node, lambda w: count(self.node, lambda v: knows[v] == w) >= 2),
            count(self.node, lambda w: count(self.node, lambda v: knows[v] == w) > self.nodes - 2),
        ]


def instance_of(e: Open, node: Index, size: int) -> list[object]:
    """What is true where there are exactly so many nodes."""
    x = e.constant("x", node)
    members = [z3.Const(f"node {k}", x.sort()) for k in range(size)]
    everyone = z3.ForAll([x], z3.Or(*(x == m for m in members))) if size else z3.BoolVal(True)
    return [e.parameters["nodes"] == size, everyone, *([z3.Distinct(*members)] if size > 1 else [])]


def meant(e: Open, c: Counted, node: Index, size: int) -> object:
    """What a count is in an instance: the sum over its members."""
    nodes = [z3.Const(f"node {k}", e.sort(node)) for k in range(size)]
    if c.sort == node:
        members = nodes
    elif c.x.sort() == z3.IntSort():
        members = [z3.IntVal(k) for k in range(1, size + 1)]
    else:
        members = [e.none(node), *(e.some(node)(m) for m in nodes)]
    holds = c.about(c.given)
    total = z3.Sum(*(z3.If(holds(m), 1, 0) for m in members)) if members else z3.IntVal(0)
    said = c.of(c.given) == total
    return z3.ForAll(list(c.given), said) if c.given else said


@pytest.mark.parametrize(("size", "which"), [*product([1, 2], range(4)), (0, 1), (0, 4), (1, 4), (1, 5)])
def test_every_axiom_holds_where_a_count_is_the_sum_over_the_members(size: int, which: int) -> None:
    """Of counts before and after a step, under quantifiers and in each other, for any predicates."""
    marked = Marked(0)
    counts = marked.counts()
    knowing = forall(marked.node, lambda v: count(marked.node, lambda w: marked.knows[w] == v) <= marked.nodes)
    voting = forall(integers(1, 2), lambda x: count(marked.node, lambda w: marked.vote[w] == x) <= marked.nodes)
    lots = [counts[:2], counts[2:5], [counts[5]], [counts[6]], [counts[0], knowing], [voting]]
    terms = [t if t.sort == boolean() else t == marked.nodes for t in lots[which]]
    action = marked.protocol.system().actions["mark"]
    e = Open(marked.protocol.system())
    bound = {p: e.constant("w", marked.node) for p in action.parameters}
    before, after = OpenFrame({}, e.state), OpenFrame({}, e.after(action.outcomes[0], OpenFrame(bound, e.state)))
    axioms = e.counting.axioms([e.encode(t, f) for t in terms for f in (before, after)])
    assert axioms
    solver = z3.Solver()
    solver.set("rlimit", 30_000_000)
    solver.add(*instance_of(e, marked.node, size), *e.axioms())
    solver.add(*(meant(e, c, marked.node, size) for c in e.counting._named.values()))
    for axiom in axioms:
        solver.push()
        solver.add(z3.Not(axiom))
        assert solver.check() == z3.unsat, axiom
        solver.pop()


def asked(m: Marked) -> tuple[dict[str, Term], dict[str, Term]]:
    """What is true in every reachable state, and what is not."""
    n, marked, chosen, vote = m.nodes, m.marked, m.chosen, m.vote
    many, named = count(m.node, lambda w: marked[w]), size_of(chosen)
    votes = [count(m.node, lambda w: vote[w] == 1), count(m.node, lambda w: vote[w] == 2)]
    true = {
        "all of them": (named == n).implies(forall(m.node, lambda w: w.isin(chosen))),
        "subset": count(m.node, lambda w: marked[w] & w.isin(chosen)) <= named,
        "both majorities": ~((2 * votes[0] > n) & (2 * votes[1] > n)),
        "of every number": forall(
            integers(1, 2), lambda x: count(m.node, lambda w: vote[w] == x) + count(m.node, lambda w: vote[w] == 0) <= n
        ),
        "members and none": count(optional(m.node), lambda _: many == many) == n + 1,  # noqa: PLR0124  (a term)
    }
    false = {
        "not all": many < n,
        "all and none": count(optional(m.node), lambda _: many == many) == n,  # noqa: PLR0124  (a term)
        "less together": votes[0] + votes[1] < n,
        "more marked": named <= many,
    }
    return true, false


def test_what_counts_say_is_proved_and_confirmed_by_a_second_solver() -> None:
    m = Marked(1)
    true, false = asked(m)
    steps = {
        "one more": (size_of(primed(m.chosen)) <= size_of(m.chosen) + 1, True),
        "no fewer": (size_of(m.chosen) <= size_of(primed(m.chosen)), True),
        "no more": (size_of(primed(m.chosen)) <= size_of(m.chosen), False),
    }
    of_states = {n: (t, terms is true) for terms in (true, false) for n, t in terms.items()}
    declared: dict[Invariant | StepInvariant, bool] = {}
    declared |= {invariant(n, t, n): holds for n, (t, holds) in of_states.items()}
    declared |= {step_invariant(n, t, n): holds for n, (t, holds) in steps.items()}
    texts: list[tuple[str, str]] = []
    for p, holds in declared.items():
        system = replace(m.protocol.system(), properties=(p,))
        obligations = Obligations(system, rlimit=1_000_000 if holds else 50_000)
        found = Prover(system, obligations).decide(p)
        assert isinstance(found, Argument if holds else Gap), p.name
        texts += scripts(obligations, found.obligations if isinstance(found, Argument) else ())
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    confirmed = confirm(texts)
    assert (confirmed.asked, confirmed.doubted) == (len(texts), ())
