"""A model as lines of text, so that a difference between two models can be read.

Meanings, descriptions, observations and pictures are left out: they change no result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from planrace.checker.review.baseline.entry import Item
from planrace.model.language import (
    Action,
    Array,
    Bool,
    Enum,
    Index,
    Instance,
    Int,
    Maybe,
    Op,
    Outcome,
    SetOf,
    Sort,
    System,
    Term,
    Variant,
)
from planrace.model.language.render import render, start_text
from planrace.model.language.sorts import describe
from planrace.model.language.terms import TRUE, subterms
from planrace.properties.kinds import Liveness, Property, Recoverability

RANGE = Int(0, 0).name
"""The name of ranges that the author did not name."""
MOST = 5_000
"""The most parts of a term that is written out. Shared parts count each time."""


def summary(variant: Variant, instance: Instance, properties: Sequence[Property]) -> tuple[Item, ...]:
    """The model as lines. Lines of one kind are sorted by name, because their order in the author's file does not
    matter."""
    system, protocol = instance.system, variant.protocol
    kinds = [
        [Item("parameter", p.name, f"{instance.size(p)} of {p.low}…{p.high}") for p in system.parameters],
        [Item("option", name, choice) for name, choice in system.options],
        list(_sorts(system, properties)),
        [
            Item(
                "history" if v.history else "variable",
                v.name,
                f"{sort_text(v.sort)}, initially {start_text(v.starts, term_text)}",
            )
            for v in system.variables
        ],
        [_action(a) for a in system.actions.values()],
        [Item("initially", None, term_text(b.holds)) for b in system.beginnings],
        [Item("fairness", None, f"{c.kind} fairness of {c}") for c in system.fairness],
        [Item("final", None, term_text(t)) for t in system.final],
        [Item("fault", name, _fault(name in system.faults, instance.at_most.get(name))) for name in protocol.faults],
        [Item("protection", name, _on(name in system.protections)) for name in protocol.protections],
        [Item("property", p.name, _property(p)) for p in properties],
    ]
    return tuple(i for items in kinds for i in sorted(items, key=lambda i: (i.name or "", i.text)))


def _fault(on: bool, at_most: int | str | None) -> str:
    return _on(on) if at_most is None else f"{_on(on)}, at most {at_most} in a run"


def _on(on: bool) -> str:
    return "on" if on else "off"


def _action(a: Action) -> Item:
    return Item("action", a.name, ", ".join(_performed(a)), (Item("guard", None, term_text(a.when)), *_outcomes(a)))


def _performed(a: Action) -> Iterator[str]:
    """The performer and parameters of an action, its fairness, fault and tags."""
    yield f"by {a.role}" + (f" {a.actor}" if a.actor is not None else "")
    yield from (f"{p} ∈ {sort_text(p.sort)}" for p in a.parameters)
    yield f"{a.fairness} fairness" if a.fairness != "none" else "not fair"
    if a.fault is not None:
        yield f"fault {a.fault}"
    if a.awaits is not None:
        yield f"awaits {a.awaits}"
    if a.tags:
        yield f"tagged {', '.join(sorted(a.tags))}"


def _outcomes(a: Action) -> Iterator[Item]:
    """Outcomes in the author's order, in which they are tried."""
    for o in a.outcomes:
        plain = "always" if len(a.outcomes) == 1 else "otherwise"
        yield Item("outcome", o.name, plain if o.condition is TRUE else term_text(o.condition), _updates(o))


def _updates(o: Outcome) -> tuple[Item, ...]:
    """Updates, sorted: they happen simultaneously."""
    made = (Item("set", term_text(u.target), term_text(u.value)) for u in o.updates)
    return tuple(sorted(made, key=lambda i: (i.name or "", i.text)))


