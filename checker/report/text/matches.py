"""Matches of traces with scenarios, as blocks."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.report.text.values import value_text
from planrace.checker.results.blocks import Block, Facts, Heading, Paragraph
from planrace.checker.results.scenario import FactMatch, Match
from planrace.checker.results.wording import counted


def match_blocks(match: Match, title: str) -> Iterator[Block]:
    """What a trace shows of a scenario, below ``title``."""
    roles = ", ".join(f"{n}: {value_text(v)}" for n, v in match.roles.items())
    word = "shows it in full" if match.full else "shows it" if match.holds else "does not show all of it"
    yield Heading(f"{title} the {match.scenario}: {word}")
    if match.matched and roles:
        yield Paragraph(f"Roles: {roles}.")
    yield Facts(tuple((f.fact, f.meaning, _where(f)) for f in match.facts))


def _where(f: FactMatch) -> str:
    """Where a trace shows a fact."""
    if f.step is None:
        return "not in this trace"
    if f.onward:
        return f"from step {f.step} on, in all {counted(f.states or 0, 'state')} that can follow"
    return f"step {f.step}"
