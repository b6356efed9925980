"""Checks requests from Python before the search; errors say how to correct a wrong request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, cast

from planrace.checker.run.arguments import is_names
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find, find_variant
from planrace.checker.run.ranges import shortened
from planrace.checker.run.request import Given, Selection, select, variant_of
from planrace.model.language import ModelError, Protocol, System, Variant
from planrace.model.language.errors import near

OPTIONS = {f.name for f in fields(Options)}
OTHERWISE = {
    "timeout": "time_limit",
    "time": "time_limit",
    "seconds": "time_limit",
    "states": "max_states",
    "memory": "max_memory",
    "jobs": "workers",
}
"""Names that other tools use for our keywords."""


def subject_of(given: object, call: str) -> Given:
    """The subject of a request; a name is as for the command. ``call`` is the called function, for errors."""
    found = find(given) if isinstance(given, str) else given
    if not isinstance(found, Protocol | Variant | System):
        raise ModelError(
            f"{call} needs a protocol, not {type(found).__name__} {found!r}",
            remedy="pass a Protocol, Variant, System, or a name such as file.py:attribute",
        )
    return found


def variant_for(given: object, call: str) -> Variant:
    """The subject as a variant. Raises ``ModelError`` if it is a System."""
    found = subject_of(given, call)
    if isinstance(found, System):
        raise ModelError(
            f"{call} needs a Protocol or Variant, not a System", remedy="pass the one that made the System"
        )
    return variant_of(found)


def selected(subject: Given, parameters: Mapping[str, int | str] | None = None, **names: Sequence[str]) -> Selection:
    """The selection for the subject; ``names`` are lists of faults and protections."""
    return select(subject, given_sizes(subject, parameters), **names)


def with_variants(protocol: object, options: Options) -> Options:
    """The options, with the variants that names in ``beside`` mean."""
    given = [
        v if not isinstance(v, str) else find_variant(protocol, v) if isinstance(protocol, str) else find(v)
        for v in options.candidates
    ]
    for v in given:
        if not isinstance(v, Protocol | Variant):
            raise ModelError(f"beside={v!r} is not a protocol", remedy="pass a Protocol or Variant, or its name")
    same = all(a is b for a, b in zip(given, options.candidates, strict=True))
    return options if same else replace(options, beside=given)


def given_sizes(subject: Given, parameters: object, name: str = "parameters") -> dict[str, Any]:
    """``parameters``, which the call has under ``name``, as a dictionary. Raises ``ModelError`` if it does not map
    names to values: it may be a list of properties, since it stands where ``model_check`` has these."""
    if parameters is None:
        return {}
    if isinstance(parameters, Mapping) and all(isinstance(key, str) for key in parameters):
        return dict(parameters)
    what = f"{name}={shortened(parameters)} does not map names to values"
    if parameters and is_names(parameters):
        there = _declared(subject)
        for other in cast("Sequence[str]", parameters):
            if other not in there:
                what += f", and no property of {subject.name} is called {other!r}"
                raise ModelError(what, remedy=near(other, there))
        raise ModelError(what, remedy=f"for properties write properties={parameters!r}")
    own = _own(subject)
    raise ModelError(what, remedy=f"write {name}={{{min(own)!r}: …}}" if own else f"{subject.name} has no sizes")


def _declared(subject: Given) -> list[str]:
    """The names of the properties that the subject declares."""
    declared = (
        (*subject.protocol.properties, *subject.properties) if isinstance(subject, Variant) else subject.properties
    )
    return [p.name for p in declared]


def apart(
    subject: Given, settings: Mapping[str, Any], call: str, words: Iterable[str], options: Collection[str] = OPTIONS
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split keywords into sizes (or options of the protocol) and ``options`` (by default the fields of ``Options``); a
    name that is both is a size.

    ``words`` are the other keywords of the call, as suggestions for misspelt ones.
    """
    own = _own(subject)
    for name in settings:
        if name not in own and name not in options:
            raise ModelError(
                f"{call} has no keyword {name!r}, and {subject.name} has no such size",
                remedy=_meant(name, sorted(own), [*words, *sorted(options)]),
            )
    return {n: v for n, v in settings.items() if n in own}, {n: v for n, v in settings.items() if n not in own}


def check_settings(settings: Mapping[str, Any], call: str, words: Iterable[str]) -> None:
    """Raise ``ModelError`` for a keyword that is no field of ``Options``; ``words`` are the other keywords."""
    for name in settings:
        if name not in OPTIONS:
            raise ModelError(f"{call} has no keyword {name!r}", remedy=_meant(name, [], [*words, *sorted(OPTIONS)]))


def _own(subject: Given) -> set[str]:
    protocol = subject.protocol if isinstance(subject, Variant) else subject
    if isinstance(protocol, System):
        return {p.name for p in protocol.parameters}
    return {*protocol.parameters, *protocol.options}


def _meant(name: str, own: Sequence[str], words: Sequence[str]) -> str:
    """A suggestion: our name for another tool's keyword, a similar size, a keyword that starts alike, or all names."""
    if name in OTHERWISE and OTHERWISE[name] in words:
        return f"did you mean {OTHERWISE[name]}?"
    close = near(name, own)
    if close.startswith("did you"):
        return close
    same = [w for w in words if w.startswith(name) or name.startswith(w)]
    return f"did you mean {max(same, key=len)}?" if same else near(name, dict.fromkeys([*own, *words]))
