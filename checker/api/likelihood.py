"""``likelihood``: how likely it is that properties are violated in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from planrace.checker.api.request import selected, subject_of
from planrace.checker.api.varying import mapping_of, values_by_name
from planrace.checker.results.likelihood import Likelihood
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.checker.run.ranges import shortened
from planrace.checker.run.rates import rates_file, seconds_of
from planrace.model.language import ModelError, Protocol, System, Variant

if TYPE_CHECKING:
    from planrace.checker.engines.markov.chain import MarkovChain

TIMES = ("1min", "1h", "1d")


@public
def likelihood(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    rates: Mapping[str, str | float] | str | Path | None = None,
    within: Sequence[str | float] = TIMES,
    vary: Mapping[str, Sequence[int]] | None = None,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    sensitivity: bool = False,
    simulate: bool = False,
    storm: str | Path | None = None,
    options: Options | None = None,
) -> Likelihood:
    """How likely it is that invariants are violated (or reachable states reached) within some times, as ``check
    likelihood`` does.

    ``rates``: by action, events per second (0.5) or as text ("2/min", "1/30s"), or a TOML file with a table [rates];
    actions without one have invented rates. ``within``: times in seconds or as text ("24h"). ``vary``: values of
    parameters for which it is repeated. ``sensitivity``: also elasticities. ``simulate``: random runs in any case.
    ``storm``: also write STORM.tra and STORM.lab, of one size. Of ``options`` apply ``properties``, ``symmetry``,
    ``max_states`` (of the Markov chain; above, runs are made at random), ``max_memory``, ``time_limit``, ``seed``,
    ``runs`` and ``listener``. Raises ``ModelError``, also if SciPy is missing, and ``OutputError``."""
    from planrace.checker.run.likelihood import LikelihoodRequest
    from planrace.checker.run.likelihood import likelihood as computed

    options = options or Options()
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "likelihood"), parameters, **names)
    times = _times(within)
    given = rates_file(rates) if isinstance(rates, str | Path) else mapping_of("rates", rates, '{"publish": "1/30s"}')
    varied = values_by_name(vary)
    keep = None if storm is None else partial(_write_storm, Path(storm))
    return computed(selection, LikelihoodRequest(times, given, varied, sensitivity, simulate), options, keep)


def _times(within: object) -> tuple[float, ...]:
    """The times in seconds, ascending."""
    given = [within] if isinstance(within, str | int | float) else within
    if not isinstance(given, list | tuple) or not given:
        raise ModelError(f"within={shortened(within)} is not a list of times", remedy='write within=["24h"]')
    return tuple(sorted({seconds_of(t) for t in given}))


def _write_storm(to: Path, chain: MarkovChain, rates: Sequence[float], names: Sequence[str]) -> None:
    from planrace.checker.engines.markov.storm import labels_text, transitions_text
    from planrace.checker.report.output import write_whole

    write_whole(to.with_name(to.name + ".tra"), transitions_text(chain, rates))
    write_whole(to.with_name(to.name + ".lab"), labels_text(chain, names))
