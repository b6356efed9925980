"""Symmetry: states that differ only in the names of interchangeable members have one representative.

Scalarsets as in Ip & Dill, "Better verification through symmetry" (Formal Methods in System Design 9, 1996): members of
an index sort that is declared symmetric are compared for equality only, so renaming them maps runs to runs. The
representative of an orbit has the members' blocks in order, as Bosnacki, Dams & Holenderski sort them ("Symmetric
SPIN", STTT 4, 2002): a block is everything that the state says about one member, including whether it is the holder of
a lock. If members refer to each other (an array from members to members), blocks do not determine the order: see
``orbits.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from planrace.checker.engines.explicit.normalising import changes_nothing, normalising
from planrace.checker.engines.explicit.orbits import ASKED, HELPERS, Joint, families, related
from planrace.checker.engines.explicit.sorting import Sorting, WholeBlocks, referred, spoken
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.packing import WORD, Layout
from planrace.model.language import Array, Index, Instance, ModelError, Op, SetOf, Sort, Term
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Property


def symmetric_sorts(instance: Instance) -> list[Index]:
    """The symmetric index sorts with more than one member that variables refer to."""
    found: dict[Index, None] = {}
    for v in instance.system.variables:
        found.update(dict.fromkeys(spoken(v.sort)))
    return [s for s in found if len(instance.members(s)) > 1]


def check_symmetric(instance: Instance, properties: Sequence[Property]) -> None:
    """Check that neither the system nor ``properties`` names a particular member. Raises ``ModelError``."""
    system = instance.system
    named: list[tuple[str, Term]] = []
    for p in properties:
        named += [(f"property {p.name}", term) for term in p.terms]
    for v in system.variables:
        leaf = _scalar(v.sort)
        if any(True for _ in spoken(leaf)) and len(instance.members(leaf)) > WORD:
            raise ModelError(f"symmetry: {v.name} may name more than {WORD} members", remedy="leave out --symmetry")
        named += [(f"the initial value of {v.name}", t) for t in v.starts]
    for a in system.actions.values():
        named.append((f"action {a.name}", a.guard))
        for o in a.outcomes:
            named.append((f"action {a.name}", o.condition))
            named += [(f"action {a.name}", t) for u in o.updates for t in (u.target, u.value)]
    named += [("initial states", b.holds) for b in system.beginnings]
    named += [("the final states", term) for term in system.final]
    for where, term in named:
        for t in subterms(term):
            if t.op is Op.CONST and t.data and any(True for _ in spoken(t.sort)):
                raise ModelError(
                    f"{where} names {referred(t.sort).name} {t.data}, which is interchangeable with the others",
                    remedy="leave out --symmetry, or quantify over all of them",
                )


class Canonical:
    """Writes ``canonical(s)``: it replaces a state, given in words, by the representative of its orbit. ``tried``: the
    largest number of orders to try for sorts whose members refer to each other. ``normal``: the representative is that
    of the normal form of the state. Renaming members does not change which generations are live, so states of one orbit
    have normal forms of one orbit. Unless ``symmetric``, members are not renamed."""

    def __init__(
        self,
        instance: Instance,
        layout: Layout,
        tried: int = ASKED,
        *,
        symmetric: bool = True,
        normal: NormalForm | None = None,
    ) -> None:
        self.instance = instance
        self.layout = layout
        self.normal = None if normal is None or changes_nothing(normal) else normal
        sorts = symmetric_sorts(instance) if symmetric else []
        pairs = related(instance, sorts)
        self.free = [s for s in sorts if not any(s in pair for pair in pairs)]
        self.joint = [Joint(instance, layout, f, pairs, tried) for f in families(sorts, pairs) if f[0] not in self.free]

    @property
    def most(self) -> int:
        """The largest number of representatives of an orbit."""
        return prod(j.orders for j in self.joint if not j.exact)

    @property
    def orders(self) -> int:
        """The largest number of orders that are tried for a state."""
        return max((min(j.orders, j.tried) for j in self.joint), default=1)

    @property
    def labels(self) -> dict[Index, int]:
        """The words after the state's own in which ``named`` keeps the members, for sorts whose orbits may have several
        representatives."""
        found, at = {}, self.layout.words
        for j in self.joint:
            for s in () if j.exact else j.sortings:
                found[s] = at
                at += j.counts[s]
        return found

    def source(self, *, tracked: bool = False) -> str:
        """The source text of ``canonical`` and of the functions that it calls. ``tracked``: for a state with
        ``labels``, which move with the members; then ``renamed(s)`` gives members the places that its labels say."""
        labels = self.labels if tracked else {}
        words = self.layout.words + sum(len(self.instance.members(s)) for s in labels)
        parts = [self._sorting(s).source(f"canonical_{n}") for n, s in enumerate(self.free)]
        calls = [f" canonical_{n}(s)" for n in range(len(self.free))]
        if self.normal is not None:
            parts.append(normalising(self.normal, self.layout, "normalised"))
            calls.insert(0, " normalised(s)")
        if self.joint:
            parts.append(HELPERS)
        for n, j in enumerate(self.joint):
            parts.append(j.source(n, words, labels))
            calls.append(f" joint_{n}(s)")
        text = "\n".join([*parts, "def canonical(s):", *calls, " return 0"]) + "\n"
        if not tracked:
            return text
        moves = [Sorting(self.instance, self.layout, s).renaming(f"renamed_{n}") for n, s in enumerate(labels)]
        calls = [f" renamed_{n}(s, s, {at}, 0)" for n, at in enumerate(labels.values())]
        return text + "\n".join([*moves, "def renamed(s):", *calls, " return 0"]) + "\n"

    def _sorting(self, sort: Index) -> Sorting:
        whole = WholeBlocks(self.instance, self.layout, sort)
        return whole if whole.possible else Sorting(self.instance, self.layout, sort)


def _scalar(sort: Sort) -> Any:
    """The scalar sort that a variable's elements have."""
    while isinstance(sort, Array | SetOf):
        sort = sort.element
    return sort
