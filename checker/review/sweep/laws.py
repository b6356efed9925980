"""Laws of a sweep: whether lengths are an affine function of the parameters, and where verdicts change."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from planrace.checker.results.sweep import SweepLaw, SweepPoint, SweepThreshold
from planrace.checker.results.verdict import Verdict

Values = Mapping[str, int]


def laws_of(name: str, points: Sequence[SweepPoint], varied: Sequence[str]) -> list[SweepLaw]:
    """The law of all shortest lengths for a property; if there is none, those of one parameter where the others are
    fixed."""
    lengths = [
        (p.values, c.length) for p in points for c in p.cells if c.name == name and c.length is not None and c.shortest
    ]
    whole = _law(name, lengths, varied, {})
    if whole is not None:
        return [whole]
    found = []
    for free in varied if len(varied) > 1 else ():
        for where, some in _groups(lengths, [n for n in varied if n != free]):
            law = _law(name, some, [free], where)
            if law is not None:
                found.append(law)
    return found


def _groups(
    lengths: Sequence[tuple[Values, int]], fixed: Sequence[str]
) -> Iterator[tuple[dict[str, int], list[tuple[Values, int]]]]:
    """The lengths by the values of the ``fixed`` parameters."""
    groups: dict[tuple[int, ...], list[tuple[Values, int]]] = defaultdict(list)
    for values, length in lengths:
        groups[tuple(values[n] for n in fixed)].append((values, length))
    for key, some in groups.items():
        yield dict(zip(fixed, key, strict=True)), some


def _law(name: str, lengths: Sequence[tuple[Values, int]], free: Sequence[str], where: Values) -> SweepLaw | None:
    """The law with whole numbers on which all lengths lie; None if there is none, or too few points to tell."""
    telling = [n for n in free if len({values[n] for values, _ in lengths}) > 1]
    rows = [[Fraction(1), *(Fraction(values[n]) for n in telling), Fraction(length)] for values, length in lengths]
    solved = _solve(rows, len(telling) + 1)
    if not telling or solved is None or not _tested(rows, len(telling) + 1):
        return None
    if any(x.denominator != 1 for x in solved):
        return None
    constant, *factors = map(int, solved)
    return SweepLaw(name, constant, dict(zip(telling, factors, strict=True)), dict(where), len(rows))


def _tested(rows: Sequence[Sequence[Fraction]], unknown: int) -> bool:
    """Whether each row could contradict the solution: the others alone have it, too. A row that a number depends on
    tests nothing, because there is such a number whatever the row says."""
    return all(_solve([*rows[:k], *rows[k + 1 :]], unknown) is not None for k in range(len(rows)))


def _solve(rows: Sequence[Sequence[Fraction]], unknown: int) -> list[Fraction] | None:
    """The one solution of linear equations, the last number of each row being its right side; None if there is none or
    more than one."""
    left = [list(r) for r in rows]
    solved: list[list[Fraction]] = []
    for k in range(unknown):
        pivot = next((r for r in left if r[k]), None)
        if pivot is None:
            return None
        left.remove(pivot)
        pivot = [x / pivot[k] for x in pivot]
        left, solved = ([_without(r, k, pivot) for r in some] for some in (left, solved))
        solved.append(pivot)
    return [r[-1] for r in solved] if not any(r[-1] for r in left) else None


def _without(row: Sequence[Fraction], k: int, pivot: Sequence[Fraction]) -> list[Fraction]:
    return [x - row[k] * y for x, y in zip(row, pivot, strict=True)]


def thresholds_of(
    name: str, points: Sequence[SweepPoint], varied: Sequence[str], bisected: str | None
) -> list[SweepThreshold]:
    """Where the verdict changes between neighbours; of a parameter that was bisected, between the values computed."""
    found = []
    verdicts = {tuple(p.values[n] for n in varied): c.verdict for p in points for c in p.cells if c.name == name}
    for at, parameter in enumerate(varied):
        lines: dict[tuple[int, ...], dict[int, Verdict]] = defaultdict(dict)
        for values, verdict in verdicts.items():
            lines[*values[:at], *values[at + 1 :]][values[at]] = verdict
        for others, line in lines.items():
            fixed = dict(zip([*varied[:at], *varied[at + 1 :]], others, strict=True))
            known = sorted((v, x) for v, x in line.items() if x is not Verdict.UNKNOWN)
            for (before, was), (after, to) in itertools.pairwise(known):
                if was is not to and after == before + 1:
                    found.append(SweepThreshold(name, parameter, fixed, before, after, to, parameter == bisected))
    return found
