"""A request, resolved once: which system at which size, which properties, and with which options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

from planrace.checker.run.options import Options
from planrace.model.language import Instance, ModelError, Protocol, System, Variant
from planrace.model.language.errors import known
from planrace.properties.kinds import Property
from planrace.properties.members import by_name, is_of_each, members

Given: TypeAlias = "Protocol | Variant | System"
"""The kinds of subject that a request may have."""


def variant_of(given: Protocol | Variant) -> Variant:
    """The variant itself; for a protocol, the variant of the same name."""
    return given.variant(given.name) if isinstance(given, Protocol) else given


def split(given: Given, parameters: Mapping[str, int | str]) -> tuple[dict[str, str], dict[str, int]]:
    """Split ``parameters`` into options of the protocol and sizes. Raises ``ModelError`` for a name that is neither."""
    of = given.protocol if isinstance(given, Variant) else given
    named = of.options if isinstance(of, Protocol) else {}
    words: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for name, value in parameters.items():
        if name in named:
            words[name] = str(value)
        elif isinstance(value, int):
            sizes[name] = value
        else:
            table = [*named, *(p.name for p in (of.parameters.values() if isinstance(of, Protocol) else of.parameters))]
            known(name, table, f"parameter or option of {of.name}")
            raise ModelError(f"{name} wants a whole number, not {value!r}", remedy="`check list` has the ranges")
    return words, sizes


@dataclass(frozen=True)
class Selection:
    """A protocol and the choices that were made for it. ``sizes`` and ``words`` (options of the protocol) are the
    given ones; the others have their defaults. ``made`` is an instance that exists already."""

    subject: Variant | System
    sizes: Mapping[str, int]
    words: Mapping[str, str]
    faults: tuple[str, ...] = ()
    with_protections: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    made: Instance | None = None

    @cached_property
    def system(self) -> System:
        """The selected system. Raises ``ModelError``."""
        return self.system_with(self.faults)

    @cached_property
    def instance(self) -> Instance:
        """The system at the selected size. Raises ``ModelError``."""
        return self.made or self.system.instance(**self.sizes)

    @property
    def variant(self) -> Variant:
        """The subject as a variant. Raises ``ModelError`` if it is a System."""
        if isinstance(self.subject, System):
            raise ModelError(
                "a proof needs a Protocol or Variant, not a System", remedy="pass the one that made the System"
            )
        return self.subject

    def system_with(self, faults: Sequence[str], without: Sequence[str] = ()) -> System:
        """The system with other faults, and without further protections. Raises ``ModelError``."""
        if isinstance(self.subject, System):
            if self.faults or self.with_protections or self.without or self.words:
                raise ModelError(
                    "the faults and protections of a System are fixed", remedy="pass its Protocol or Variant"
                )
            return self.subject
        return self.subject.system(faults, self.with_protections, (*self.without, *without), self.words)

    @property
    def possible_faults(self) -> tuple[str, ...]:
        """The faults that the protocol declares. Raises ``ModelError`` for a System."""
        return tuple(self.variant.protocol.faults)

    @property
    def with_all_faults(self) -> System:
        """The system with every fault. Raises ``ModelError``."""
        return self.system_with([] if isinstance(self.subject, System) else tuple(self.subject.protocol.faults))

    def check_every_size(self) -> None:
        """Raises ``ModelError`` if options of the protocol are set: proofs work only with their defaults."""
        for name, value in self.words.items():
            raise ModelError(f"there are no proofs for every size with {name}={value}", remedy="search one size: check")


def select(
    given: Given,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Selection:
    """The selection of these choices for a protocol. Raises ``ModelError``."""
    words, sizes = split(given, parameters or {})
    subject = given if isinstance(given, System) else variant_of(given)
    return Selection(subject, sizes, words, tuple(faults), tuple(with_protections), tuple(without))


def select_properties(
    system: System,
    names: Sequence[str],
    kinds: Any = object,
    inside: Mapping[str, Property] = MappingProxyType({}),
) -> tuple[Sequence[Property], Sequence[Property]]:
    """The properties to check, and the ones left out: if no names are given, those of other ``kinds`` are left out.
    ``inside`` are those of single members, which may be named, too."""
    declared = {p.name: p for p in system.properties}
    if names:
        table = {**declared, **inside}
        wanted = [known(n, table, f"property of {system.name}") for n in dict.fromkeys(names)]
        return [table[n] for n in wanted], []
    if not declared:
        raise ModelError(
            f"{system.name} declares no properties", where=system.where, remedy="declare some with protocol.declare(…)"
        )
    decidable = [p for p in declared.values() if isinstance(p, kinds)]
    return decidable, [p for p in declared.values() if not isinstance(p, kinds)]


@dataclass(frozen=True)
class Request:
    """What an engine is asked. ``left_out`` are properties that the report lists as not checked."""

    selection: Selection
    properties: Sequence[Property]
    options: Options
    left_out: Sequence[Property] = ()

    @property
    def system(self) -> System:
        return self.selection.system

    @property
    def instance(self) -> Instance:
        return self.selection.instance

    @property
    def parameters(self) -> dict[str, int | str]:
        """Sizes and options of the protocol, as reports show them."""
        return dict([*self.instance.parameters.items(), *self.system.options])

    def of(self, kinds: Any) -> list[Any]:
        """The properties of these kinds."""
        return [p for p in self.properties if isinstance(p, kinds)]


def resolve(selection: Selection, options: Options, kinds: Any = object, *, each: bool = False) -> Request:
    """A request about the properties that the options name, by default all of these ``kinds``. With ``--scenario`` it
    is about no property. ``each``: after a property of each member those of single members follow, and they can be
    named. Raises ``ModelError``."""
    if options.scenario is not None:
        return Request(selection, [], options, [])
    declared = selection.system.properties
    inside = by_name(selection.instance, declared) if each and any(map(is_of_each, declared)) else {}
    selected, left_out = select_properties(selection.system, options.properties, kinds, inside)
    if inside:
        found = (q for p in selected for q in (p, *members(selection.instance, p)))
        selected = list({q.name: q for q in found}.values())
    return Request(selection, selected, options, left_out)


def request_of(instance: Instance, properties: Sequence[Property], options: Options) -> Request:
    """A request about an instance that exists already."""
    return Request(Selection(instance.system, {}, {}, made=instance), properties, options)
