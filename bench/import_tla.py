"""Random specifications in TLA⁺ through ``check import``, compared with TLC: states, and violated invariants.

    TLA2TOOLS_JAR=tla2tools.jar python bench/import_tla.py --seeds 0 50

Needs the extra ``planrace[tla]`` and Java. Each specification has variables of all kinds that are read (truths,
numbers, words, sets, functions, records, sequences, sets of records), actions that choose, branch and quantify, and
invariants.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from planrace.checker import Options, check, import_model
from planrace.model.language import ModelError

HEAD = """---- MODULE {name} ----
EXTENDS Integers, Sequences, FiniteSets
CONSTANT P
VARIABLES b, n, w, s, f, g, r, q, m
vars == <<b, n, w, s, f, g, r, q, m>>
Words == {{"red", "green", "blue"}}
TypeOK == /\\ b \\in BOOLEAN /\\ n \\in 0..3 /\\ w \\in Words \\cup {{"none"}} /\\ s \\subseteq P
          /\\ f \\in [P -> 0..3] /\\ g \\in [P -> Words \\cup {{"none"}}] /\\ r \\in [c : 0..3, d : BOOLEAN]
          /\\ m \\subseteq ([kind : {{"ask"}}, from : P] \\cup [kind : {{"tell"}}, no : 0..1, ok : BOOLEAN])
