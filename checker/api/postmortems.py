"""The facts of an incident beside a protocol: the call ``postmortem``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from planrace.checker.api.request import selected, variant_for
from planrace.checker.engines.limits import until
from planrace.checker.review.postmortem.answers import Postmortem
from planrace.checker.review.postmortem.file import read_facts
from planrace.checker.review.postmortem.judge import IncidentReview
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.model.language import ModelError, Protocol, Variant


@public
def postmortem(
    facts: str | Path,
    protocol: Protocol | Variant | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Options | None = None,
) -> Postmortem:
    """Search for the shortest run that shows the facts of a TOML file (``docs/postmortem.md``), as ``check postmortem``
    does. The result is true only if a run shows all facts that are not optional, and what is claimed holds after it.

    It also says what a run shows of them if none shows all, and which single protection prevents the run. Of
    ``options``, the limits, ``workers``, ``explain`` and ``listener`` count. Raises ``ModelError`` for a wrong request
    and for a wrong file, with its line.
    """
    if not isinstance(facts, str | Path):
        raise ModelError(f"facts={facts!r} names no file", remedy='write facts="facts.toml"')
    chosen = options or Options()
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(variant_for(protocol, "postmortem"), parameters, **names)
    with until(chosen.time_limit):
        return IncidentReview(read_facts(facts), selection, chosen).judge()
