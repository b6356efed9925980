"""The differences from a baseline, and their text whatever the names are."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from planrace.checker import Report
from planrace.checker.report.text.comparison import Difference
from planrace.checker.report.text.plain import render_plain
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.changes import BaselineComparison, changes
from planrace.checker.review.baseline.check_entry import take
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest, Item, RecordedVerdict
from planrace.checker.review.baseline.render import changes_document, changes_json, changes_markdown, exit_code
from planrace.checker.review.baseline.summary import MOST, term_text
from planrace.model.language import If, Protocol, integers
from tests import ROOT

EXISTS, DELETED = "live-release-exists", "old-releases-are-deleted"
NASTY = "a|b`c```\n</details>\x1b[31m @someone <img src=x> [x](http://y) \u202e"


@pytest.fixture(scope="module")
def taken() -> tuple[BaselineEntry, Report]:
    return take(BaselineRequest(f"{ROOT}/examples/blue_green.py:protocol"))


def test_lengths_counts_and_methods_of_counting(taken: tuple[BaselineEntry, Report]) -> None:
    now, report = taken
    assert now.counts is not None

    def told(**change: object) -> BaselineComparison:
        return changes(replace(now, **change), now, report)  # type: ignore[arg-type]

    assert told().same
    longer = {**now.verdicts, EXISTS: RecordedVerdict(Verdict.VIOLATED, 9), DELETED: RecordedVerdict(Verdict.HOLDS, 1)}
    assert told(verdicts=longer).depths == (
        Difference(EXISTS, "9 steps", "8 steps"),
        Difference(DELETED, "1 step", "6 steps"),
    )
    c = told(counts=replace(now.counts, states=1_000, symmetry=True))
    assert (c.counts, c.uncounted) == (
        (Difference("states", "1,000", "199"), Difference("symmetry", "yes", "no")),
        "only one of the searches counts orbits",
    )
    c = told(counts=replace(now.counts, depth=1, sliced=("a", "b")))
    assert c.uncounted == "the ignored variables differ: a, b before, none now"
    assert "The counts are not comparable: the ignored variables" in changes_markdown([c])
    c = told(counts=replace(now.counts, symmetry=True))
    assert (c.results, c.uncounted) == (True, "only one of the searches counts orbits")
    c = told(counts=None)
    assert (c.counts, exit_code([c])) == ((Difference("states", "not counted", "199"),), 1)
    unfinished = changes(now, replace(now, counts=None), report)
    assert (unfinished.counts, exit_code([unfinished])) == ((), 3)
    assert exit_code([unfinished, c]) == 1
    assert exit_code([c, changes(now, now, replace(report, interrupted=True))]) == 130


def test_the_order_of_outcomes_matters() -> None:
    now, report = take(BaselineRequest("original", {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}))
    flip = next(i for i in now.model if i.name == "flip_alias")
    guard, accepted, refused = flip.inner
    twice = replace(accepted, text="true")

    def told(before: tuple[Item, ...], after: tuple[Item, ...]) -> list[Difference]:
        x, y = (replace(now, model=(replace(flip, inner=inner),)) for inner in (before, after))
        return list(changes(x, y, report).model)

    assert told((guard, accepted, refused), (guard, refused, accepted)) == [
        Difference("action flip_alias, order", "accepted, refused", "refused, accepted")
    ]
    assert told((guard, accepted, accepted), (guard, accepted, twice)) == [
        Difference("action flip_alias, outcome accepted (2)", accepted.text, "true")
    ]


def test_markdown_cannot_be_broken_by_names(taken: tuple[BaselineEntry, Report]) -> None:
    _, report = taken
    broken = report.findings[0]
    c = BaselineComparison(
        title=NASTY,
        model=(Difference(NASTY, NASTY, None), Difference("x" * 5_000, None, "y" * 5_000)),
        verdicts=(Difference(NASTY, "holds", "violated"),),
        uncounted=NASTY,
        broken=(replace(broken, name=NASTY, meaning=NASTY), replace(broken, name="q", trace=None, how=NASTY)),
        undecided=((NASTY, NASTY),),
    )
    text = changes_markdown([c, BaselineComparison(NASTY)])
    fence = ""
    inside: list[str] = []
    outside: list[str] = []
    for line in text.split("\n"):
        mark = re.match("`{3,}", line)
        if mark and fence in ("", mark[0]):
            fence = "" if fence else mark[0]
        else:
            (inside if fence else outside).append(line)
    assert (fence, len(outside) > 10, len(inside) > 10) == ("", True, True)
    said = "\n".join(outside)
    assert not set("<>`\x1b\u202e[~$") & set(said)
    assert "@someone" not in said
    assert [line.count("|") for line in outside if line.startswith("| a")] == [4]
    assert max(map(len, inside)) < 2_100
    assert "\x1b" not in text
    assert json.loads(changes_json([c], 1))["entries"][0]["entry"] == NASTY
    assert "\x1b" not in render_plain(changes_document([c], 1))


def test_very_long_terms_are_shortened() -> None:
    made = Protocol("p")
    x = made.variable("x", integers(0, 9), 0)
    grown = x + 0
    for n in range(14):
        grown = If(x == n % 9, grown, grown + 1)
    other = If(x == 8, grown, grown + 2)
    assert re.fullmatch(r"a term of [\d,]+ parts, SHA-256 [0-9a-f]{16}", term_text(grown))
    assert term_text(other) != term_text(If(x == 8, grown, grown + 3))
    assert len(term_text(x + 1)) < MOST
