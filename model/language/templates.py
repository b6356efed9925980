"""Checks templates of words for reports where they are written; a report would be too late."""

from __future__ import annotations

import string
from collections.abc import Mapping

from planrace.model.language.errors import DefinitionError
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
