"""A second solver's word on exported obligations: cvc5, by its Python package (``pip install planrace[cvc5]``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.language import ModelError

from ..confirmation import Confirmation
from ..limits import Limits, Listener, Watchman

MILLISECONDS = 20_000
"""Time for one obligation."""


def confirmer() -> Any:
    """The second solver. Raises ``ModelError`` where it is not installed."""
    try:
        import cvc5
    except ImportError:
        raise ModelError("cvc5 is not installed", remedy="pip install 'planrace[cvc5]'") from None
    return cvc5


def confirm(texts: Iterable[tuple[str, str]], listener: Listener | None = None) -> Confirmation:
    """Ask cvc5 about SMT-LIB 2 scripts, by name and text: each must be unsatisfiable. One that there is no time for is
    not confirmed."""
    cvc5 = confirmer()
    watchman = Watchman("confirming", Limits(), listener)
    doubted, asked = [], 0
    for asked, (name, text) in enumerate(texts, 1):
        stopped = watchman.look(asked, 0, 0)
        answer = stopped or ask(cvc5, text, watchman.milliseconds_left)
        if answer != "unsat":
            doubted.append((name, answer))
    return Confirmation(f"cvc5 {cvc5.__version__}", asked, tuple(doubted))


def ask(cvc5: Any, text: str, left: int | None = None) -> str:
    """cvc5's answer to a script: sat, unsat, or unknown and why. ``left`` are milliseconds that there are at most."""
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(MILLISECONDS if left is None else min(MILLISECONDS, left)))
    solver.setOption("enum-inst", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols, said = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        said += str(command.invoke(solver, symbols))
    return said.strip()
