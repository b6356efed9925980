"""``check prove``: proofs for every size, the table for ``--all``, and obligations as files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import click

from planrace.checker.api.proofs import ProofRun
from planrace.checker.api.request import variant_for
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, Rendering, rendering_of, rendering_of_report, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.report.formats import FORMATS
from planrace.checker.report.text.document import document
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.results.proof import Confirmation
from planrace.checker.results.wording import numbered
from planrace.checker.run.lemma_source import lemma_source
from planrace.checker.run.protocols import module_of

PYTHON = "python"
"""The format of inferred lemmas."""


def prove_command(protocol: str, **arguments: Any) -> int:
    """Prove what the options ask for; returns the exit code. The time limit includes the check by a second solver."""
    with until(arguments["time_limit"]):
        return _run(protocol, arguments)


def _run(protocol: str, arguments: dict[str, Any]) -> int:
    chosen, known = arguments["formats"], ("text", "json", "html") if arguments["all_"] else FORMATS
    if arguments["as_python"]:
        if not arguments["infer"]:
            raise click.UsageError("--as-python writes the lemmas that --infer finds: add --infer.")
        chosen, known = (*chosen, PYTHON), (*known, PYTHON)
    delivery = Delivery(chosen, arguments["outputs"], known, look=arguments["look"], reads=source_of(protocol))
    with delivery.answering(protocol):
        work = ProofRun(
            arguments["dump_smt"],
            confirm=arguments["confirm"],
            time_limit=arguments["time_limit"],
            rlimit=arguments["rlimit"],
            cluster=arguments["cluster"],
            listening=partial(progress, arguments["look"]),
        )
        result, code = (_table if arguments["all_"] else _proof)(protocol, work, arguments)
    delivery.deliver(result)
    if arguments["dump_smt"] is not None:
        click.echo(f"{numbered(work.write(), 'obligation')} written to {arguments['dump_smt']}", err=True)
    return code


def _proof(protocol: str, work: ProofRun, arguments: Any) -> tuple[Rendering, int]:
    some = {**selection_arguments(arguments), "faults": arguments["faults"] or None}
    variant = variant_for(protocol, "prove")
    report = work.prove(variant, properties=arguments["properties"], **some, infer=arguments["infer"])
    _say(report.confirmation, interrupted=report.interrupted)
    wanted = Expectation.of(arguments["expect"])
    outcome = RunOutcome(report, wanted)
    text = document(report, outcome.code, outcome.reason, arguments["look"].detail)
    made = rendering_of_report(report, text, expectation=wanted)
    if arguments["as_python"]:
        source = partial(lemma_source, work.inferred, variant.protocol, module_of(protocol))
        made = replace(made, makers={**made.makers, PYTHON: lambda: f"{source()}# {text.closing}\n"})
    return made, outcome.code


def _table(protocol: str, work: ProofRun, arguments: Any) -> tuple[Rendering, int]:
    for option, given in {
        "--fault": arguments["faults"],
        "--with": arguments["with_"],
        "--without": arguments["without"],
    }.items():
        if given:
            raise click.UsageError(f"--all tries every set of faults and protections; leave out {option}.")
    if arguments["properties"] or arguments["infer"] or arguments["expect"]:
        raise click.UsageError("--all takes no --property, --infer or --expect.")
    if arguments["cluster"] is not None:
        raise click.UsageError("--all decides its cells on one machine; leave out --cluster.")
    report = work.table(variant_for(protocol, "matrix"), selection_arguments(arguments)["parameters"])
    _say(report.confirmation, interrupted=report.interrupted)
    return rendering_of(report, detail=arguments["look"].detail), report.exit_code


def _say(answer: Confirmation | None, *, interrupted: bool) -> None:
    """Print what the second solver answered, if it was asked."""
    if answer is None:
        return
    agreed = answer.asked - len(answer.doubted)
    ended = "; interrupted before the others were checked" if interrupted else ""
    summary = f"{agreed} of {numbered(answer.asked, 'obligation')} confirmed by {answer.solver}{ended}"
    click.echo(summary, err=True)
    for name, why in answer.doubted:
        click.echo(f"not confirmed: {name}: {why}", err=True)
