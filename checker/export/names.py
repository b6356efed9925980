"""Names in a model of Promela: the author's own, as far as the language and the C program that SPIN makes allow."""

from __future__ import annotations

import re

PROMELA = """
active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan d_step do else empty enabled end eval
false fi for full get_priority goto hidden if in init inline int len local ltl mtype nempty never nfull notrace np_ od
of pc_value pid print printf printm priority proctype progress provided run select set_priority short show skip
timeout trace true typedef unless unsigned until weak xr xs accept always eventually next release stronguntil implies
equivalent
"""
C = """
auto case char const continue default double enum extern float inline long register restrict return signed sizeof static
struct switch union void volatile while linux unix i386 main now malloc free memcpy memset exit depth State Trail
"""
"""Words of C, and names that the program of SPIN or the preprocessor knows."""
KEYWORDS = frozenset(f"{PROMELA} {C}".split())
"""Words that no variable can have as its name."""
OURS = re.compile(
    r"before_step|step_action|step_outcome|step_parameter_\d+|saved_\d+|after_\d+|its_.*"
    r"|say|took|LIVE|last_step|(WITHOUT|CHECK)_.*|waits|owed|stage_\d+_\d+|accept_\d+"
)
"""Names of what the export adds."""


class PromelaNames:
    """Gives each thing a name of its own. The same thing gets the same name each time."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._used: set[str] = set()
        self._local: set[str] = set()

    def of(self, kind: str, name: str, otherwise: str | None = None) -> str:
        """The name for the thing that the author calls ``name``; ``kind`` says in which name space. If the word is
        taken, ``otherwise`` is tried, and then numbers are added."""
        found = self._given.get((kind, name))
        if found is None:
            found = self._fresh([word(name), word(otherwise or f"{kind}_{name}")], self._used | self._local)
            self._given[kind, name] = found
            self._used.add(found)
        return found

    def parameter(self, of: str, name: str) -> str:
        """The name of a parameter of ``of``; parameters of different things may share theirs."""
        kind = f"parameter of {of}"
        found = self._given.get((kind, name))
        if found is None:
            others = {n for (k, _), n in self._given.items() if k == kind}
            found = self._given[kind, name] = self._fresh([word(name), word(f"{of}_{name}")], self._used | others)
            self._local.add(found)
        return found

    def _fresh(self, wanted: list[str], taken: set[str]) -> str:
        candidates = [*wanted, *(f"{wanted[-1]}_{n}" for n in range(2, len(taken) + 4))]
        return next(c for c in candidates if c not in taken and c not in KEYWORDS and not OURS.fullmatch(c))


def word(name: str) -> str:
    """``name`` with an underscore for everything that no identifier may contain. SPIN keeps names with a leading
    underscore for itself."""
    found = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return found if found and not found[0].isdigit() else f"x_{found}"


def comment(text: str) -> str:
    """Text that may stand in a comment."""
    plain = text.replace("…", "...").replace("→", "->")
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in plain)
    return plain.replace("*/", "* /").replace("/*", "/ *")
