"""How good are the tests of the checker? Faults are planted into it, one at a time, and its tests are run.

    python bench/mutation.py [--mutants N] [--seed S] [--only GROUP] [--results FILE] [--seconds S]

Needs cosmic-ray, whose operators make the faults; it is no extra of planrace. `JUDGES` names the groups of modules, and
the tests that judge each: tests that end in seconds, of which the first that fails ends the mutant. A place of a
module is drawn, then a fault for that place, so that places with many possible faults do not outweigh the others. What
changes only an annotation or a docstring is no fault and is not drawn. The groups take turns, so a run that is cut
has something of each.

All work is done on a copy of the repository. Libraries are imported once; each mutant is judged in a fork. A fork
that takes five times as long as the unchanged code, and a minute more, counts as timed out: the tests would hang.

A line of JSON for each mutant in FILE; `survived` has the difference, to be reviewed. At the end a table, with a 95 %
interval (Clopper and Pearson) for the share that is noticed. It ends with 1 if the unchanged code fails its tests.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHARED = ("pytest", "hypothesis", "networkx", "numpy", "z3", "llvmlite.binding")
"""What is imported before the forks. Nothing of planrace."""
UNTOLD = "ignore::pytest.PytestAssertRewriteWarning"
"""The warning that hypothesis was imported before."""
JUDGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "semantics": (
        ("checker/semantics/*.py",),
        (
            "tests/semantics/test_traces.py",
            "tests/semantics/test_elements.py",
            "tests/language/test_starting.py",
            "tests/semantics/test_normal_form.py",
            "tests/semantics/test_generation_check.py",
        ),
    ),
    "explicit": (
        ("checker/engines/explicit/*.py",),
        (
            "tests/engines/explicit/test_reachable.py",
            "tests/engines/explicit/test_slices.py",
            "tests/engines/explicit/test_symmetry.py",
            "tests/engines/explicit/test_normalising.py",
            "tests/engines/explicit/test_explorer.py",
        ),
    ),
    "temporal": (
        ("checker/engines/temporal/*.py",),
        ("tests/engines/temporal/test_liveness.py", "tests/engines/temporal/test_temporal.py"),
    ),
    "symbolic": (
        ("checker/engines/symbolic/*.py",),
        (
            "tests/engines/symbolic/test_bmc.py",
            "tests/engines/symbolic/test_solver_models.py",
            "tests/engines/symbolic/test_induction.py",
        ),
    ),
    "proof": (
        ("checker/engines/proof/*.py",),
        ("tests/engines/proof/test_wrong_models.py", "tests/engines/proof/test_counting.py"),
    ),
    "native": (
        ("checker/engines/native/*.py",),
        (
            "tests/engines/native/test_table.py",
            "tests/engines/native/test_runs.py",
            "tests/engines/native/test_wide.py",
            "tests/engines/native/test_native.py",
        ),
    ),
    "language": (
        ("model/language/*.py",),
        (
            "tests/language/test_language.py",
            "tests/language/test_slips.py",
            "tests/language/test_structural.py",
            "tests/language/test_starting.py",
        ),
    ),
}
Places = list[tuple[str, list[tuple[str, int]]]]
"""For each place its file, and the operators with the number of the place among theirs."""


@dataclass(frozen=True)
class Mutant:
    """A file with one fault, as text."""

    path: str
    operator: str
    text: str


class Faults:
    """The places of a group's modules, and mutants drawn from them."""

    def __init__(self, patterns: tuple[str, ...], seed: str) -> None:
        plugins = importlib.import_module("cosmic_ray.plugins")
        self._mutating: Any = importlib.import_module("cosmic_ray.mutating")
        self._operators: dict[str, Any] = {n: plugins.get_operator(n) for n in plugins.operator_names()}
        self._random = random.Random(seed)
        files = sorted({str(f.relative_to(ROOT)) for p in patterns for f in ROOT.glob(p)})
        self.places: Places = [x for file in files for x in self._places_of(file)]

    def _places_of(self, file: str) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        parso: Any = importlib.import_module("parso")
        nodes = list(_nodes(parso.parse((ROOT / file).read_text())))
        places: dict[Any, list[tuple[str, int]]] = {}
        for name, kind in self._operators.items():
            if kind.arguments():
                continue  # it needs a setting
            operator, count = kind(), 0
            for node in nodes:
                for position in operator.mutation_positions(node):
                    places.setdefault(position, []).append((name, count))
                    count += 1
        yield from ((file, places[position]) for position in sorted(places))

    def draw(self) -> Mutant:
        """Another mutant whose meaning can differ."""
        while True:
            file, choices = self._random.choice(self.places)
            name, number = self._random.choice(choices)
            text = (ROOT / file).read_text()
            changed = self._mutating.mutate_code(text, self._operators[name](), number)
            if changed is not None and _meaning(changed) not in (None, _meaning(text)):
                return Mutant(file, name.removeprefix("core/"), changed)


