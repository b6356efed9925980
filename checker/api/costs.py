"""``costs``: what protections cost, as measured on a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planrace.checker.api.request import selected, subject_of
from planrace.checker.results.costs import CostTable
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.model.language import Protocol, Variant


@public
def costs(
    protocol: Protocol | Variant | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    names: Sequence[str] = (),
    each: bool = True,
    options: Options | None = None,
) -> CostTable:
    """What the protocol costs (what it declares with ``protocol.measure``), and with ``each`` what it costs with each
    further protection, as ``check costs`` measures it at one size. ``names``: these costs only. Raises
    ``ModelError``."""
    from planrace.checker.run.costs import costs as measured
    from planrace.checker.run.costs import others

    names_of = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "costs"), parameters, **names_of)
    return measured(selection, others(selection) if each else (), names, options or Options())
