"""``check prove``: proofs for every size, the table of all of them, and their obligations as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from planrace.checker.api.proof_files import ProofFiles, Scripts
from planrace.checker.cli.command import once
from planrace.checker.cli.deliver import Delivery, Told, documented, source_of, told
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import Limits, until
from planrace.checker.engines.proof.matrix import Matrix
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.report.formats import FORMS
from planrace.checker.report.html.page import render_matrix
from planrace.checker.report.json.proofs import matrix_json
from planrace.checker.report.text.document import document
from planrace.checker.report.text.proofs import matrix_document
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.results.proof import Confirmation
from planrace.checker.results.wording import numbered
from planrace.checker.run.protocols import find
from planrace.checker.run.prove import Proving
from planrace.checker.run.selection import chosen, provable, refuse, split
from planrace.model.language import Variant


def prove_command(protocol: str, **asked: Any) -> int:
    """Prove what the options ask for; the exit code. All of it, a second solver's word too, has one time limit."""
    forms = ("text", "json", "html") if asked["all_"] else tuple(FORMS)
    delivery = Delivery(asked["form"], asked["outputs"], forms, reads=source_of(protocol))
    obligations = ProofFiles(asked["dump_smt"], asked["confirm"])
    with delivery.answering(protocol), until(asked["time_limit"]):
        obligations.prepare()
        result, code, texts = (_table if asked["all_"] else _proof)(protocol, obligations, asked)
    delivery.deliver(result)
    if asked["dump_smt"] is not None:
        click.echo(f"{numbered(obligations.write(texts), 'obligation')} written to {asked['dump_smt']}", err=True)
    return code


def _proof(name: str, obligations: ProofFiles, asked: Any) -> tuple[Told, int, Callable[[], Scripts]]:
    variant = find(name)
    with progress() as listener:
        proving = Proving(
            variant,
            _sizes(variant, asked),
            faults=asked["faults"] or None,
            with_protections=asked["with_"],
            without=asked["without"],
            limits=Limits(seconds=asked["time_limit"]),
            listener=listener,
            rlimit=asked["rlimit"],
            infer=asked["infer"],
        )
        report = proving.run(*chosen(proving.system, asked["properties"], provable()))

    def texts() -> Scripts:
        return scripts(proving.decider.obligations, proving.discharged())

    with progress() as listener:
        report = obligations.confirmed(report, texts, listener)
    _say(report.confirmation, interrupted=report.interrupted)
    wanted = Expectation(asked["expect"])
    outcome = RunOutcome(report, wanted)
    return told(report, document(report, outcome.code, outcome.reason), asked=wanted), outcome.code, texts


def _sizes(variant: Variant, asked: Any) -> dict[str, int]:
    words, sizes = split(variant, once(asked["settings"]))
    refuse(words)
    return sizes


def _table(name: str, obligations: ProofFiles, asked: Any) -> tuple[Told, int, Callable[[], Scripts]]:
    for option, given in {"--fault": asked["faults"], "--with": asked["with_"], "--without": asked["without"]}.items():
        if given:
            raise click.UsageError(f"--all tries every set of faults and protections; leave out {option}.")
    if asked["properties"] or asked["infer"] or asked["expect"]:
        raise click.UsageError("--all takes no --property, --infer or --expect.")
    with progress() as listener:
        limits = Limits(seconds=asked["time_limit"])
        table = Matrix(find(name), _sizes(find(name), asked), limits=limits, listener=listener, rlimit=asked["rlimit"])
        report = table.run()

    def texts() -> Scripts:
        return scripts(table.decider.obligations, table.discharged())

    with progress() as listener:
        report = obligations.confirmed(report, texts, listener)
    _say(report.confirmation, interrupted=report.interrupted)
    makers = {
        "json": lambda: json.dumps(matrix_json(report), indent=2) + "\n",
        "html": lambda: render_matrix(report),
    }
    return Told(documented(matrix_document, report, report.exit_code), makers), report.exit_code, texts


def _say(answer: Confirmation | None, *, interrupted: bool) -> None:
    """What the second solver says, if it was asked."""
    if answer is None:
        return
    agreed = answer.asked - len(answer.doubted)
    ended = "; interrupted, so others were not asked about" if interrupted else ""
    told = f"{agreed} of {numbered(answer.asked, 'obligation')} confirmed by {answer.solver}{ended}"
    click.echo(told, err=True)
    for name, why in answer.doubted:
        click.echo(f"not confirmed: {name}: {why}", err=True)
