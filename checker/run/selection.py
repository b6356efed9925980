"""What a request is about: a system, its sizes and options, and the properties that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planrace.model.language import Instance, ModelError, Protocol, System, Variant
from planrace.model.language.errors import known
from planrace.properties.kinds import Property


def provable() -> Any:
    """The kinds that can be proved for every size."""
    from planrace.checker.engines.proof.houdini import Provable

    return Provable


def instance_of(
    protocol: Protocol | Variant | System,
    parameters: Mapping[str, int | str],
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Instance:
    """The instance that a request is about. Raises ``ModelError``."""
    words, sizes = split(protocol, parameters)
    return _system(protocol, faults, with_protections, without, words).instance(**sizes)


def _system(
    protocol: Protocol | Variant | System,
    faults: Sequence[str],
    add: Sequence[str],
    without: Sequence[str],
    words: Mapping[str, str],
) -> System:
    if isinstance(protocol, System):
        if faults or add or without or words:
            raise ModelError("a System has its faults and protections already", remedy="pass its Protocol or Variant")
        return protocol
    variant = protocol.variant(protocol.name) if isinstance(protocol, Protocol) else protocol
    return variant.system(faults, add, without, words)


def split(
    protocol: Protocol | Variant | System, parameters: Mapping[str, int | str]
) -> tuple[dict[str, str], dict[str, int]]:
    """Options and sizes apart."""
    of = protocol.protocol if isinstance(protocol, Variant) else protocol
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


def refuse(words: Mapping[str, str]) -> None:
    """Proofs for every size are about the protocol as it is."""
    if words:
        name, value = next(iter(words.items()))
        raise ModelError(f"there are no proofs for every size with {name}={value}", remedy="search one size: check")


def chosen(system: System, names: Sequence[str], kinds: Any) -> tuple[Sequence[Property], Sequence[Property]]:
    """The properties to ask about, and those that are left out where none are named: the ones of other ``kinds``."""
    declared = {p.name: p for p in system.properties}
    if names:
        wanted = [known(n, declared, f"property of {system.name}") for n in dict.fromkeys(names)]
        return [declared[n] for n in wanted], []
    if not declared:
        raise ModelError(
            f"{system.name} declares no properties", where=system.where, remedy="declare some with protocol.declare(…)"
        )
    asked = [p for p in declared.values() if isinstance(p, kinds)]
    return asked, [p for p in declared.values() if not isinstance(p, kinds)]
