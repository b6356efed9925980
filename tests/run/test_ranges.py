"""Numbers that mean nothing, that no machine can hold to, or that are slips: refused with a sentence, first of all."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planrace import checker
from planrace.checker.cli.main import run
from planrace.checker.plugin.budget import CheckBudget
from planrace.checker.run.ranges import RANGES
from planrace.model.language import ModelError
from tests.counter import PROTOCOL

HUGE = "9" * 300
ABSURD = ["nan", "inf", "-inf", "-1", "1e300", HUGE, "", "0x10", "many"]
P = ["-p", "counter.py:fixed"]
NUMBERS = {
    "--depth": P,
    "--max-states": P,
    "--max-memory": P,
    "--time-limit": P,
    "--workers": P,
    "--shards": P,
    "--seed": [*P, "--engine", "simulate"],
    "--runs": [*P, "--engine", "simulate"],
    "--bit-array": [*P, "--engine", "bitstate"],
    "--hashes": [*P, "--engine", "bitstate"],
    "--with-alternatives": P,
    "prove --rlimit": P,
    "prove --time-limit": P,
    "graph --max-states": P,
    "graph --time-limit": P,
    "lint --time-limit": P,
    "walk --seed": P,
    "forecast --sample": P,
    "forecast --seconds": P,
    "forecast --node-memory": P,
    **{f"likelihood --{o}": P for o in ("max-states", "max-memory", "time-limit", "seed", "runs", "width")},
    **{f"postmortem --{o}": [*P, "facts.toml"] for o in ("max-states", "max-memory", "time-limit", "workers", "width")},
    **{f"sweep --{o}": P for o in ("depth", "max-states", "max-memory", "time-limit", "workers", "width")},
    **{f"costs --{o}": P for o in ("max-states", "max-memory", "time-limit", "workers", "width")},
    "mutate --at-least": P,
    "mutate --max-states": P,
    "mutate --max-memory": P,
    "mutate --time-limit": P,
    "mutate --workers": P,
    **{
        f"refine --{option}": ["--of", "counter.py:fixed", "--to", "design"]
        for option in ("depth", "max-states", "max-memory", "time-limit", "workers", "width")
    },
    "establish --at-least": P,
    "establish --max-states": P,
    "establish --max-memory": P,
    "establish --time-limit": P,
    "establish --workers": P,
    **{
        f"cover --{option}": [*P, "--on", "counter.py:Driver"]
        for option in (
            *(
                "at-least",
                "length",
                "pct-depth",
                "max-states",
                "max-steps",
                "reset-cost",
                "seed",
                "start",
                "time-limit",
                "width",
            ),
        )
    },
    **{
        f"replay --{option}": ["report.json", "--on", "counter.py:Driver"]
        for option in ("loops", "time-limit", "width")
    },
    **{
        f"conform --{option}": [*P, "run.jsonl"]
        for option in ("hidden", "max-width", "time-limit", "uncertainty", "width")
    },
    **{f"conform --{option}": [*P, "run.jsonl", "--follow"] for option in ("lag", "patience")},
    **{
        f"export --{option}": [*P, "--to", "log"]
        for option in ("drop", "first", "last", "length", "seed", "skew", "time-limit")
    },
    **{f"import --{o}": [*P, "run.txt"] for o in ("time-limit", "width")},
    **{f"crosscheck --{o}": P for o in ("max-states", "max-memory", "time-limit", "width")},
    **{
        f"matrix --{option}": P
        for option in ("fault-sets", "max-set", "max-states", "proof-time", "time-limit", "width", "workers")
    },
    "baseline save --max-states": P,
    "baseline save --max-memory": P,
    "baseline save --time-limit": P,
    "baseline save --workers": P,
    "baseline compare --max-memory": [],
    "baseline compare --time-limit": [],
    "baseline compare --workers": [],
    **{f"{command} --width".strip(): P for command in ("", "prove", "lint", "forecast", "mutate", "establish")},
    "explain --width": ["report.json"],
    "compare --width": ["before.json", "after.json"],
    "baseline compare --width": [],
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("counter.py").write_text(PROTOCOL, encoding="utf-8")


def fixed() -> Any:
    return checker.find("counter.py:fixed")


@pytest.mark.parametrize("option", NUMBERS)
def test_the_command_refuses_numbers_that_are_none(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    *command, name = option.split()
    for value in ABSURD:
        assert run([*command, *NUMBERS[option], f"{name}={value}"]) == 2
        err = capsys.readouterr().err.strip()
        sentence = err.splitlines()[-1]
        assert name in sentence or "memory" in sentence
        assert any(word in sentence for word in ("from", "range", "write", "more memory than any machine has"))
        assert len(sentence) < 300
        assert "Traceback" not in err


def test_every_number_of_every_command_is_in_a_table() -> None:
    import click

    from planrace.checker.cli.app import app
    from planrace.checker.cli.values import Memory, NumberType

    def options(group: click.Group, above: str) -> set[str]:
        found = set()
        for name, command in [("", group), *group.commands.items()]:
            if isinstance(command, click.Group) and name:
                found |= options(command, f"{above}{name} ")
                continue
            for p in command.params:
                assert not isinstance(p.type, click.types.IntParamType | click.types.FloatParamType), p.name
                if isinstance(p.type, NumberType | Memory):
                    found.add(f"{above}{name} {p.opts[0]}".strip())
        return found

    assert options(app, "") == set(NUMBERS)


def test_more_threads_than_help_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*P, "--workers", "1000"]) == 2
    assert "'1000' is not in the range 1…" in capsys.readouterr().err
    assert run([*P, "--engine", "native", "--workers", str(RANGES["workers"].high)]) == 0


def test_messages_name_the_number_of_the_user(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*P, "--time-limit", "0"]) == 3
    assert "the time limit of 0 s was reached" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("value", ["99999999999999999999", "-1", HUGE])
def test_sizes_out_of_range(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ([], ["prove"], ["lint"], ["graph"], ["forecast"], ["mutate"], ["walk"], ["baseline", "save"]):
        assert run([*command, *P, "-s", f"workers={value}"]) == 2
        err = capsys.readouterr().err
        assert "out of range" in err or "leaves its range" in err or "1…5" in err


@pytest.mark.parametrize("name", ["", "x" * 300, "x/" * 200 + "x", "a\nb", "a,b"])
def test_names_that_are_none(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("planrace.baseline").write_text("planrace baseline 1\n", encoding="utf-8")
    asked = [["-p", name], ["-p", f"{name}.py:x"], ["-p", f"{name}:x"], ["-p", f"counter.py:{name}"]]
    asked += [["list", "-p", name], ["explain", name], ["compare", name, name], [*P, "--beside", name]]
    asked += [[*P, o, name] for o in ("--fault", "--with", "--property", "--scenario", "--engine", "--format")]
    asked += [["walk", *P, "--replay", name], ["baseline", "compare", "--only", name], ["mutate", *P, "--action", name]]
    for arguments in asked:
        assert run(arguments) == 2, arguments
        assert "Traceback" not in capsys.readouterr().err


def test_an_unknown_trace_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    run(["-p", "counter.py:protocol", "-o", "json:r.json"])
    for form in ("text", "json", "html", "mermaid"):
        assert run(["explain", "r.json", "--trace", "no-such", "--format", form]) == 2
        assert "there is no trace called 'no-such'" in capsys.readouterr().err
    assert run(["explain", "r.json", "--trace", "all-counted"]) == 0
    assert run(["walk", *P, "--trace", "all-counted"]) == 2
    assert "--replay" in capsys.readouterr().err


# From Python -----------------------------------------------------------------------------------------------------
WRONG: list[tuple[str, object]] = [
    ("time_limit", math.nan),
    ("time_limit", math.inf),
    ("time_limit", -1.0),
    ("time_limit", "60"),
    ("time_limit", True),
    ("depth", -1),
    ("depth", 2.5),
    ("max_states", 0),
    ("max_memory", 10**300),
    ("workers", 0),
    ("workers", 1000),
    ("seed", -1),
    ("runs", 0),
    ("alternatives", 7),
    ("depth", 10**5000),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda x: str(x)[:12] if not isinstance(x, int) else "n")
def test_python_refuses_them_at_the_line_of_the_call(name: str, value: Any) -> None:
    subject = fixed()
    with pytest.raises(ModelError, match=f"{name}=") as problem:
        checker.check(subject, **{name: value})
    assert problem.value.where is not None
    assert Path(problem.value.where.file).name == "test_ranges.py"
    with pytest.raises(ModelError, match=f"{name}="):
        checker.Options(**{name: value})


CALLS: dict[str, Callable[[], object]] = {
    "prove seconds": lambda: checker.prove(fixed(), time_limit=math.nan),
    "prove rlimit": lambda: checker.prove(fixed(), rlimit=0),
    "matrix seconds": lambda: checker.matrix(fixed(), time_limit=-1),
    "forecast sample": lambda: checker.forecast(fixed(), sample=1),
    "forecast seconds": lambda: checker.forecast(fixed(), seconds=math.inf),
    "forecast node_memory": lambda: checker.forecast(fixed(), node_memory=0),
    "state_graph most": lambda: checker.state_graph(fixed(), max_states=0),
    "check size": lambda: checker.check(fixed(), workers=10**5000),
    "save_baseline states": lambda: checker.save_baseline("b", "counter.py:fixed", max_states=-5),
}


@pytest.mark.parametrize("call", CALLS)
def test_other_calls_refuse_them_too(call: str) -> None:
    with pytest.raises(ModelError) as problem:
        CALLS[call]()
    assert problem.value.where is not None
    assert Path(problem.value.where.file).name == "test_ranges.py"


# Budgets of tests ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [HUGE, f"5,{HUGE}", f"5,{'9' * 5000}", "40000000"])
def test_budgets_that_nothing_can_hold_to(text: str) -> None:
    with pytest.raises(ValueError, match=r"in the ini file: .* is not a budget; for s.*, write one from"):
        CheckBudget.parsed(text, "model_check_budget in the ini file")


@pytest.mark.parametrize("given", [{"seconds": math.inf}, {"seconds": math.nan}, {"states": 10**400}, {"states": 2.0}])
def test_markers_that_are_no_budget(given: dict[str, Any], request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.model_check(**given))
    with pytest.raises(ValueError, match=r"the marker model_check\(.*\) is not a budget") as problem:
        CheckBudget().marked(request.node)
    assert len(str(problem.value)) < 200