"""
SET_SIGNS = ("\\cup", "\\cap", "\\")
TRUTH_SIGNS = ("/\\", "\\/", "=>", "<=>")
UPDATED = ("b", "n", "w", "s", "f", "g", "r", "q", "m")


class Maker:
    """Makes a specification. ``members`` and ``numbers`` are the bound variables in reach."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bound = 0

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def member(self, names: tuple[str, ...]) -> str:
        return self.pick(*names) if names else "(CHOOSE p \\in P : \\A z \\in P : z = p)"

    def fresh(self) -> str:
        self.bound += 1
        return f"x{self.bound}"

    def number(self, depth: int, names: tuple[str, ...]) -> str:
        if depth <= 0 or self.random.random() < 0.3:
            return self.pick("0", "1", "2", "3", "n", "r.c", *(f"f[{x}]" for x in names))
        deeper = depth - 1
        return self.pick(
            f"(({self.number(deeper, names)} + {self.number(deeper, names)}) % 4)",
            f"(IF {self.truth(deeper, names)} THEN {self.number(deeper, names)} ELSE {self.number(deeper, names)})",
            f"Cardinality({self.set(deeper, names)})",
            "Len(q)",
            f"(CASE {self.truth(deeper, names)} -> {self.number(deeper, names)} [] OTHER -> n)",
            f"(LET k == {self.number(deeper, names)} IN (k * 2) % 4)",
            "(CHOOSE i \\in 0..3 : i >= n /\\ \\A j \\in n..3 : i <= j)",
        )

    def word(self, depth: int, names: tuple[str, ...]) -> str:
        if depth <= 0 or self.random.random() < 0.5:
            return self.pick('"red"', '"green"', '"none"', "w", *(f"g[{x}]" for x in names))
        return (
            f"(IF {self.truth(depth - 1, names)} THEN {self.word(depth - 1, names)} ELSE {self.word(depth - 1, names)})"
        )

    def set(self, depth: int, names: tuple[str, ...]) -> str:
        if depth <= 0 or self.random.random() < 0.3:
            return self.pick("{}", "s", "P", "s", *(f"{{{x}}}" for x in names))
        x = self.fresh()
        return self.pick(
            f"({self.set(depth - 1, names)} {self.pick(*SET_SIGNS)} {self.set(depth - 1, names)})",
            f"{{{x} \\in P : {self.truth(depth - 1, (*names, x))}}}",
            """{e.from : e \\in {d \\in m : d.kind = "ask"}}""",
        )

    def truth(self, depth: int, names: tuple[str, ...]) -> str:
        if depth <= 0 or self.random.random() < 0.2:
            plain = ("b", "r.d", "n > 1", 'w = "red"', 'w # "none"', "q # << >>", *(f"{x} \\in s" for x in names))
            return f"({self.pick(*plain)})"
        deeper, x = depth - 1, self.fresh()
        return self.pick(
            f"({self.number(deeper, names)} {self.pick('<', '<=', '=', '#', '>')} {self.number(deeper, names)})",
            f"({self.word(deeper, names)} = {self.word(deeper, names)})",
            f"(~{self.truth(deeper, names)})",
            f"({self.truth(deeper, names)} {self.pick(*TRUTH_SIGNS)} {self.truth(deeper, names)})",
            f"(\\E {x} \\in {self.set(deeper, names)} : {self.truth(deeper, (*names, x))})",
            f"(\\A {x} \\in {self.set(deeper, names)} : {self.truth(deeper, (*names, x))})",
            f"({self.set(deeper, names)} \\subseteq {self.set(deeper, names)})",
            f'(\\E e \\in m : e.kind = "tell" /\\ e.ok = {self.truth(deeper, names)})',
            f"({self.told(deeper, names)} \\in m)",
            f"(\\A i \\in DOMAIN q : q[i] = {self.word(deeper, names)})",
            f"(q # << >> /\\ Head(q) = {self.word(deeper, names)})",
        )

    def told(self, depth: int, names: tuple[str, ...]) -> str:
        return f'[kind |-> "tell", no |-> {self.pick("0", "1", "n % 2")}, ok |-> {self.truth(depth, names)}]'

    def update(self, variable: str, names: tuple[str, ...]) -> str:
        where = self.pick(*names) if names else ""
        match variable:
            case "b":
                return f"b' = {self.truth(2, names)}"
            case "n":
                return self.pick(
                    f"n' = {self.number(2, names)}", "n' \\in {n, (n + 1) % 4}", f"n' \\in 0..{self.number(1, names)}"
                )
            case "w":
                return self.pick(f"w' = {self.word(2, names)}", "w' \\in Words")
            case "s":
                return self.pick(f"s' = {self.set(2, names)}", "s' \\in SUBSET s")
            case "f" if where:
                return self.pick(
                    f"f' = [f EXCEPT ![{where}] = {self.number(1, names)}]",
                    f"f' = [f EXCEPT ![{where}] = (@ + 1) % 4]",
                    f"f' = [z \\in P |-> IF z = {where} THEN {self.number(1, names)} ELSE f[z]]",
                )
            case "f":
                return f"f' = [z \\in P |-> {self.number(1, ('z',))}]"
            case "g" if where:
                return f"g' = [g EXCEPT ![{where}] = {self.word(1, names)}]"
            case "g":
                return "UNCHANGED g"
            case "r":
                return self.pick(
                    f"r' = [r EXCEPT !.c = {self.number(1, names)}]",
                    f"r' = [c |-> {self.number(1, names)}, d |-> ~r.d]",
                )
            case "q":
                return self.pick(
                    "q' = (IF Len(q) < 2 THEN Append(q, w) ELSE Tail(q))",
                    "q' = << >>",
                    f"q' = <<{self.word(1, names)}>>",
                )
            case _:
                new = self.pick(
                    self.told(1, names),
                    *([f'[kind |-> "ask", from |-> {where}]'] * 2 if where else ()),
                )
                return self.pick(
                    f"m' = m \\cup {{{new}}}", f"m' = m \\ {{{new}}}", """m' = {e \\in m : e.kind = "ask"}"""
                )

    def action(self, name: str) -> str:
        quantified = self.random.random() < 0.6
        names = ("p",) if quantified else ()
        changed = self.random.sample(UPDATED, self.random.randint(1, 3))
        lines = [f"/\\ {self.truth(2, names)}"]
        for variable in changed:
            if self.random.random() < 0.2:
                test = self.truth(1, names)
                lines.append(f"/\\ IF {test} THEN {self.update(variable, names)} ELSE {self.update(variable, names)}")
            else:
                lines.append(f"/\\ {self.update(variable, names)}")
        if self.random.random() < 0.2:
            lines.append(f"/\\ {changed[0]}' # {changed[0]}")
        lines.append(f"/\\ UNCHANGED <<{', '.join(v for v in UPDATED if v not in changed)}>>")
        return f"{name}{'(p)' if quantified else ''} ==\n    " + "\n    ".join(lines)

    def module(self, name: str) -> tuple[str, list[str]]:
        """The text, and the names of its invariants."""
        actions = [self.action(f"A{i}") for i in range(self.random.randint(2, 4))]
        calls = [f"(\\E p \\in P : A{i}(p))" if "(p)" in a.split("==")[0] else f"A{i}" for i, a in enumerate(actions)]
        init = [
            self.pick("b = FALSE", "b \\in BOOLEAN"),
            self.pick("n = 0", "n = 2", "n \\in {0, 2}"),
            self.pick('w = "none"', 'w \\in {"red", "none"}'),
            self.pick("s = {}", "s = P"),
            self.pick("f = [z \\in P |-> 0]", "f \\in [P -> {0, 1}]"),
            'g = [z \\in P |-> "none"]',
            "r = [c |-> 0, d |-> TRUE]",
            "q = << >>",
            "m = {}",
        ]
        invariants = [f"I{i} == {self.truth(3, ())}" for i in range(3)]
        text = HEAD.format(name=name) + "Init == " + " /\\ ".join(init) + "\n" + "\n".join(actions)
        text += "\nNext == " + " \\/ ".join(calls) + "\n" + "\n".join(invariants) + "\n====\n"
        return text, [i.split(" ")[0] for i in invariants]


