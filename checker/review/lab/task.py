"""The questions of the fix lab, and their answers as JSON values, for the cache and other processes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from planrace.checker.results.fixes import EverySizeVerdict, FixPoint, Names, PointVerdict, ToldStep
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Variant


@dataclass(frozen=True)
class LabTask:
    """A point to be decided. ``whole``: these are all properties that a check asks about. ``told``: with
    counterexamples in words, and what they leave open. ``first``: stop at the first violation, which leaves the other
    properties unknown. ``every_size``: by proofs instead of search, for at most ``seconds``."""

    protections: Names
    faults: Names
    sizes: tuple[tuple[str, int | str], ...]
    properties: Names
    whole: bool = False
    told: bool = False
    first: bool = False
    every_size: bool = False
    seconds: float | None = None


def delta(variant: Variant, protections: Names) -> dict[str, list[str]]:
    """Which protections are added to a variant and removed from it."""
    own = variant.protections
    return {
        "with_protections": [p for p in protections if p not in own],
        "without": [p for p in own if p not in protections],
    }


def command(name: str, variant: Variant, task: LabTask) -> str:
    """The command that decides a point anew."""
    words = ["check", *(["prove"] if task.every_size else []), "-p", name]
    words += [w for n, v in task.sizes for w in ("-s", f"{n}={v}")]
    changed = delta(variant, task.protections)
    for flag, names in (("--with", changed["with_protections"]), ("--without", changed["without"])):
        words += [w for n in names for w in (flag, n)]
    words += [w for f in task.faults for w in ("--fault", f)]
    words += ["--infer"] if task.every_size else []
    return shlex.join(words + [w for p in task.properties if not task.whole for w in ("--property", p)])


def to_json(found: FixPoint | tuple[EverySizeVerdict, ...], again: str = "") -> dict[str, Any]:
    """An answer as JSON values; ``again`` is the command of proofs."""
    if isinstance(found, tuple):
        return {"every_size": [{**asdict(v), "verdict": v.verdict.word} for v in found], "command": again}
    verdicts = [{**asdict(v), "verdict": v.verdict.word} for v in found.verdicts]
    return {**asdict(found), "verdicts": verdicts, "parameters": dict(found.parameters)}


def point_from(data: Mapping[str, Any]) -> FixPoint:
    """A point that ``to_json`` wrote. Raises ``LookupError`` or ``TypeError`` if it is none."""
    verdicts = tuple(
        PointVerdict(
            **{
                **v,
                "verdict": Verdict.named(v["verdict"]),
                "acts": tuple(v["acts"]),
                "steps": tuple(ToldStep(**{**s, "sees": tuple(s["sees"])}) for s in v["steps"]),
            }
        )
        for v in data["verdicts"]
    )
    names = {n: tuple(data[n]) for n in ("protections", "faults")}
    return FixPoint(**{**data, **names, "verdicts": verdicts})


def proofs_from(data: Mapping[str, Any]) -> tuple[EverySizeVerdict, ...]:
    """Verdicts for every size that ``to_json`` wrote."""
    return tuple(EverySizeVerdict(**{**v, "verdict": Verdict.named(v["verdict"])}) for v in data["every_size"])
