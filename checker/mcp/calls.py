"""The calls behind the tools: arguments in, text and JSON values out. They run in the worker process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, TypeAlias

from planrace.checker.api import calls as api
from planrace.checker.api.brief import brief, in_full
from planrace.checker.api.proofs import ProofRun
from planrace.checker.api.render import text_of
from planrace.checker.api.request import variant_for
from planrace.checker.api.walks import take_all, walk_json, walk_text
from planrace.checker.engines.limits import Listener, look_at_the_clock
from planrace.checker.engines.proof.obligations import RLIMIT
from planrace.checker.report.formats import select_trace
from planrace.checker.results.detail import Detail
from planrace.checker.results.report import Report
from planrace.checker.run.options import Options
from planrace.checker.run.walk import Walk

Given: TypeAlias = Mapping[str, Any]
Told: TypeAlias = tuple[str, dict[str, Any]]
"""The text of a result and its JSON values."""
Call: TypeAlias = Callable[[Given, Listener], Told]


def _list(given: Given, _: Listener) -> Told:
    return _told(api.listing(given["protocols"]))


def _check(given: Given, listener: Listener) -> Told:
    names = (
        "properties",
        "engine",
        "scenario",
        "fail_fast",
        "exhaustive",
        "symmetry",
        "normalise",
        "depth",
        "max_states",
        "seed",
        "runs",
        "time_limit",
    )
    options = Options(**{n: given[n] for n in names}, listener=listener)
    return _told(api.check(given["protocol"], **_choices(given), options=options))


def _prove(given: Given, listener: Listener) -> Told:
    work = ProofRun(
        None, confirm=False, time_limit=given["time_limit"], rlimit=RLIMIT, listening=lambda: nullcontext(listener)
    )
    report = work.prove(
        variant_for(given["protocol"], "prove"),
        properties=given["properties"],
        **_choices(given),
        infer=given["infer"],
    )
    return _told(report)


def _explain(given: Given, listener: Listener) -> Told:
    """The run of one property, with what explains it."""
    properties = () if given["property"] is None else (given["property"],)
    options = Options(listener=listener, properties=properties, explain=given["in_depth"])
    report = _report(given, options)
    name = select_trace(report, given["property"]).name
    of_it = tuple(f for f in report.findings if f.name == name)
    only = replace(report, findings=of_it, warnings=(), full_match=None) if of_it else report
    text = api.render(only, "text") if given["format"] == "text" else api.render(report, given["format"], trace=name)
    return text, in_full(only)


def _compare(given: Given, listener: Listener) -> Told:
    reports = [_report(given[side], Options(listener=listener)) for side in ("before", "after")]
    return _told(api.compare(*reports))


def _lint(given: Given, _: Listener) -> Told:
    found = api.lint(given["protocol"], **_choices(given))
    look_at_the_clock()  # if the time is up, the findings are incomplete
    return _told(found)


def _forecast(given: Given, _: Listener) -> Told:
    names = ("properties", "symmetry", "explain")
    seconds = min(15.0, given["time_limit"] / 2)
    return _told(api.forecast(given["protocol"], **_choices(given), **{n: given[n] for n in names}, seconds=seconds))


def _mutate(given: Given, listener: Listener) -> Told:
    names = ("properties", "max_states", "time_limit")
    options = Options(**{n: given[n] for n in names}, listener=listener)
    return _told(api.mutate(given["protocol"], **_choices(given), actions=given["actions"], options=options))


def _establish(given: Given, listener: Listener) -> Told:
    options = Options(max_states=given["max_states"], time_limit=given["time_limit"], listener=listener)
    names = ("at_least", "violated", "accepted", "every_size")
    asked = {n: given[n] for n in names}
    return _told(api.establish(given["protocol"], **_choices(given), **asked, options=options))


def _walk(given: Given, _: Listener) -> Told:
    walk = Walk(api.instance_of(given["protocol"], **_choices(given)), given["seed"])
    take_all(walk, given["steps"])
    walk.wander(given["random"])
    return walk_text(walk), walk_json(walk)


def _graph(given: Given, _: Listener) -> Told:
    found = brief(api.state_graph(given["protocol"], **_choices(given), max_states=given["max_states"]))
    return found["dot"], found


CALLS: Mapping[str, Call] = {
    "list": _list,
    "check": _check,
    "prove": _prove,
    "explain": _explain,
    "lint": _lint,
    "forecast": _forecast,
    "mutate": _mutate,
    "establish": _establish,
    "compare": _compare,
    "walk": _walk,
    "graph": _graph,
}


def _choices(given: Given) -> dict[str, Any]:
    """The choices for a protocol, as keyword arguments of our calls."""
    return {n: given[n] for n in ("parameters", "faults", "with_protections", "without")}


def _report(given: Given, options: Options) -> Report:
    """A report from a file, or of a protocol that is checked now."""
    if given["report"] is not None:
        return api.load(given["report"])
    return api.check(given["protocol"], **_choices(given), options=options)


def _told(result: api.Rendered) -> Told:
    return text_of(result, Detail.USUAL), brief(result)