def tlc(folder: Path, name: str, jar: str) -> tuple[int, set[str]] | str:
    """The states and the invariants that TLC finds violated; otherwise what it says."""
    command = [
        "java",
        "-XX:+UseSerialGC",
        "-cp",
        jar,
        "tlc2.TLC",
        "-deadlock",
        "-continue",
        "-metadir",
        str(folder / "m"),
    ]
    done = subprocess.run(
        [*command, f"{name}.tla"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    counts = re.findall(r"([\d,]+) distinct states found, 0 states left", done.stdout)
    if not counts or "evaluating" in done.stdout or "Parsing or semantic" in done.stdout:
        return done.stdout[-600:]
    return int(counts[-1].replace(",", "")), set(re.findall(r"Invariant (\w+) is violated", done.stdout))


def compared(seed: int, jar: str) -> str:
    """How the two agree about the specification of a seed."""
    name = f"Random{seed}"
    text, invariants = Maker(seed).module(name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / f"{name}.tla").write_text(text)
        (folder / f"{name}.cfg").write_text(
            "INIT Init\nNEXT Next\nCONSTANT P = {p1, p2}\nINVARIANTS TypeOK " + " ".join(invariants) + "\n"
        )
        theirs = tlc(folder, name, jar)
        if isinstance(theirs, str):
            return f"not compared, TLC: {' '.join(theirs.split())[-160:]}"
        try:
            model = import_model(folder / f"{name}.tla")
            model.write(folder / f"{name}.py")
            options = Options(slicing=False, symmetry=False, exhaustive=True, time_limit=120)
            found = check(f"{folder / name}.py:protocol", options=options)
        except ModelError as problem:
            if "nothing ever happens" in str(problem) or "no step is ever possible" in str(problem):
                return "not compared: nothing ever happens"
            return f"FAILS {type(problem).__name__}: {str(problem)[:400]}"
        assert found.exploration is not None
        states = found.exploration.states
        violated = {f.name for f in found.findings if f.verdict.word == "violated"}
        if (states, violated) != theirs or any(f.verdict.word == "unknown" for f in found.findings):
            return f"DIFFERS: {states} states, {sorted(violated)} violated; TLC {theirs[0]}, {sorted(theirs[1])}"
        return f"agrees: {states} states, {len(violated)} of {len(invariants)} invariants violated"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 20), metavar=("FIRST", "END"))
    parser.add_argument("--show", type=int, help="print the specification of this seed")
    given = parser.parse_args()
    if given.show is not None:
        print(Maker(given.show).module(f"Random{given.show}")[0])
        return 0
    wrong = 0
    for seed in range(*given.seeds):
        said = compared(seed, os.environ["TLA2TOOLS_JAR"])
        wrong += said.startswith(("DIFFERS", "FAILS"))
        print(seed, said, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
