"""What the help says of each command: its line in ``check --help``, and examples."""

from __future__ import annotations

from collections.abc import Mapping

from planrace.checker.cli.help import Page, Purpose

PAGES: Mapping[str, Page] = {
    "check": Page(
        examples=(
            ("check -p original", "find the outage of 20 October 2025"),
            ("check -p mine.py:protocol", "check your own protocol"),
            ("check", "run the checks that pyproject.toml names"),
        )
    ),
    "init": Page(
        Purpose.START,
        "Write a protocol, its test and its checks to begin with.",
        (
            ("check init my-protocol", "in a new folder"),
            ("check init", "in this one"),
        ),
    ),
    "prove": Page(
        Purpose.VERIFY,
        "Prove properties for every size, or refute them.",
        (
            ("check prove -p fixed", "prove, and tell under which faults"),
            ("check prove -p mine.py:protocol --infer --as-python", "find lemmas to paste"),
            ("check prove --all", "decide every set of protections and faults"),
        ),
    ),
    "refine": Page(
        Purpose.VERIFY,
        "Is every step a step of a more abstract protocol?",
        (
            ("check refine --of mine.py:protocol --to design", "the first step that leaves the design"),
            ("check refine --of mine.py:fixed --to design --engine proof", "proved for every size"),
        ),
    ),
    "establish": Page(
        Purpose.VERIFY,
        "A gate: is the protocol decided, well specified, alive?",
        (
            ("check establish -p mine.py:fixed", "all conditions, 80 % of the mutants noticed"),
            ("check establish -p mine.py:fixed --at-least 95 --every-size", "ask for more"),
        ),
    ),
    "forecast": Page(
        Purpose.VERIFY,
        "Forecast states, time and memory of a search.",
        (("check forecast -p fixed -s enactors=5", "how long would it take?"),),
    ),
    "likelihood": Page(
        Purpose.VERIFY,
        "Compute how likely a violation is, from rates.",
        (
            ("check likelihood -p original -s plans=3 --rate publish=2/min", "with one rate, the others invented"),
            ("check likelihood -p mine.py:protocol --rates rates.toml --within 24h", "with your rates"),
        ),
    ),
    "list": Page(
        Purpose.UNDERSTAND,
        "List protocols and what can be chosen for them.",
        (
            ("check list", "our protocols and all engines"),
            ("check list -p mine.py", "every protocol of a file"),
            ("check list -p mine.py --steps", "its steps: what is atomic, and where"),
        ),
    ),
    "explain": Page(
        Purpose.UNDERSTAND,
        "Show a saved report or run in another form.",
        (
            ("check explain report.json", "the text of a report"),
            ("check explain report.json --format html:run.html", "a page to walk through its runs"),
            ("check explain report.json --trace record-never-empty --format mermaid", "one run as a diagram"),
        ),
    ),
    "walk": Page(
        Purpose.UNDERSTAND,
        "Walk through a protocol by hand.",
        (
            ("check walk -p original", "take steps one by one"),
            ("check walk -p original --replay report.json", "begin with a run that was found"),
        ),
    ),
    "graph": Page(
        Purpose.UNDERSTAND,
        "Draw all states of a small instance.",
        (("check graph -p mine.py:protocol -s workers=2 -o states.dot", "for Graphviz"),),
    ),
    "compare": Page(
        Purpose.UNDERSTAND,
        "Compare two reports or saved runs.",
        (
            ("check compare before.json after.json", "verdicts, counts and runs that differ"),
            ("check compare before.json after.json --format markdown", "for a comment on a pull request"),
        ),
    ),
    "lint": Page(
        Purpose.FIX,
        "Find what the author of a model may have overlooked.",
        (
            ("check lint -p mine.py:protocol", "one message for each finding"),
            ("check lint -p mine.py:protocol --strict", "for CI: exit 1 if there is one"),
        ),
    ),
    "costs": Page(
        Purpose.FIX,
        "Measure what each protection costs.",
        (
            ("check costs -p original -s enactors=2 -s endpoints=1", "with each protection"),
            ("check costs -p fixed --no-each", "of these protections together"),
        ),
    ),
    "matrix": Page(
        Purpose.FIX,
        "Which protections suffice, which do not, and why.",
        (
            ("check matrix -p original", "of the outage: all ideas, and all sets of up to three"),
            ("check matrix -p mine.py:protocol --property safe -v", "what keeps one property, with every run"),
            ("check matrix -p original --format html:fixes.html", "a page for the design review"),
        ),
    ),
    "sweep": Page(
        Purpose.FIX,
        "Check at many sizes: thresholds, and laws of lengths.",
        (
            ("check sweep -p original -s enactors=2 -s endpoints=1 -s plans=6 -s keep=1..4", "a table"),
            ("check sweep -p mine.py:protocol -s workers=1..9 --bisect workers", "where the verdict changes"),
        ),
    ),
    "mutate": Page(
        Purpose.FIX,
        "Find behaviour that no property checks.",
        (
            ("check mutate -p mine.py:fixed -s workers=2", "change the model in every small way"),
            ("check mutate -p mine.py:fixed --at-least 90", "for CI: exit 1 below 90 %"),
        ),
    ),
    "cover": Page(
        Purpose.CONNECT,
        "Perform every transition of the model on your code.",
        (
            ("check cover -p mine.py:protocol --on driver.py:Driver", "and compare after every step"),
            ("check cover -p mine.py:protocol --on driver.py:Driver --criterion pairs", "all pairs of steps"),
            ("check cover -p mine.py:protocol --on driver.py:Driver --time-limit 60", "for CI: what a minute allows"),
            ("check cover -p mine.py:protocol --on driver.py:Driver -o junit:cover.xml", "and its test report"),
            ("check cover -p mine.py:protocol --on driver.py:Driver --schedule pct", "races, in a model of any size"),
        ),
    ),
    "replay": Page(
        Purpose.CONNECT,
        "Perform a counterexample on your system.",
        (
            ("check replay report.json --on driver.py:Driver", "does the system do it too?"),
            ("check replay report.json --on driver.py:Driver --trace NAME", "the run of this property"),
            (
                "check replay outage.json --on dns:bind --then 'flip_alias[refused]'",
                "on BIND, and on to a refused flip",
            ),
        ),
    ),
    "export": Page(
        Purpose.CONNECT,
        "Write a run as a log, or a protocol for SPIN.",
        (
            ("check export run.json --to log -o logs/", "of a counterexample: a file for each process"),
            ("check export -p mine.py:protocol --to log --length 1000 --seed 1", "of a random run"),
            ("check export -p mine.py:protocol --to log --skew 2 --hide crash", "clocks are wrong, crashes unlogged"),
            ("check export -p mine.py:protocol --to promela -o mine.pml", "the protocol as a model for SPIN"),
            ("check export -p mine.py:protocol --to quint -o mine.qnt", "the protocol in Quint"),
        ),
    ),
    "import": Page(
        Purpose.CONNECT,
        "Explain a run that another checker found, or translate TLA+.",
        (
            ("check import run.txt -p mine.py:protocol", "what spin -t -p prints, with the sizes of the export"),
            ("check import mine.pml.trail -p mine.py:protocol -s workers=3", "a trail, if SPIN is installed"),
            ("check import run.txt -p mine.py:protocol --format html:run.html", "a page to walk through it"),
            ("check import Spec.tla --cfg Spec.cfg -o spec.py", "a specification in TLA+ as a protocol"),
        ),
    ),
    "crosscheck": Page(
        Purpose.VERIFY,
        "Does another checker find the same?",
        (("check crosscheck -p mine.py:protocol", "states, transitions and verdicts in SPIN, compared exactly"),),
    ),
    "conform": Page(
        Purpose.CONNECT,
        "Find the run of the model that logs tell.",
        (
            ("check conform -p mine.py:protocol a.jsonl b.jsonl", "one stream a file; which run explains them?"),
            ("check conform -p mine.py:protocol all.jsonl --uncertainty 0.05", "clocks are wrong by up to 50 ms"),
            ("check conform -p mine.py:protocol all.jsonl --hidden 0", "every step is in the logs"),
            ("check conform -p mine.py:protocol my.log --mapping my.toml", "logs of another form"),
        ),
    ),
    "mcp": Page(
        Purpose.CONNECT,
        "Serve these commands as tools for agents.",
        (("check mcp", "as an MCP client starts it (docs/agents.md)"),),
    ),
    "postmortem": Page(
        Purpose.UNDERSTAND,
        "Find the run that shows the facts of an incident.",
        (
            ("check postmortem facts.toml -p mine.py:protocol", "the shortest, and what would have prevented it"),
            ("check postmortem facts.toml -p mine.py:fixed", "what is still possible, and what is not"),
            ("check postmortem facts.toml -p mine.py:protocol -o html:incident.html", "a page to publish"),
        ),
    ),
    "baseline": Page(
        Purpose.SHARE,
        "Keep results in the repository; report what changes.",
        (
            ("check baseline save -p mine.py:fixed", "write them into planrace.baseline"),
            ("check baseline compare", "check again, and report changes"),
        ),
    ),
    "baseline save": Page(
        line="Check a protocol and write an entry into the file.",
        examples=(
            ("check baseline save -p mine.py:fixed -s workers=3", "a new entry, or a new result of it"),
            ("check baseline save", "update every entry"),
        ),
    ),
    "baseline compare": Page(
        line="Check every entry again and report what changed.",
        examples=(
            ("check baseline compare", "planrace.baseline in this folder"),
            ("check baseline compare --format markdown", "for a comment on a pull request"),
        ),
    ),
}
"""By the name of the command."""
