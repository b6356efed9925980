"""Which names are valid. Reports, traces and the command line identify things by them."""

from __future__ import annotations

import unicodedata

from planrace.model.language.errors import DefinitionError, Place

BEFORE_THE_FIRST_STEP = "initially"
"""How proofs and lints call the initial state, in lists of actions."""

_SEVERAL = {",": "the command line reads it as several names"}
_SETTING = {"=": "the command line reads NAME=VALUE"}
_BRACKETS = dict.fromkeys("[]", "reports write the outcome of an action in brackets")
_REFUSED = {
    **dict.fromkeys(("fault", "protection", "property"), _SEVERAL),
    **dict.fromkeys(("parameter", "option"), _SETTING),
    **dict.fromkeys(("action", "outcome"), _BRACKETS),
}
"""Characters that are forbidden in names of a kind, and why; control characters are forbidden everywhere."""


def usable(name: object, kind: str, where: Place | None = None) -> str:
    """``name`` if it is valid for a thing of ``kind``. Raises ``DefinitionError`` at ``where``, or at the author's
    line."""
    if not isinstance(name, str):
        raise DefinitionError(f"{kind} {name!r}: a name is a string", where=where, remedy='write it in quotes: "…"')
    if not name.strip():
        raise DefinitionError(f"a {kind} has no name: {name!r}", where=where, remedy="give it one")
    problem = _unusable(name, kind)
    if problem is not None:
        raise DefinitionError(f"{kind} {name!r} is not a valid name: {problem[0]}", where=where, remedy=problem[1])
    return name


def meant(meaning: object, what: str, where: Place | None = None) -> str:
    """The ``meaning`` of ``what``, which may be empty. Raises ``DefinitionError`` for what is no string."""
    if not isinstance(meaning, str):
        raise DefinitionError(f"{what}: {meaning!r} is no meaning", where=where, remedy='say it in quotes: "…"')
    return meaning


def _unusable(name: str, kind: str) -> tuple[str, str] | None:
    if kind == "action" and name == "<lambda>":
        return "a lambda has no name", "write the action as a function: def act(): return step(…)"
    if kind == "action" and name == BEFORE_THE_FIRST_STEP:
        return "proofs use it for the state before the first step", "rename it"
    if name != name.strip():
        return "it begins or ends with a space", "remove the space"
    for c in name:
        if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp"):
            return f"it contains {c!a}, which cannot be printed", "use letters, digits, spaces and -"
        why = _REFUSED.get(kind, {}).get(c)
        if why is not None:
            return f"it contains {c!r}, and {why}", f"leave {c!r} out"
    return None
