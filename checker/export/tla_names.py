"""Names in a module of TLA+: the author's own words, definitions with capital letters as is the custom there."""

from __future__ import annotations

import re

LANGUAGE = """
ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED
EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK PROOF
PROPOSITION PROVE QED RECURSIVE SF STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE
VARIABLE VARIABLES WF WITH WITNESS
ACTION_CONSTRAINT ACTION_CONSTRAINTS ALIAS CHECK_DEADLOCK CONSTRAINT CONSTRAINTS INIT INVARIANT INVARIANTS NEXT PERIODIC
POSTCONDITION PROPERTIES PROPERTY SPECIFICATION SYMMETRY TYPE TYPE_CONSTRAINT VIEW
"""
"""Words of the language and of configurations."""
MODULES = """
Int Nat Real Cardinality IsFiniteSet Any Assert JavaTime Permutations Print PrintT RandomElement SortSeq TLCEval TLCGet
TLCSet ToString Append Head Len SelectSeq Seq SubSeq Tail Integers Naturals FiniteSets Sequences TLC
Fairness Init Least Max Min Next NoDeadlock None Spec Sum Symmetry TypeOK vars
"""
"""Names of the standard modules, and of what the export adds."""
RESERVED = frozenset(f"{LANGUAGE} {MODULES}".split())
"""What nothing of the author's can be called."""


class TlaNames:
    """Gives each thing a name of its own. The same thing gets the same name each time."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, object], str] = {}
        self._used = set(RESERVED)

    def of(self, kind: str, thing: object, *wanted: str) -> str:
        """The name of ``thing``, the first of ``wanted`` that is free, or the last with a number."""
        found = self._given.get((kind, thing))
        if found is None:
            found = self._given[kind, thing] = self.free(wanted)
            self._used.add(found)
        return found

    def free(self, wanted: tuple[str, ...], beside: frozenset[str] = frozenset()) -> str:
        """A name that nothing has, and that is not among ``beside``: for a variable that is bound in a formula."""
        words = [word(w) for w in wanted]
        numbered = (f"{words[-1]}{n}" for n in range(2, 10**6))
        taken = self._used | beside
        return next(w for w in (*words, *numbered) if w not in taken)


def word(name: str) -> str:
    """``name`` as an identifier. TLA+ reads words that begin with ``WF_`` or ``SF_`` as fairness."""
    found = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    plain = found and not found[0].isdigit() and not found.startswith(("WF_", "SF_"))
    return found if plain else f"x_{found}"


def title(name: str) -> str:
    """``take_lock`` or ``take-lock`` as ``TakeLock``."""
    parts = [p for p in re.split(r"[^A-Za-z0-9]+", name) if p]
    return "".join(p[0].upper() + p[1:] for p in parts) or "X"


def comment(text: str) -> str:
    """Text that may stand in a comment."""
    plain = text.replace("…", "...").replace("→", "->")
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in plain)
    return plain.replace("(*", "( *").replace("*)", "* )")


def commented(text: str, width: int = 100) -> list[str]:
    """A comment of one or more lines."""
    lines, line = [], ""
    for part in comment(text).split():
        if line and len(line) + len(part) >= width:
            lines.append(line)
            line = part
        else:
            line = f"{line} {part}" if line else part
    return [f"\\* {x}" for x in (*lines, line) if x]
