"""The process that cvc5 runs in: it reads texts and writes answers, as one line of JSON each.

cvc5's Python package blocks every other thread of its process, so it could not be interrupted there. This file is run
as a script and imports nothing else of planrace.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

MILLISECONDS = 20_000
"""The time limit for one obligation."""


def ask(cvc5: Any, text: str) -> str:
    """cvc5's answer to an SMT-LIB 2 script: sat, unsat, or unknown and why."""
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(MILLISECONDS))
    solver.setOption("enum-inst", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols, said = parser.getSymbolManager(), ""
    while not (command := parser.nextCommand()).isNull():
        said += str(command.invoke(solver, symbols))
    return said.strip()


def main() -> None:
    """Answer until the input ends. The parent process ends this one, so it ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import cvc5

    for line in sys.stdin:
        try:
            answer = ask(cvc5, json.loads(line))
        except Exception as problem:  # the obligation is not confirmed, whatever it is
            answer = f"{type(problem).__name__}: {problem}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
