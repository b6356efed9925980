"""Proofs for every size, and the table of ``check prove --all``, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.checker.results.blocks import Block, Document, Facts, Grid, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.matrix import Cell, MatrixReport
from planrace.checker.results.proof import INITIALLY, Certificate, Confirmation, Obligation
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted

TIMES = "Milliseconds for each obligation; rows are actions, columns are conjuncts."
LEMMA = "lemma"
"""The kind of a conjunct that is a lemma."""
SCHEDULE = "The schedule: where a rule applies, its step is enabled and decreases the measure."


# A proof -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Shown:
    """A fact that every action must satisfy: a conjunct (with its own ``kind``), the absence of a model error
    ("model"), or a property of steps ("step property")."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class Laid:
    """The table of a proof: the facts (columns), the rows of the actions (None: no obligation), the schedule."""

    facts: tuple[Shown, ...]
    rows: tuple[tuple[str, tuple[Obligation | None, ...]], ...]
    schedule: tuple[Obligation, ...]


def laid_out(proof: Certificate) -> Laid:
    """The table of a proof: conjuncts first, in their order; ``initially`` above the actions."""
    rest = [o for o in proof.obligations if o.kind != "schedule"]
    conjuncts = {c.name: Shown(c.name, c.kind, c.meaning) for c in proof.conjuncts}
    others = {
        o.fact: Shown(o.fact, o.kind, "no step is a model error" if o.kind == "model" else "every step satisfies it")
        for o in rest
        if o.kind != "conjunct" and o.fact not in conjuncts
    }
    facts = (*(c for c in conjuncts.values() if any(o.fact == c.name for o in rest)), *others.values())
    cells = {(o.action, o.fact): o for o in rest}
    actions = sorted(dict.fromkeys(o.action for o in rest), key=lambda a: a != INITIALLY)
    rows = tuple((a, tuple(cells.get((a, f.name)) for f in facts)) for a in actions)
    return Laid(facts, rows, tuple(o for o in proof.obligations if o.kind == "schedule"))


def invariant_text(proof: Certificate, laid: Laid) -> str:
    """A sentence about the invariant; empty if the proof is only a schedule."""
    if proof.conjuncts:
        count = counted(len(proof.conjuncts), "conjunct")
        return f"The invariant has {count}; it holds initially, and every step keeps it."
    return "It needs no invariant: every step satisfies it, from any state." if laid.facts else ""


def certificate(proof: Certificate, detail: Detail = Detail.FULL) -> Iterator[Block]:
    """The statement with its sizes, its assumptions, the invariant, and every obligation with its time. ``USUAL``: the
    conjuncts that somebody has to believe in or may want to read, without those that are only ranges of variables; of
    the obligations only their number."""
    laid = laid_out(proof)
    yield Heading(f"Proof: {', '.join(proof.properties)}")
    yield Paragraph(f"Proved: {proof.statement}", "holds" if proof.complete else "unknown")
    yield Paragraph(f"Assumed: {proof.assumptions}")
    if sentence := invariant_text(proof, laid):
        yield Paragraph(sentence)
    yield from _obligations(laid) if detail is Detail.FULL or not proof.complete else _lemmas(proof, laid)


def _lemmas(proof: Certificate, laid: Laid) -> Iterator[Block]:
    """The lemmas, and how many obligations there are."""
    yield Facts(
        tuple((f"#{n}", f"{f.name}: {f.meaning}", f.kind) for n, f in enumerate(laid.facts, 1) if f.kind == LEMMA)
    )
    yield Paragraph(f"{counted(len(proof.obligations), 'obligation')}, each proved. -v lists them, and all conjuncts.")


def _obligations(laid: Laid) -> Iterator[Block]:
    """All conjuncts and all obligations."""
    yield Facts(tuple((f"#{n}", f"{f.name}: {f.meaning}", f.kind) for n, f in enumerate(laid.facts, 1)))
    if laid.facts:
        yield Paragraph(TIMES)
        yield Grid(("", *(f"#{n}" for n, _ in enumerate(laid.facts, 1))), tuple(_times(laid)))
    if laid.schedule:
        yield Paragraph(SCHEDULE)
        shown = ((f"{milliseconds(o)} ms", f"{o.fact} ({o.action})", shown_text(o)) for o in laid.schedule)
        yield Facts(tuple(shown))


def _times(laid: Laid) -> Iterator[tuple[str, ...]]:
    for action, cells in laid.rows:
        yield action, *("" if o is None else milliseconds(o) if o.proved else "?" for o in cells)


