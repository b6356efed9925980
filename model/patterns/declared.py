"""How patterns declare actions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace

from model.language import Action, Index, Protocol, Step, Term
from model.language.errors import author
from model.language.sorts import Scalar

_FOR_AUTHORS = True  # errors and places name the line that calls this module


def declared(
    protocol: Protocol,
    name: str,
    body: Callable[..., Step],
    parameters: Mapping[str, Scalar],
    *,
    by: str | Index,
    fault: str | None = None,
) -> Action:
    """An action under a name and with parameters that are made, at the line of the author."""

    def made_up(*given: Term) -> Step:
        return body(*given)

    made_up.__name__ = name
    made_up.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in parameters]
    )
    made = replace(protocol.action(*parameters.values(), by=by, fault=fault)(made_up), where=author())
    protocol.actions[name] = made
    return made
