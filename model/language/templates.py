"""Checks templates of words for reports where they are written; a report would be too late."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, TypeAlias

from planrace.model.language.composite import Composite, CompositeSort
from planrace.model.language.errors import DefinitionError
from planrace.model.language.sorts import Array
from planrace.model.language.terms import Term, lift
from planrace.model.language.unsupported import Unwritten

FORM = 'write says("… {x} …", x=term)'


def check_template(template: object, terms: Mapping[str, object]) -> None:
    """Refuse a template that is not a string or names a value that ``terms`` do not give."""
    if not isinstance(template, str):
        raise DefinitionError(f"says: {template!r} is not a text", remedy=FORM)
    if isinstance(template, Unwritten):
        raise template.lost()
    try:
        wanted = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as problem:
        raise DefinitionError(f"the template {template!r}: {problem}", remedy="write {{ and }} for braces") from None
    missing = [name for name in wanted if name not in terms]
    if missing:
        named = missing[0].isidentifier()
        add = f"add {missing[0]}=…" if named else f"give each value a name: {FORM}"
        raise DefinitionError(f"the template {template!r} needs a value for {{{missing[0]}}}", remedy=add)
    try:
        template.format(**dict.fromkeys(terms, "x"))
    except (ValueError, LookupError, AttributeError) as problem:
        raise DefinitionError(f"the template {template!r}: {problem}", remedy="values of terms are text here") from None


Named: TypeAlias = "tuple[tuple[tuple[str, Term], ...], tuple[tuple[str, CompositeSort[Any]], ...]]"
"""The terms that a template names, and the sorts of names that stand for values with parts: their leaves are among the
terms, as ``b.of`` of ``b``."""


def checked_template(template: object, values: Mapping[str, Any]) -> Named:
    """The values of a template, after ``check_template``."""
    check_template(template, values)
    terms: list[tuple[str, Term]] = []
    composites: list[tuple[str, CompositeSort[Any]]] = []
    for name, value in sorted(values.items()):
        if isinstance(value, Composite):
            sort = value._sort
            composites.append((name, sort))
            terms += [(f"{name}.{path}", t) for (path, _), t in zip(sort.leaves, value._leaves, strict=True)]
            continue
        term = lift(value)
        if isinstance(term.sort, Array):
            raise DefinitionError(
                f"says: {name}={term} is an array", remedy=f"name one element, as in {name}={term}[i]"
            )
        terms.append((name, term))
    return tuple(terms), tuple(composites)
