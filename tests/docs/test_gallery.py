"""The gallery: verdicts, shortest counterexamples and counts, pinned; engines agree; published counts are met."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from planrace.checker import Options, Report, check, find, instance_of, prove, render
from planrace.model.language import Changes, Instance, Protocol, changed
from planrace.properties import Liveness, Recoverability
from tests import ROOT, naive
from tests.docs.test_docs import blocks


@dataclass(frozen=True)
class Pinned:
    """Verdict and length of every property in ``protocol``, states and transitions of ``protocol`` and ``fixed``, and
    words of the last step of the counterexample."""

    verdicts: dict[str, tuple[str, int | None]]
    broken: tuple[int, int]
    fixed: tuple[int, int]
    ends: str
    faults: tuple[str, ...] = field(default=())
    repaired: dict[str, int] = field(default_factory=dict)
    """Lengths that differ in ``fixed``."""

    @property
    def violated(self) -> str:
        return next(n for n, (word, _) in self.verdicts.items() if word == "violated")


PINNED = {
    "addresses": Pinned(
        {"machines-are-reached": ("violated", 5), "routes-are-removed": ("holds", 4)},
        (24, 53),
        (7, 8),
        "agent removes the route to address 1",
    ),
    "autoscaler": Pinned(
        {"pods-have-nodes": ("violated", 5), "nodes-are-removed": ("holds", 3)},
        (300, 904),
        (280, 820),
        "autoscaler removes node 1",
        repaired={"nodes-are-removed": 4},
    ),
    "blue_green": Pinned(
        {"live-release-exists": ("violated", 8), "old-releases-are-deleted": ("holds", 6)},
        (199, 472),
        (149, 335),
        "collector deletes releases 1",
    ),
    "broker": Pinned(
        {"no-message-is-lost": ("violated", 5), "messages-are-deleted": ("holds", 6)},
        (495, 958),
        (421, 832),
        "worker 1 confirms number 1",
    ),
    "failover": Pinned(
        {"told-is-there": ("violated", 4), "primaries-change": ("holds", 4)},
        (360, 1428),
        (240, 894),
        "monitor makes replica 2 the primary",
        repaired={"primaries-change": 5},
    ),
    "finalizers": Pinned(
        {
            "live-objects-have-data": ("violated", 9),
            "nobody-deletes-what-lives": ("violated", 9),
            "nothing-is-left": ("holds", None),
            "deletions-end": ("holds", None),
            "objects-are-replaced": ("holds", 7),
        },
        (37, 54),
        (30, 44),
        "API server deletes the claim of web, which is that of UID 2",
        ("loss", "resend"),
    ),
    "lease": Pinned(
        {"no-write-is-undone": ("violated", 7), "writes-are-stored": ("holds", 3)},
        (666, 2178),
        (666, 2178),
        "storage stores the write of worker 1 under token 1",
        ("crash",),
    ),
    "peterson": Pinned(
        {
            "one-inside": ("violated", 8),
            "process-1-gets-in": ("holds", None),
            "process-2-gets-in": ("holds", None),
            "somebody-is-inside": ("holds", 4),
        },
        (50, 96),
        (34, 62),
        "process 1 finds the gate open and goes in",
    ),
    "registry": Pinned(
        {"images-are-whole": ("violated", 5), "garbage-is-deleted": ("holds", 4)},
        (143, 289),
        (76, 155),
        "collector deletes layer 1 if it is there",
    ),
    "resolver": Pinned(
        {
            "back-in-time": ("violated", 5),
            "back-some-time": ("holds", None),
            "outages-are-seen": ("holds", 2),
        },
        (274, 540),
        (118, 273),
        "time passes by a tick",
        ("restart",),
    ),
    "rollout": Pinned({"active-is-stored": ("violated", 7)}, (54, 205), (51, 147), "worker 1 makes version 1 active"),
    "sessions": Pinned(
        {
            "workers-are-found": ("violated", 8),
            "entries-go-with-sessions": ("holds", None),
            "workers-come-back": ("holds", 6),
        },
        (74, 162),
        (63, 135),
        "registry ends session 1, and removes what was entered under it",
    ),
    "two_phase_commit": Pinned(
        {"all-or-none": ("violated", 9), "commits-happen": ("holds", 8)},
        (459, 1709),
        (288, 761),
        "manager 2 has waited for a decision long enough and aborts",
        ("restart",),
    ),
}
BOTH = [(e, a) for e in PINNED for a in ("protocol", "fixed")]


def name(example: str, attribute: str) -> str:
    return f"{ROOT / 'examples' / example}.py:{attribute}"


def whole(engine: str = "auto") -> Options:
    return Options(engine=engine, exhaustive=True, slicing=False, symmetry=False)


def verdicts(report: Report) -> dict[str, tuple[str, int | None]]:
    return {f.name: (f.verdict.word, f.depth) for f in report.findings}


def counts(report: Report) -> tuple[int, int]:
    assert report.exploration is not None
    return report.exploration.states, report.exploration.transitions


# What each file promises ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("example", PINNED)
def test_the_bug_is_found(example: str) -> None:
    pinned = PINNED[example]
    report = check(name(example, "protocol"))
    assert verdicts(report) == pinned.verdicts
    told = " ".join(render(report).split())
    assert f"> {pinned.verdicts[pinned.violated][1]}. {pinned.ends}" in told


@pytest.mark.parametrize("example", PINNED)
def test_the_repair_holds_whatever_fails(example: str) -> None:
    for faults in ((), PINNED[example].faults):
        report = check(name(example, "fixed"), faults=faults, options=whole())
        assert report.verdict.word == "holds"
        assert not [w for w in report.warnings if w.strict]


@pytest.mark.parametrize(("example", "attribute"), BOTH)
def test_counts_are_those_of_a_naive_search(example: str, attribute: str) -> None:
    pinned = PINNED[example]
    found = naive.search(instance_of(name(example, attribute)))
    assert (found.states, found.transitions) == (pinned.broken if attribute == "protocol" else pinned.fixed)
    lengths = {n: length for n, (_, length) in pinned.verdicts.items() if length is not None}
    if attribute == "fixed":
        kept = {n: length for n, length in lengths.items() if pinned.verdicts[n][0] != "violated"}
        lengths = {**kept, **pinned.repaired}
    assert found.shortest == lengths
    for engine in ("explicit", "native"):
        report = check(name(example, attribute), options=whole(engine))
        assert counts(report) == (found.states, found.transitions), engine
        assert {f.name: f.depth for f in report.findings if f.depth is not None} == lengths, engine


@pytest.mark.parametrize("example", PINNED)
def test_bounded_search_finds_the_bug_where_it_is_and_no_sooner(example: str) -> None:
    pinned = PINNED[example]
    _, length = pinned.verdicts[pinned.violated]
    assert length is not None
    asked = Options(engine="bmc", properties=(pinned.violated,))
    words = [
        verdicts(check(name(example, attribute), options=replace(asked, depth=depth)))[pinned.violated]
        for attribute, depth in (("protocol", length), ("protocol", length - 1), ("fixed", length))
    ]
    assert words == [("violated", length), ("unknown", None), ("unknown", None)]


@pytest.mark.parametrize("example", PINNED)
def test_the_repair_is_proved_for_every_size(example: str) -> None:
    proved = prove(name(example, "fixed"))
    assert proved.verdict.word == "holds"
    assert proved.every_size
    broken = prove(name(example, "protocol"), properties=[PINNED[example].violated])
    assert broken.verdict.word == "violated"


def test_bounded_search_decides_what_comes_to_an_end() -> None:
    asked = Options(engine="bmc", depth=21)  # blue/green ends after 20
    decided = {e for e in PINNED if check(name(e, "fixed"), options=asked).verdict.word == "holds"}
    assert decided == {"two_phase_commit", "blue_green", "broker", "sessions"}


@pytest.mark.parametrize("engine", ["induction", "spacer"])
@pytest.mark.parametrize("example", PINNED)
def test_solvers_decide_the_repair_at_one_size(example: str, engine: str) -> None:
    """docs/gallery.md says so: its safety, and what is reachable."""
    declared = find(name(example, "fixed")).system().properties
    asked = tuple(p.name for p in declared if not isinstance(p, Liveness | Recoverability))
    assert check(name(example, "fixed"), options=Options(engine=engine, properties=asked)).verdict.word == "holds"


HALVES = {"addresses": 7, "autoscaler": 6, "broker": 5, "failover": 5, "registry": 5, "sessions": 9}
INCIDENTS = {
    "addresses": "cut-off",
    "autoscaler": "pod-lost",
    "broker": "message-lost",
    "failover": "write-lost",
    "registry": "image-lost",
    "sessions": "not-found",
}


@pytest.mark.parametrize(("example", "length"), HALVES.items())
def test_half_a_repair_fails(example: str, length: int) -> None:
    report = check(name(example, "half"))
    assert verdicts(report)[PINNED[example].violated] == ("violated", length)


@pytest.mark.parametrize(
    ("example", "alone", "length"),
    [
        ("addresses", "not-listed", 5),
        ("addresses", "not-in-clean-up", 5),
        ("failover", "most-copies", 5),
        ("failover", "most-known", 4),
    ],
)
def test_neither_part_of_a_repair_is_enough(example: str, alone: str, length: int) -> None:
    """Those of the autoscaler and the registry are in ``tests/programs/test_incidents.py``."""
    report = check(name(example, "protocol"), with_protections=[alone])
    assert verdicts(report)[PINNED[example].violated] == ("violated", length)


@pytest.mark.parametrize(("example", "scenario"), INCIDENTS.items())
def test_the_incident_is_shown_in_full(example: str, scenario: str) -> None:
    """By the shortest counterexample of the protocol as it was; no run of the repair shows it."""
    told = " ".join(render(check(name(example, "protocol"))).split())
    assert f"Match of this trace with the {scenario}: shows it in full" in told
    asked = Options(scenario=scenario)
    shown = [verdicts(check(name(example, a), options=asked))[scenario] for a in ("protocol", "fixed")]
    assert shown[0] == ("holds", PINNED[example].verdicts[PINNED[example].violated][1])
    assert shown[1][0] == "violated"


# What one file has that others have not -------------------------------------------------------------------------
def loose(change: Changes) -> None:
    """The guards of TwoPhase.tla, where a message that changes nothing may be received again."""
    variables = {v.name: v.term for v in find(name("two_phase_commit", "fixed")).system().variables}
    change.guard("hear_commit", lambda _: variables["commit"])
    change.guard("hear_abort", lambda _: variables["abort"])
    change.guard("count_vote", lambda m: (variables["decision"] == OPEN) & m.isin(variables["prepared"]))


OPEN = find(name("two_phase_commit", "fixed")).protocol.variables["decision"].initially


def test_two_phase_commit_has_the_counts_that_tlc_has() -> None:
    """``manifest.json`` beside TwoPhase.tla in github.com/tlaplus/Examples: 288 distinct states, 1146 generated (with
    the first one), depth 11 (in states)."""
    system = changed(find(name("two_phase_commit", "fixed")).system(), loose)
    found = naive.search(system.instance(managers=3), [])
    assert (found.states, found.transitions + 1, found.depth + 1) == (288, 1146, 11)


@pytest.mark.parametrize(("managers", "states"), [(4, 1568), (5, 8832), (6, 50816)])
def test_two_phase_commit_of_more_managers(managers: int, states: int) -> None:
    """Six managers: the last comment in TwoPhase.tla; five: ``examples/2pc.rs`` of Stateright. Four are not counted in
    either repository; that is our own, between two that are published."""
    report = check(name("two_phase_commit", "fixed"), {"managers": managers}, options=whole())
    assert counts(report)[0] == states


def test_the_blue_green_repair_holds_at_a_larger_size() -> None:
    assert check(name("blue_green", "fixed"), {"deployers": 3, "releases": 5}).verdict.word == "holds"


def test_a_decision_must_not_be_forgotten() -> None:
    report = check(name("two_phase_commit", "fixed"), faults=["amnesia"])
    assert verdicts(report)["all-or-none"] == ("violated", 11)


def test_finding_claims_by_uid_is_not_enough_where_a_deletion_comes_twice() -> None:
    def found(*faults: str) -> tuple[str, int | None]:
        report = check(name("finalizers", "protocol"), faults=faults, with_protections=["list-by-uid"])
        return verdicts(report)["live-objects-have-data"]

    assert found() == found("loss") == ("holds", None)
    assert found("resend") == ("violated", 8)


@pytest.mark.parametrize(("negative", "word"), [(1, "holds"), (2, "holds"), (3, "violated"), (15, "violated")])
def test_clients_are_back_in_time_if_the_zone_lets_them(negative: int, word: str) -> None:
    report = check(name("resolver", "protocol"), {"negative": negative, "patience": 2})
    assert verdicts(report)["back-in-time"][0] == word


def test_a_steady_resolver_keeps_addresses_until_it_restarts() -> None:
    assert check(name("resolver", "steady")).verdict.word == "holds"
    restarted = check(name("resolver", "steady"), faults=["restart"])
    assert verdicts(restarted)["addresses-stay"] == ("violated", 2)


def test_one_takeover_is_delay_enough_to_undo_a_write() -> None:
    report = check(name("lease", "protocol"), options=Options(least_delay=True))
    insight = next(f.insight for f in report.findings if f.name == "no-write-is-undone")
    assert insight is not None
    assert insight.causes is not None
    assert insight.causes.delay is not None
    assert insight.causes.delay.steps == {"acquire": 1}


# The page about them ---------------------------------------------------------------------------------------------
def test_the_table_on_the_page_says_what_is_pinned() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text()
    rows = re.findall(r"^\| \[.*?\]\(#(\w+?)py-.*?\) \| (\d+) steps \| ([\d,]+), ([\d,]+) \|", page, re.MULTILINE)
    said = {e: (int(steps), int(s.replace(",", "")), int(t.replace(",", ""))) for e, steps, s, t in rows}
    assert said == {e: (p.verdicts[p.violated][1], *p.fixed) for e, p in PINNED.items()}


def test_every_example_is_here_and_on_the_page() -> None:
    there = {p.stem for p in (ROOT / "examples").glob("*.py")} - {"dns_processes"}  # docs/processes.md is about it
    page = (ROOT / "docs" / "gallery.md").read_text()
    assert there == set(PINNED)
    assert {*re.findall(r"^## (\w+)\.py: ", page, re.MULTILINE)} == there
    for example in there:
        source = (ROOT / "examples" / f"{example}.py").read_text()
        assert len(source.splitlines()) < 200
        assert f"$ check -p examples/{example}.py:protocol\n" in page
        assert isinstance(instance_of(name(example, "fixed")), Instance)


def test_the_readme_shows_an_example_that_is_there() -> None:
    names: dict[str, object] = {}
    for block in blocks("README.md", "python")[:2]:
        exec(compile(block, "README.md", "exec"), names)
    shown, there = names["protocol"], find(name("rollout", "protocol"))
    assert isinstance(shown, Protocol)
    for protections in ([], ["compare-again"]):
        ours, theirs = (check(p, with_protections=protections) for p in (shown, there))
        assert (verdicts(ours), counts(ours)) == (verdicts(theirs), counts(theirs))


def test_the_commands_in_the_docstrings_run() -> None:
    """Each names a protocol, faults and protections that exist."""
    for example in PINNED:
        source = (ROOT / "examples" / f"{example}.py").read_text()
        for words in (line.split() for line in source.splitlines() if line.startswith("    check ")):
            given = {o: [b for a, b in pairwise(words) if a == o] for o in ("--fault", "--with")}
            variant = find(name(example, words[words.index("-p") + 1].rpartition(":")[2]))
            assert variant.system(given["--fault"], given["--with"]).actions
