"""Tests of one protocol at several sizes, under several faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pytest


def checked(
    subject: Any,
    *properties: str,
    sizes: Sequence[Mapping[str, Any]] = ({},),
    faults: Sequence[Sequence[str]] = ((),),
    **settings: Any,
) -> Callable[[Callable[..., object]], Callable[..., None]]:
    """Decorator: one test for each of ``sizes`` and each set of ``faults``. The function gets the report, after the
    checker has had its say; its other parameters are fixtures of pytest as always. ``settings`` are those of
    ``model_check``."""
    cases = list(product(sizes, faults))

    def around(function: Callable[..., object]) -> Callable[..., None]:
        def test(model_check: Any, case: tuple[Mapping[str, Any], Sequence[str]]) -> None:
            __tracebackhide__ = True
            chosen, on = case
            function(model_check(subject, *properties, parameters=chosen, faults=on, **settings))

        test.__name__, test.__doc__, test.__module__ = function.__name__, function.__doc__, function.__module__
        marked: Callable[..., None] = pytest.mark.parametrize("case", cases, ids=[_called(*c) for c in cases])(test)
        return marked

    return around


def _called(sizes: Mapping[str, Any], faults: Sequence[str]) -> str:
    words = [*(f"{n}={v}" for n, v in sizes.items()), *faults]
    return "-".join(words) or "default"
