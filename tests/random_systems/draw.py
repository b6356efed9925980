"""Drawing whole systems from a seed, and properties of what they do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from .actions import Actions
from .description import BOOL, Asked, Description, Node, Variable, conjunction, variable
from .histories import with_histories
from .inserted import endings
from .names import Names
from .plain import TooLargeError
from .sorts import Sorts
from .terms import Terms, constant_of
from .truth import LIVE, Truth, ask, explore, hangs_on_choices

FEATURES = (
    "full words",
    "wide",
    "rows",
    "positions",
    "set positions",
    "names",
    "beyond",
    "limits",
    "symmetric",
    "sets of optional",
    "one",
    "truth arrays",
    "optional",
    "ordered",
    "faults",
    "protections",
)
"""What is drawn on purpose; each system has some of them."""
HEAVY = 1000
"""A system that weighs more is drawn anew: positions that are computed from elements at computed positions multiply the
cases of a step, and its code takes many seconds to make."""
MANY = 150
"""States of a system in which a property is looked for that hangs on the fairness of choices."""
TRIES = 40
SIZES = ((12, 150), (12, 150), (12, 150), (12, 300), (30, 300), (80, 1500))
"""States that a system should have at least and at most: one of these is chosen. Large ones take long to draw."""


@dataclass(frozen=True)
class Drawn:
    """A description, and what is true of it."""

    described: Description
    truth: Truth


def draw(seed: int, features: tuple[str, ...] = FEATURES) -> Drawn:
    """The system of that seed: one of 12 to 1,500 states if some tries find one, or one that is wrong."""
    best: tuple[int, Description, Truth] | None = None
    fewest, most = Random(seed).choice(SIZES)
    for n in range(TRIES):
        rng = Random(f"{seed}:{n}")
        described = system(rng, f"{seed}", features)
        if _weight(described) > HEAVY:
            continue
        try:
            truth = explore(described, most=most, steps=8 * most)
        except TooLargeError:
            continue
        if best is None or len(best[2].depths) < len(truth.depths) or truth.wrong is not None:
            best = n, described, truth
        if (truth.wrong is None and len(truth.depths) >= fewest) or rng.random() < 0.02:
            best = n, described, truth
            break
        if truth.wrong is not None and rng.random() < (0.3 if truth.depths else 0.05):
            break
    assert best is not None, f"seed {seed} draws nothing that is small enough"
    n, described, truth = best
    properties = tuple(_properties(Random(f"{seed}:{n}:properties"), described, truth))
    return judged(replace(described, properties=properties), truth)


def judged(described: Description, truth: Truth | None = None) -> Drawn:
    """The description with what is true of it. Raises ``TooLargeError``."""
    found = truth or explore(described)
    ask(found, described.properties)
    return Drawn(described, found)


def system(rng: Random, seed: str, features: tuple[str, ...] = FEATURES) -> Description:
    """A description without properties, whatever its states are."""
    chosen = frozenset(rng.sample(features, min(len(features), rng.choice((1, 2, 3, 3, 4)))))
    names = Names(rng, hostile="names" in chosen)
    sorts = Sorts(rng, names, chosen)
    variables = []
    for n in range(rng.choice((1, 2, 3, 3, 4, 4))):
        sort = sorts.any()
        variables.append(Variable(names.word(f"v{n}"), sort, sorts.initially(sort)))
    made = Actions(rng, sorts, names, variables)
    described = Description(
        seed=seed,
        name=names.title("drawn", "protocol"),
        variables=tuple(variables),
        actions=(),
        parameters=tuple(sorts.parameters),
        features=chosen,
    )
    described = made.add_to(described)
    if rng.random() < 0.4:
        final = Terms(rng, sorts, variables).truth(2)
        described = replace(described, final=final)
    described = _begun_in_many(Random(f"{seed}:begin"), sorts, described)
    return with_histories(Random(f"{seed}:histories"), _fair(Random(f"{seed}:fair"), described))


def _fair(rng: Random, described: Description) -> Description:
    """A third of the descriptions with fairness of choices."""
    names = [a.name for a in described.actions]
    if rng.random() >= 0.35 or not names:
        return described
    some = rng.sample(names, rng.randint(0, min(3, len(names))))
    fair = [(rng.choice(("weak", "weak", "strong")), tuple(some))]
    if rng.random() < 0.3:
        fair.append((rng.choice(("weak", "strong")), (rng.choice(names),)))
    fairness = [rng.choice((a.fairness, "none", "none")) for a in described.actions]
    actions = tuple(replace(a, fairness=f) for a, f in zip(described.actions, fairness, strict=True))
    return replace(described, fair=tuple(fair), actions=actions)


def _begun_in_many(rng: Random, sorts: Sorts, described: Description) -> Description:
    """A fifth of the descriptions with several initial states. It has random numbers of its own, so the others are what
    they were before there were such."""
    if rng.random() >= 0.2:
        return described
    sorts.rng = rng
    variables = list(described.variables)
    for n, v in enumerate(variables):
        if rng.random() < 0.6:
            some = (v.initially, *(sorts.initially(v.sort) for _ in range(2)))
            variables[n] = replace(v, among=() if rng.random() < 0.4 else tuple(dict.fromkeys(some)))
    terms = Terms(rng, sorts, variables)
    beginnings = tuple(terms.truth(2) for _ in range(rng.choice((0, 1, 1, 2))))
    return replace(described, variables=tuple(variables), beginnings=beginnings)


def _weight(described: Description) -> int:
    """The nodes of all actions, times four for each position that is computed from them."""
    found = [e.condition for a in described.actions for e in endings(a)]
    found += [a.guard for a in described.actions]
    found += [t for a in described.actions for e in endings(a) for w in e.writes for t in w]
    return sum(_weighed(t) for t in found if t is not None)


def _weighed(t: Node) -> int:
    inside = sum(map(_weighed, t.args))
    computed = t.op == "select" and t.args[1].op not in ("const", "bound", "first", "last", "var", "size")
    return 4 * inside if computed else 1 + inside


# Properties ------------------------------------------------------------------------------------------------------
def _properties(rng: Random, described: Description, truth: Truth) -> list[Asked]:
    """Of every kind, of drawn terms and of states that there are, so that some are met late or never."""
    names = Names(rng, hostile="names" in described.features)
    sorts = truth_sorts(rng, described)
    actions = truth.plain.actions
    states = Terms(rng, sorts, described.variables, asked=actions)
    steps = Terms(rng, sorts, described.variables, steps=True, taken=actions, asked=actions)
    some = [s for s, d in truth.depths.items() if rng.random() < 0.05 or d == truth.depth]
    target = _is(rng, described, rng.choice(some)) if some else Node("not", BOOL, (states.truth(2),))
    found = [
        Asked("invariant", names.word("never-there", "property"), Node("not", BOOL, (target,))),
        Asked("invariant", names.word("state", "property"), states.truth(3)),
        Asked("reachable", names.word("met", "property"), states.truth(3)),
        Asked("step_invariant", names.word("step", "property"), steps.truth(3)),
        Asked("reachable", names.word("event", "property"), steps.truth(3)),
    ]
    late = Node("primed", BOOL, (target,)) if target.op != "const" else target
    event = conjunction(late, steps.of_action(rng.choice(truth.plain.actions))) if truth.plain.actions else late
    found.append(Asked("step_invariant", names.word("never-so", "property"), Node("not", BOOL, (event,))))
    goal = target if rng.random() < 0.4 else states.truth(2)
    tags = {t for a in truth.plain.actions for t in a.tags}
    live = rng.choice((None, *LIVE))
    name = names.word("live", "property")
    if live is not None:
        found.append(_live(rng, live, name, goal, tags, states))
    if described.fair and 0 < len(truth.depths) <= MANY:
        kinds = [rng.choice(LIVE) for _ in range(8)]
        tried = (_live(rng, kind, name, _goal(rng, described, truth, states), tags, states) for kind in kinds)
        telling = next((p for p in tried if hangs_on_choices(truth, p)), None)
        found = [*(p for p in found if p.name != name), telling] if telling is not None else found
    if "helper" in tags and rng.random() < 0.6:
        wherever = states.truth(2) if rng.random() < 0.5 else None
        manual = frozenset({"lazy"} & tags if rng.random() < 0.5 else ())
        helpers = frozenset({"helper"})
        found.append(
            Asked("recoverable", names.word("again", "property"), goal, wherever, helpers=helpers, manual=manual)
        )
    return found


def _live(rng: Random, kind: str, name: str, goal: Node, tags: set[str], states: Terms) -> Asked:
    """A property of fair runs."""
    without = frozenset({"lazy"} & tags if rng.random() < 0.3 else ())
    trigger = states.truth(2) if kind == "leads_to" else None
    return Asked(kind, name, goal, trigger, without=without, despite=rng.random() < 0.4)


def _goal(rng: Random, described: Description, truth: Truth, states: Terms) -> Node:
    """A state that there is, that it is another one, or any condition."""
    goal = _is(rng, described, rng.choice(list(truth.depths))) if rng.random() < 0.8 else states.truth(2)
    return goal if rng.random() < 0.5 else Node("not", BOOL, (goal,))


def truth_sorts(rng: Random, described: Description) -> Sorts:
    """The sorts of a description, to draw terms with."""
    sorts = object.__new__(Sorts)
    sorts.rng, sorts.features, sorts.parameters = rng, described.features, list(described.parameters)
    every = list(dict.fromkeys(s for v in described.variables for s in v.sort.parts))
    every += [s for a in described.actions for _, x in a.parameters for s in x.parts if s not in every]
    sorts.indices = [s for s in every if s.kind == "index"] or [BOOL]
    sorts.enums = [s for s in every if s.kind == "enum"]
    sorts.numbers = [s for s in every if s.kind == "int"]
    return sorts


def _is(rng: Random, described: Description, state: tuple[object, ...]) -> Node:
    """The state is this one, as far as constants can say it."""
    found = []
    for v, value in zip(described.variables, state, strict=False):
        constant = constant_of(v.sort, value)
        if constant is not None:
            found.append(Node("eq", BOOL, (variable(v.name, v.sort), constant)))
        elif v.sort.kind == "array" and v.sort.over.kind in ("int", "enum", "bool") and isinstance(value, tuple):
            for n, held in enumerate(value):
                low = v.sort.over.low if v.sort.over.kind == "int" else 0
                inner = constant_of(v.sort.element, held)
                if inner is not None and isinstance(low, int):
                    at = Node("const", v.sort.over, data=low + n)
                    read = Node("select", v.sort.element, (variable(v.name, v.sort), at))
                    found.append(Node("eq", BOOL, (read, inner)))
    return conjunction(*found[:6]) if found else Node("const", BOOL, data=0)
