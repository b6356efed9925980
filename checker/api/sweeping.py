"""``sweep``: verdicts at many sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from planrace.checker.api.request import selected, subject_of
from planrace.checker.api.varying import values_by_name
from planrace.checker.results.sweep import Sweep
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.model.language import Protocol, System, Variant


@public
def sweep(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    vary: Mapping[str, Sequence[int]],
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    bisect: str | None = None,
    plot: str | Path | None = None,
    options: Options | None = None,
) -> Sweep:
    """Check a protocol at all combinations of the values of the parameters in ``vary``, as ``check sweep`` does:
    ``sweep(fixed, vary={"keep": range(1, 5)})``. ``bisect`` names one of them, of which only the values are computed
    that a single change of the verdicts takes to be found. ``plot`` is a file for a plot of the lengths (png, svg or
    pdf; it needs Matplotlib). Raises ``ModelError`` and ``OutputError``."""
    from planrace.checker.review.sweep.sweep import sweep as swept

    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "sweep"), parameters, **names)
    made = swept(selection, values_by_name(vary), options or Options(), bisect)
    if plot is not None:
        from planrace.checker.report.plot import write_plot

        write_plot(Path(plot), made)
    return made
