"""The decorator ``checked``: tests of one protocol at several sizes and under several sets of faults."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pytest

_FOR_AUTHORS = True  # errors name the line that calls this module

CASE = "model_check_case"
OURS = ("model_check", CASE)


def checked(
    subject: Any,
    *properties: Any,
    sizes: Sequence[Mapping[str, Any]] = ({},),
    faults: Sequence[Sequence[str]] = ((),),
    **settings: Any,
) -> Callable[[Callable[..., object]], Callable[..., None]]:
    """Decorator: one test for each of ``sizes`` and each set of ``faults``. The function runs after the
    check. If it has a parameter ``report``, it gets the report; its other parameters are pytest fixtures as usual.
    ``settings`` are those of ``model_check``. Raises ``ModelError`` if there would be nothing to test."""
    from planrace.model.language.errors import author

    where = author()
    if inspect.isfunction(subject):
        raise _wrong("checked needs a protocol as its first argument", "write @checked(protocol)", where)
    cases = list(product(_several("sizes", sizes, Mapping, where), _several("faults", faults, Sequence, where)))

    def ask(model_check: Any, case: Any) -> Any:
        __tracebackhide__ = True
        chosen, on = case
        return model_check.at(where, ("sizes",))(subject, *properties, parameters=chosen, faults=on, **settings)

    return for_each(cases, [_called(*c) for c in cases], ask)


def for_each(
    cases: Sequence[Any], ids: Sequence[str], ask: Callable[[Any, Any], Any]
) -> Callable[[Callable[..., object]], Callable[..., None]]:
    """Decorator: a test for each of the cases. ``ask`` gets the fixture ``model_check`` and the case, and returns the
    report."""

    def around(function: Callable[..., object]) -> Callable[..., None]:
        wanted = list(inspect.signature(function).parameters.values())
        names = {p.name for p in wanted}

        @functools.wraps(function)
        def test(*args: Any, **fixtures: Any) -> None:
            __tracebackhide__ = True
            report = ask(fixtures["model_check"], fixtures.pop(CASE))
            given = {**fixtures, "report": report}
            function(*args, **{n: v for n, v in given.items() if n in names})

        test.__signature__ = _signature(wanted)  # type: ignore[attr-defined]  # pytest reads it for fixtures
        marked: Callable[..., None] = pytest.mark.parametrize(CASE, cases, ids=ids)(test)
        return marked

    return around


def _signature(wanted: list[inspect.Parameter]) -> inspect.Signature:
    """The parameters of the function except ours, then ours."""
    theirs = [p for p in wanted if p.name not in ("report", *OURS)]
    return inspect.Signature([*theirs, *(inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in OURS)])


def _several(name: str, given: Any, kind: type, where: Any) -> list[Any]:
    found = [] if isinstance(given, (str, Mapping)) else list(given)
    example = {"sizes": "[{'workers': 2}, {'workers': 3}]", "faults": "[[], ['crash']]"}[name]
    if not found or not all(isinstance(x, kind) and not isinstance(x, str) for x in found):
        raise _wrong(f"checked: {name}={given!r} gives no instances", f"write {name}={example}", where)
    return found


def _wrong(what: str, remedy: str, where: Any) -> Exception:
    from planrace.model.language import ModelError

    return ModelError(what, where=where, remedy=remedy)


def _called(sizes: Mapping[str, Any], faults: Sequence[str]) -> str:
    """An id for ``pytest -k``, which does not accept ``=``."""
    words = [*(f"{n}-{v}" for n, v in sizes.items()), *faults]
    return "-".join(words) or "default"
