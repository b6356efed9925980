"""How the automation refines its design, and the design what users are promised."""

from __future__ import annotations

from planrace.model.dns import design as of_design
from planrace.model.dns import protocol as dns
from planrace.model.dns.design import Endpoint, Name, Plan, answer, design, register, top
from planrace.model.language import If, Term, each, exists, forall, primed, taken
from planrace.properties.kinds import invariant, reachable, step_invariant


def _there(g: Term, e: Term) -> Term:
    return (g != 0).implies(g.isin(of_design.trees[e]))


def _deleted(e: Term, g: Term) -> Term:
    return g.isin(of_design.trees[e]) & ~g.isin(primed(of_design.trees[e]))


design.declare(
    invariant(
        "active-plan-never-deleted",
        forall(Endpoint, lambda e: _there(of_design.alias[e], e)),
        "the tree of the plan that an endpoint's name points at exists",
    ),
    step_invariant(
        "plans-never-regress",
        forall(Endpoint, lambda e: primed(of_design.alias[e]) >= of_design.alias[e]),
        "no step puts an older plan in place of a newer one",
    ),
    invariant(
        "rollback-target-exists",
        forall(
            Endpoint, lambda e: (of_design.rollback[e] != 0).implies(of_design.rollback[e].isin(of_design.trees[e]))
        ),
        "the tree that an endpoint's rollback record points at exists",
    ),
    reachable(
        "cleanup-deletes",
        taken("clean_up") & exists(Endpoint, lambda e: exists(Plan, lambda g: _deleted(e, g))),
        "some clean-up deletes a tree",
    ),
)
register.declare(
    step_invariant(
        "answers-never-regress",
        forall(Name, lambda n: primed(answer[n]) >= answer[n]),
        "no name answers with an older plan than before, or with none",
    )
)


design.refines(
    register,
    {answer: each(Endpoint, lambda e: If(of_design.alias[e].isin(of_design.trees[e]), of_design.alias[e], 0))},
    sizes={top: of_design.plans},
)
dns.dns.refines(
    register,
    {answer: each(dns.Endpoint, lambda e: If(dns.alias[e].isin(dns.trees[e] - dns.empty), dns.alias[e], 0))},
    sizes={top: dns.plans},
    by_default=False,
)
dns.dns.refines(
    design,
    {
        of_design.latest: dns.latest,
        of_design.trees: dns.trees,
        of_design.alias: dns.alias,
        of_design.rollback: dns.rollback,
    },
    choosing={"clean_up": {"gone": lambda e: dns.trees[e] - primed(dns.trees[e])}},
    by_default=False,
)

__all__ = ["design", "register"]