def _property(p: Property) -> str:
    match p:
        case Recoverability():
            people = f", people by {', '.join(sorted(p.manual))}" if p.manual else ""
            helpers = ", ".join(sorted(p.helpers)) or "nobody"
            return f"{p.kind}: from {term_text(p.wherever)} to {term_text(p.goal)}, by {helpers}{people}"
        case Liveness():
            goal = term_text(p.goal) if p.trigger is TRUE else f"{term_text(p.trigger)} ⇒ {term_text(p.goal)}"
            without = f", without {', '.join(sorted(p.without))}" if p.without else ""
            faults = ", despite faults" if p.despite_faults else ""
            each = "".join(f"for each {v} ∈ {sort_text(v.sort)}: " for v in p.over)
            return f"{p.kind}, {p.form}: {each}{goal}{without}{faults}"
        case _:
            return f"{p.kind}: {', '.join(term_text(t) for t in p.terms)}"


# Sorts -----------------------------------------------------------------------------------------------------------
def sort_text(sort: Sort) -> str:
    """A sort by its name, or a range without a name by its bounds."""
    match sort:
        case Array(domain=domain, element=element):
            return f"{sort_text(element)} for each {sort_text(domain)}"
        case SetOf(element=element):
            return f"set of {sort_text(element)}"
        case Int(low=low, high=high, name=name) if name == RANGE:
            return f"{low}…{high}"
        case _:
            return describe(sort)


def _sorts(system: System, properties: Iterable[Property]) -> Iterator[Item]:
    """The definitions of named sorts. A name that the author gave twice has both definitions."""
    found: dict[str, set[str]] = {}
    for sort in _used(system, properties):
        if not isinstance(sort, Bool):
            found.setdefault(describe(sort), set()).add(_definition(sort))
    return (Item("sort", name, "; ".join(sorted(texts))) for name, texts in found.items())


def _definition(sort: Int | Enum | Index) -> str:
    match sort:
        case Enum(members=members):
            return ", ".join(members)
        case Int(low=low, high=high):
            return f"{low}…{high}"
        case Index(size=size, symmetric=symmetric, ordered=ordered):
            return f"1…{size}" + (", interchangeable" if symmetric else "") + (", ordered" if ordered else "")


def _used(system: System, properties: Iterable[Property]) -> Iterator[Bool | Int | Enum | Index]:
    """The sorts of variables, of parameters of actions, and of bound variables in terms."""
    for v in system.variables:
        yield from _simple(v.sort)
    terms = [t for a in system.actions.values() for t in _terms(a)]
    terms += [t for v in system.variables for t in v.starts]
    terms += [*system.final, *(b.holds for b in system.beginnings), *(t for p in properties for t in p.terms)]
    for t in subterms(*terms):
        if t.op in (Op.BOUND, Op.FIRST, Op.LAST):
            yield from _simple(t.sort)


def _terms(a: Action) -> Iterator[Term]:
    yield from (*a.parameters, a.guard)
    for o in a.outcomes:
        yield o.condition
        yield from (t for u in o.updates for t in (u.target, u.value))


def _simple(sort: Sort) -> Iterator[Bool | Int | Enum | Index]:
    """The scalar sorts that a sort consists of."""
    match sort:
        case Array(domain=domain, element=element):
            yield from (*_simple(domain), *_simple(element))
        case SetOf(element=element):
            yield from _simple(element)
        case Maybe(index=of):
            yield of
        case Bool() | Int() | Enum() | Index():
            yield sort


# Terms -----------------------------------------------------------------------------------------------------------
def term_text(term: Term) -> str:
    """A term as text, or its size and hash if it is too long."""
    sizes: dict[int, int] = {}
    for t in subterms(term):
        sizes[id(t)] = 1 + sum(sizes[id(a)] for a in t.args)
    return render(term) if sizes[id(term)] <= MOST else f"a term of {sizes[id(term)]:,} parts, {_hash(term)}"


def _hash(term: Term) -> str:
    numbers: dict[int, int] = {}
    digest = hashlib.sha256()
    for t in subterms(term):
        parts = [numbers[id(a)] for a in t.args]
        numbers[id(t)] = len(numbers)
        digest.update(f"{t.op.name} {parts} {sort_text(t.sort)!r} {t.data!r}\n".encode("utf-8", "backslashreplace"))
    return f"SHA-256 {digest.hexdigest()[:16]}"
