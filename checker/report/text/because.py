"""Why a run violates a property, in one or two sentences."""

from __future__ import annotations

import re

from planrace.checker.report.text.continuations import continued
from planrace.checker.results.explanation import Causes, Delay
from planrace.checker.results.report import Finding, Others
from planrace.checker.results.trace import Trace, TraceStep
from planrace.checker.results.wording import counted, joined

FEW = 3
"""The most places that are named."""


def because(causes: Causes, trace: Trace) -> str:
    """The chain of races and what would prevent the violation; or the unchecked places if no order decides."""
    if not causes.chain:
        return " ".join(filter(None, (_unchecked(causes, trace), _needs(causes, trace), _delay(causes.delay))))
    chain = " before ".join(f"{_short(trace.steps[n - 1])} (step {n})" for n in causes.chain)
    second = causes.chain[1]
    first = f"if step {second} came before step {causes.chain[0]}, {causes.property} would hold"
    return " ".join(filter(None, (f"Cause: {chain}; {first}.", _needs(causes, trace), _delay(causes.delay))))


def _unchecked(causes: Causes, trace: Trace) -> str:
    """The guard that misses a check, if no order of two steps decides."""
    if len({s.by for s in trace.steps}) < 2:
        return ""
    nothing = f"No order of two steps decides {causes.property}"
    if not causes.unchecked:
        return f"{nothing}."
    blind = causes.unchecked_by or len(trace)
    which = f"step {blind}" if blind == len(trace) else f"step {blind}, which enables step {len(trace)}"
    some = joined([*causes.unchecked[:FEW], *(["others"] if len(causes.unchecked) > FEW else [])])
    return f"{nothing}: {trace.steps[blind - 1].action} ({which}) never checks {some}, which the property reads."


def others_text(others: Others) -> list[str]:
    """A sentence for each counterexample with other races."""
    return [f"In {counted(len(trace), 'step')}. {because(why, trace)}" for trace, why in others.runs]


def finding_because(f: Finding) -> str:
    """The sentence for a finding, if there is one."""
    if f.trace is None or f.insight is None or f.insight.causes is None:
        return ""
    return because(f.insight.causes, f.trace)


def why(f: Finding) -> str:
    """The text after the run of a finding: its continuation and its cause."""
    return " ".join(filter(None, (continued(f), finding_because(f))))


def _short(step: TraceStep) -> str:
    """The performer and the text of a step up to the first semicolon or colon."""
    text = re.split(r"[;:]", step.text, maxsplit=1)[0]
    return f"{step.by} {text}"


def _needs(causes: Causes, trace: Trace) -> str:
    """A sentence about the steps that can be left out; empty if there are none."""
    free = [n for n in range(1, len(trace) + 1) if n not in causes.needed]
    if not free:
        return ""
    word = "Step" if len(free) == 1 else "Steps"
    return f"{word} {ranges(free)} can be left out."


def ranges(numbers: list[int]) -> str:
    """Ascending numbers as ranges: 1, 3–5."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs)


def _delay(delay: Delay | None) -> str:
    if delay is None:
        return ""
    what = ", ".join(f"{n} × {action}" for action, n in delay.steps.items()) or "nothing"
    return f"The least delay: {delay.who} sleeps through {what} ({delay.how})."