def _nodes(node: Any) -> Iterator[Any]:
    """In the order in which cosmic-ray numbers places: a node before its children."""
    yield node
    for child in getattr(node, "children", ()):
        yield from _nodes(child)


def _meaning(text: str) -> str | None:
    """The text without annotations and docstrings; None if it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [x for x in body if not _is_text(x)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


class Judge:
    """Runs tests on the copy at ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def judge(self, mutant: Mutant, tests: tuple[str, ...], seconds: float) -> str:
        """killed, survived, or timed out."""
        path = self._folder / mutant.path
        text = path.read_text()
        try:
            self._write(path, mutant.text)
            return self.run(tests, seconds)
        finally:
            self._write(path, text)

    def run(self, tests: tuple[str, ...], seconds: float) -> str:
        """What becomes of the tests, in a fork and a session of its own, so that all it starts can be ended."""
        child = os.fork()
        if not child:
            os.setsid()
            self._run(tests)
        until = time.monotonic() + seconds
        ended, status = os.waitpid(child, os.WNOHANG)
        while not ended and time.monotonic() < until:
            time.sleep(0.05)
            ended, status = os.waitpid(child, os.WNOHANG)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        if not ended:
            os.waitpid(child, 0)
            return "timed out"
        return "survived" if status == 0 else "killed"

    def _run(self, tests: tuple[str, ...]) -> None:
        code = 70
        try:
            os.chdir(self._folder)
            sys.path[:] = [str(self._folder), *(p for p in sys.path if p not in (str(ROOT), str(ROOT / "bench")))]
            os.environ["PYTHONPATH"] = str(self._folder)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            pytest: Any = importlib.import_module("pytest")
            code = int(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-W", UNTOLD, *tests]))
        finally:
            os._exit(code)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        for cached in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            cached.unlink()  # it is compared by second and size only


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=30, help="of each group (30)")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", action="append", choices=JUDGES, help="a group; may be repeated")
    parser.add_argument("--results", type=Path, default=Path("mutation.jsonl"))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no mutant after this time")
    options = parser.parse_args()
    for name in SHARED:
        importlib.import_module(name)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planrace-mutation-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "site", "*_cache"))
        os.environ["PLANRACE_CACHE"] = str(Path(folder) / "cache")  # no machine code of other texts
        judge, limits, faults = Judge(copy), {}, {}
        for group in options.only or JUDGES:
            patterns, tests = JUDGES[group]
            start = time.monotonic()
            if judge.run(tests, 3600) != "survived":
                print(f"{group}: the unchanged code fails its tests: pytest {' '.join(tests)}", file=sys.stderr)
                return 1
            seconds = time.monotonic() - start
            limits[group], faults[group] = 5 * seconds + 60, Faults(patterns, f"{options.seed} {group}")
            print(f"{group}: {len(faults[group].places)} places; {seconds:.0f} s of tests", flush=True)
        counts: dict[str, Counter[str]] = {group: Counter() for group in faults}
        with options.results.open("a") as results:
            for _ in range(options.mutants):
                for group, some in faults.items():
                    if time.monotonic() - begun < options.seconds:
                        mutant = some.draw()
                        answer = judge.judge(mutant, JUDGES[group][1], limits[group])
                        counts[group][answer] += 1
                        results.write(json.dumps(_line(group, mutant, answer)) + "\n")
                        results.flush()
    _table(counts)
    return 0


def _line(group: str, mutant: Mutant, answer: str) -> dict[str, Any]:
    old, new = (ROOT / mutant.path).read_text().splitlines(), mutant.text.splitlines()
    changes = [x for x in difflib.unified_diff(old, new, lineterm="", n=0) if not x.startswith(("---", "+++"))]
    return {"group": group, "path": mutant.path, "operator": mutant.operator, "answer": answer, "change": changes}


def _table(counts: dict[str, Counter[str]]) -> None:
    stats: Any = importlib.import_module("scipy.stats")
    print(f"{'group':12} killed  timed out  survived  noticed  95 %")
    for group, found in counts.items():
        noticed = found["killed"] + found["timed out"]
        if total := found.total():
            low, high = stats.binomtest(noticed, total).proportion_ci(method="exact")
            print(
                f"{group:12} {found['killed']:6}  {found['timed out']:9}  {found['survived']:8}  "
                f"{noticed / total:7.0%}  {low:.0%}-{high:.0%}"
            )


if __name__ == "__main__":
    sys.exit(main())