def milliseconds(o: Obligation) -> str:
    """The solver's time."""
    return f"{1000 * o.seconds:.0f}"


def shown_text(o: Obligation) -> str:
    """The result of an obligation."""
    return "proved" if o.proved else f"not proved: {o.reason}"


def confirmed_text(answer: Confirmation | None) -> str:
    """The answer of a second solver as a sentence."""
    if answer is None:
        return "No second solver was asked (check prove --confirm asks cvc5)."
    if not answer.asked:
        return f"There was no obligation for {answer.solver} to confirm."
    agreed = answer.asked - len(answer.doubted)
    return f"{agreed} of {counted(answer.asked, 'obligation')} confirmed by {answer.solver}."


# The table -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class MatrixLayout:
    """The layout of the table: rows are sets of protections, columns sets of faults, with letters as labels."""

    note: str
    legend: tuple[tuple[str, str, str], ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    cells: Mapping[tuple[str, tuple[str, ...], tuple[str, ...]], Cell]
    closing: str


def matrix_layout(report: MatrixReport) -> MatrixLayout:
    """The layout of the table, with the texts above and below it."""
    given = f" Assumed of the sizes: {', '.join(report.assumptions)}." if report.assumptions else ""
    why = f": {report.stopped}" if report.stopped and report.undecided else ""
    short = {**_letters(report.protections, str.upper), **_letters(report.faults, str.lower)}
    columns = sorted(
        dict.fromkeys(c.faults for c in report.cells), key=lambda f: (len(f), *map(report.faults.index, f))
    )
    return MatrixLayout(
        note=(
            f"∀: holds for every size. A number: violated by a counterexample of that many steps on a small instance. "
            f"?: undecided{why}.{given} {counted(report.queries, 'query', 'queries')}, {report.seconds:.1f} s."
        ),
        legend=(
            *((short[n], n, "protection") for n in report.protections),
            *((short[n], n, "fault") for n in report.faults),
        ),
        rows=tuple((_word(p, short), p) for p in dict.fromkeys(c.protections for c in report.cells)),
        columns=tuple((_word(f, short), f) for f in columns),
        cells={(c.property, c.protections, c.faults): c for c in report.cells},
        closing=(
            f"{report.decided} of {report.size} cells decided for every size, {report.undecided} undecided"
            + (", interrupted" if report.interrupted else "")
        ),
    )


def matrix_document(report: MatrixReport, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """The table as text: one grid for each property; rows are protections, columns are faults. ``VERDICTS``: only how
    much of it is decided."""
    laid = matrix_layout(report)
    word = "holds" if report.decided == report.size and not report.interrupted else "unknown"
    blocks = () if detail is Detail.VERDICTS else tuple(_matrix(report, laid))
    return Document(blocks, f"{laid.closing} (exit {exit_code})", word)


def _matrix(report: MatrixReport, laid: MatrixLayout) -> Iterator[Block]:
    yield Heading(f"{report.protocol}: every set of protections, every property, every set of faults")
    yield Paragraph(laid.note)
    for kind in ("protection", "fault"):
        yield Facts(tuple(row for row in laid.legend if row[2] == kind))
    for name in report.properties:
        yield Heading(name)
        header = ("", *(label for label, _ in laid.columns))
        lines = ((label, *(cell_text(laid.cells.get((name, p, f))) for _, f in laid.columns)) for label, p in laid.rows)
        yield Grid(header, tuple(lines))
    for name, why in report.confirmation.doubted if report.confirmation is not None else ():
        yield Paragraph(f"Not confirmed by the second solver: {name}: {why}.", "unknown")


def cell_text(cell: Cell | None) -> str:
    """A cell as a character or a number."""
    if cell is None or cell.verdict is Verdict.UNKNOWN:
        return "?"
    return "∀" if cell.verdict is Verdict.HOLDS else str(cell.depth)


def _word(names: Sequence[str], short: dict[str, str]) -> str:
    return "".join(short[n] for n in names) or "-"


def _letters(names: Sequence[str], case: Any) -> dict[str, str]:
    """A letter for each name: its first letter that is not taken, or else a number."""
    found: dict[str, str] = {}
    for n, name in enumerate(names, 1):
        free = [case(c) for c in name if c.isalpha() and case(c) not in found.values()]
        found[name] = free[0] if free else str(n)
    return found


def _confirmation(answer: Confirmation) -> dict[str, Any]:
    return {"solver": answer.solver, "asked": answer.asked, "doubted": [list(d) for d in answer.doubted]}
