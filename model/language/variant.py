"""Protections, and variants: named protocols that have some of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from planrace.model.language.changes import Changes
from planrace.model.language.errors import DefinitionError, Place, author, known, listed
from planrace.model.language.ledger import handed_on
from planrace.model.language.options import Choice, picked
from planrace.model.language.references import PROOFS, PROPERTIES, SCENARIOS, check_declared
from planrace.model.language.system import System

if TYPE_CHECKING:
    from planrace.model.language.protocol import Protocol


@dataclass(frozen=True)
class Protection:
    """A named change of the protocol that is meant to prevent harm."""

    name: str
    meaning: str
    change: Callable[[Changes], None]
    where: Place | None = field(compare=False, default=None)
    plausible: bool = False
    """An idea to be judged: it may not suffice."""

    @property
    def argument(self) -> str:
        """Why it should help, in the words of its author: the docstring of its function, as one line; may be empty."""
        return " ".join((inspect.getdoc(self.change) or "").split())


@dataclass(frozen=True)
class Variant:
    """A protocol under a name of its own, with its default protections."""

    name: str
    protocol: Protocol
    protections: tuple[str, ...] = ()
    meaning: str = ""
    properties: tuple[Any, ...] = ()
    scenarios: tuple[Any, ...] = ()
    proofs: tuple[Any, ...] = ()
    instead: Mapping[Choice, tuple[tuple[Any, ...], tuple[Any, ...]]] = field(default_factory=dict)
    refining: tuple[str, ...] = ()
    """The abstract protocols that it is asked to refine, beside those that it is asked by default."""
    small: Mapping[str, int] = field(default_factory=dict)
    """Sizes for first looks at many variants: see ``small_at``."""

    def small_at(self, **sizes: int) -> Variant:
        """This variant with sizes for first looks, at which all that it promises can be broken within moments: ``check
        matrix`` searches every set of protections there first. The others are the defaults."""
        for name in sizes:
            known(name, self.protocol.parameters, f"parameter of {self.name}", author())
        return replace(self, small=sizes)

    def declaring(
        self,
        properties: Iterable[Any] = (),
        scenarios: Iterable[Any] = (),
        proofs: Iterable[Any] = (),
    ) -> Variant:
        """This variant with more properties, scenarios, and lemmas for proofs."""
        added = _checked(properties, scenarios, proofs)
        return replace(
            self,
            properties=(*self.properties, *added[0]),
            scenarios=(*self.scenarios, *added[1]),
            proofs=(*self.proofs, *added[2]),
        )

    def where(self, choice: Choice, properties: Iterable[Any], scenarios: Iterable[Any] = ()) -> Variant:
        """This variant with other properties and scenarios, and no lemmas, for systems that have made ``choice``."""
        if not isinstance(choice, Choice):
            raise DefinitionError(f"where: {choice!r} is no choice", remedy="name what option.choice(…) returns")
        others = _checked(properties, scenarios)
        return replace(self, instead={**self.instead, choice: others[:2]})

    def system(
        self,
        faults: Iterable[str] = (),
        with_protections: Iterable[str] = (),
        without: Iterable[str] = (),
        options: Mapping[str, str] | None = None,
    ) -> System:
        """The system with these faults on, protections added and removed, and options chosen."""
        dropped = set(listed(without, "without"))
        wanted = [p for p in (*self.protections, *listed(with_protections, "protections")) if p not in dropped]
        for name in dropped:
            self.protocol.find_protection(name)
        system = self.protocol.bare_system(wanted, faults, name=self.name, options=options)
        chosen = picked(self.protocol.options, options or {}, self.name)
        other = next((self.instead[c] for c in chosen if c in self.instead), None)
        if other is not None:
            return self.protocol.with_statements(system, *other, (), self.refining)
        p = self.protocol
        return p.with_statements(
            system,
            (*p.properties, *self.properties),
            (*p.scenarios, *self.scenarios),
            (*p.proofs, *self.proofs),
            self.refining,
        )


def _checked(
    properties: Iterable[Any], scenarios: Iterable[Any], proofs: Iterable[Any] = ()
) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """The statements of a variant, which now count as used. Raises ``ModelError`` for what is of another kind."""
    found = (
        listed(properties, "properties of a variant"),
        listed(scenarios, "scenarios of a variant"),
        listed(proofs, "proofs of a variant"),
    )
    check_declared(found[0], "properties of a variant", "property", "terms", PROPERTIES)
    check_declared(found[1], "scenarios of a variant", "scenario", "facts", SCENARIOS)
    check_declared(found[2], "proofs of a variant", "proof", "lemmas", PROOFS)
    handed_on(*found[0], *found[1], *found[2])
    return found
