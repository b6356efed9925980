"""Helpers with which patterns declare their actions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from planrace.model.language import Action, DefinitionError, Index, Protocol, Says, Step, Term, says
from planrace.model.language.author_code import called, shown
from planrace.model.language.errors import author
from planrace.model.language.sorts import Scalar
from planrace.model.language.terms import Value

_FOR_AUTHORS = True  # errors and places name the line that calls this module


Words: TypeAlias = "str | Says | Callable[..., Says]"
"""Words for a pattern's action: ready-made, a function of the terms involved, or a string, which is a template."""


def worded(
    words: Words, what: str, about: Mapping[str, Value], template_values: Mapping[str, Value] | None = None
) -> Says:
    """The words for an action of ``what``. A function gets the terms ``about``; a template may use those and the terms
    ``template_values``."""
    if isinstance(words, str):
        return says(words, **(about if template_values is None else template_values))
    form = f"words=lambda {', '.join(about)}: says(…)".replace("lambda :", "lambda:")
    found = called(words, tuple(about.values()), f"words of {what}", form) if callable(words) else words
    if not isinstance(found, Says):
        raise DefinitionError(f"words of {what}: {shown(found)} is not says(…)", remedy=f"write {form}")
    return found


def declared(
    protocol: Protocol,
    name: str,
    body: Callable[..., Step],
    parameters: Mapping[str, Scalar],
    *,
    by: str | Index,
    fault: str | None = None,
) -> Action:
    """An action with a generated name and generated parameters, at the line of the author."""

    def made_up(*given: Term) -> Step:
        return body(*given)

    made_up.__name__ = name
    made_up.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in parameters]
    )
    made = replace(protocol.action(*parameters.values(), by=by, fault=fault)(made_up), where=author())
    protocol.actions[name] = made
    return made
