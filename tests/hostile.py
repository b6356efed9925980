"""Small systems whose names are those that generated texts use; their behaviour does not depend on the names.
``draw_names`` makes distinct names, some of them nearly equal; ``hostile`` makes a protocol with them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from planrace.model.language import (
    Protocol,
    Term,
    array,
    boolean,
    enumeration,
    first,
    following,
    forall,
    index,
    integers,
    last,
    optional,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.sorts import Scalar
from planrace.properties import invariant, reachable, step_invariant
from planrace.properties.kinds import Property

WORDS = [
    "a", "a_1", "a_2", "a_1_1", "a__1", "a_", "_a", "__a", "A", "a1", "b", "b_c", "a_b", "a_b_c",
    "first_Node_3", "last_Node_3", "less_Node_3", "following_Node_3", "none_Node_3", "some_Node_3", "Maybe_Node_3",
    "member_1_Node_3", "Node_3", "node", "x", "y", "z", "m", "x_1", "bound", "var", "size", "given", "sort",
    "s", "t", "n", "m", "c0", "s0", "t0", "n1", "out", "hits", "info", "found", "expand", "canonical", "control",
    "v_a_1", "v_a", "v", "state", "step", "bad", "before", "after", "shown", "slept", "initially_", "keep", "ranges",
    "and_", "true", "false", "not_", "let", "Int", "Bool", "assert_", "define", "forall", "exists", "ite", "distinct",
    "class_", "print", "min", "range", "None_", "self", "lambda_", "WORDS", "BUCKET", "INFO", "_out_of_range",
    "é", "e", "É", "ﬁ", "fi", "ﬀ", "ff", "ª", "µ", "μ", "Ω", "Ω", "变量", "ſ",
    "constructor", "__proto__", "toString", "id", "node_", "graph", "end", "loop", "rect",
]  # fmt: skip
"""Names that a variable or an action can have."""
TEXTS = [
    *WORDS, "and", "true", "lambda", "class", "x!0", "a b", "a  b", "a-b", "a.1", "a.b", "|a|", 'a"b', "a'b", "a\\b",
    "a|b", "a;b", "a:b", "a/b", "../a", "-a", "--a", "#1", "%", "$(a)", "<a>", "&amp;", "{a}", "{0}", "`a`", "~20~",
    "a~b", "@a", "?a", "1", "01", "worker 1", "😀", "a\u200db", "Ångström", "step@1", "ranges",
    "every value stays in its range",
]  # fmt: skip
"""Names that a parameter, a sort or a property can have."""


def draw_names(draw: st.DrawFn, pool: list[str], number: int) -> list[str]:
    return draw(st.lists(st.sampled_from(pool), min_size=number, max_size=number, unique=True))


@st.composite
def hostile(draw: st.DrawFn) -> Protocol:
    """A walk along an order that counts and marks where it has been, under hostile names."""
    limit, *variables = draw_names(draw, WORDS, 7)
    acts = draw_names(draw, WORDS, 4)
    sorts = draw_names(draw, TEXTS, 3)
    named = draw_names(draw, TEXTS, 6)
    return walk(limit, variables, acts, sorts, named, size=draw(st.sampled_from([2, 3])), open_=draw(st.booleans()))


def walk(
    limit: str, variables: list[str], acts: list[str], sorts: list[str], named: list[str], *, size: int, open_: bool
) -> Protocol:
    """Six variables, four actions and six properties under these names; with ``open_`` the order has a size that is a
    parameter."""
    protocol = Protocol("hostile", "names that others use")
    most = protocol.parameter(limit, 2, 1, 3)
    nodes = index(sorts[0], most if open_ else size, ordered=True)
    people = index(sorts[1], 2, symmetric=True)
    colour = enumeration(sorts[2], "RED GREEN")
    been = protocol.variable(variables[0], array(nodes, boolean()), False)
    at = protocol.variable(variables[1], nodes, first(nodes))
    count = protocol.variable(variables[2], integers(0, most), 0)
    who = protocol.variable(variables[3], optional(people), None)
    lamp = protocol.variable(variables[4], colour, colour.RED)
    kept = protocol.variable(variables[5], subsets(integers(0, most)), set())

    def go() -> Step:
        return step(when(who != None), update(been[at], True), update(at, following(at)))  # noqa: E711

    def grow() -> Step:
        return step(when(count < most), update(count, count + 1), update(kept, kept | {count}))

    def hold(w: Term) -> Step:
        return step(when(who == None), update(who, w), update(lamp, colour.GREEN))  # noqa: E711

    def drop() -> Step:
        return step(when(who != None, count == most), update(who, None), update(count, 0))  # noqa: E711

    bodies: list[tuple[Callable[..., Step], tuple[Scalar, ...]]] = [(go, ()), (grow, ()), (hold, (people,)), (drop, ())]
    for (body, over), name in zip(bodies, acts, strict=True):
        body.__name__ = name
        protocol.action(*over, by="somebody")(body)
    asked: list[Property] = [
        invariant(named[0], count != most, "it never counts to the end"),
        invariant(named[1], count <= most, "it never counts beyond the end"),
        invariant(named[2], ~(been[last(nodes)] & (lamp == colour.GREEN)), "it never marks the last"),
        invariant(named[3], forall(nodes, lambda n: been[n].implies(n <= at)), "what is marked is behind"),
        step_invariant(named[4], ~taken(acts[3]), "it never lets go"),
        reachable(named[5], taken(acts[2]) & (at == last(nodes)), "it lets go and holds again at the end"),
    ]
    protocol.declare(*asked)
    protocol.final(~(who == None))  # noqa: E711
    return protocol
