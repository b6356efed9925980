"""Names in a model of Quint: the author's own, as far as the language allows."""

from __future__ import annotations

import re

from planrace.model.language import Action

KEYWORDS = """
module import from export as const var assume type val def pure action run temporal nondet if else match all any and or
iff implies leadsTo not in true false int str bool List Set Map Rec Tup Nat Int Bool
"""
BUILT_IN = """
eq neq exists forall contains union intersect exclude subseteq filter map fold powerset flatten allLists allListsUpTo
getOnlyElement chooseSome oneOf isFinite size get keys mapBy setToMap setOfMaps set setBy put append concat head tail
length nth indices replaceAt slice range select foldl iadd isub imul idiv imod ipow ilt igt ilte igte iuminus to always
eventually next orKeep mustChange enabled weakFair strongFair assign ite then expect reps fail assert field fieldNames
with item tuples variant matchVariant actionAll actionAny notin foldr unchanged guarantees existsConst chooseConst
"""
TAKEN = frozenset(f"{KEYWORDS} {BUILT_IN}".split())
"""Words that nothing else can have as its name: Quint has one space of names."""
OURS = frozenset(["init", "step", "inRange", "fairness", "variables", "lastStep", "LastStep", "Start"])
"""Names of what the export adds."""


class QuintNames:
    """Gives each thing a name of its own. The same thing gets the same name each time."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._used: set[str] = set(OURS)

    def of(self, kind: str, name: str, otherwise: str | None = None) -> str:
        """The name for the thing that the author calls ``name``; ``kind`` says what it is. If the word is taken,
        ``otherwise`` is tried, and then numbers are added."""
        found = self._given.get((kind, name))
        if found is None:
            wanted = [word(name), word(otherwise or f"{kind}_{name}")]
            found = self._given[kind, name] = _free(wanted, self._used)
            self._used.add(found)
        return found

    def local(self, name: str, inside: frozenset[str]) -> str:
        """A name for a parameter or a bound variable, where those of ``inside`` are seen, too."""
        return _free([word(name), f"{word(name)}_"], self._used | inside)

    def author(self, kind: str, name: str) -> str | None:
        """What the author calls the thing of that name; None if there is none."""
        return next((n for (k, n), given in self._given.items() if k == kind and given == name), None)


def _free(wanted: list[str], taken: set[str] | frozenset[str]) -> str:
    candidates = [*wanted, *(f"{wanted[-1]}{n}" for n in range(2, len(taken) + 4))]
    return next(c for c in candidates if c not in taken and c not in TAKEN)


def word(name: str) -> str:
    """``name`` with an underscore for everything that no identifier may contain."""
    found = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return found if found and not found[0].isdigit() else f"x_{found}"


def capital(name: str) -> str:
    """The name of a type or of a set of members: in one word, and with a capital letter."""
    parts = word(name).split("_")
    return "".join(p[:1].upper() + p[1:] for p in parts)


def remark(text: str) -> str:
    """Text that may stand in a comment that ends with the line."""
    plain = " ".join(text.split()).replace("…", "...").replace("→", "->")
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in plain)


def step_label(names: QuintNames, action: str) -> str:
    """The constructor for steps of an action."""
    return names.of("step", capital(action), f"Step{capital(action)}")


def outcome_texts(action: Action) -> dict[str | None, str]:
    """The outcomes of an action as Quint's strings, in which nothing is escaped; "" is one without a name."""
    found: dict[str | None, str] = {None: ""}
    for name in action.outcome_names:
        text = remark(name).replace('"', "'").replace("\\", "/")
        while text in found.values():
            text += "'"
        found[name] = text
    return found


def field_name(parameter: str) -> str:
    """The field for a parameter of a step."""
    return f"its_{QuintNames().local(parameter, frozenset())}"
