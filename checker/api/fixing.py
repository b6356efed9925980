"""Which protections suffice: the call ``fixes``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from planrace.checker.api.request import given_sizes, variant_for
from planrace.checker.engines.limits import Listener, until
from planrace.checker.results.fixes import FixReport
from planrace.checker.run.arguments import is_names
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options, check_number, check_numbers
from planrace.checker.run.ranges import RANGES, shortened
from planrace.checker.run.request import split
from planrace.model.language import ModelError, Protocol, Variant


@public
def fixes(
    protocol: Protocol | Variant | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    larger: Mapping[str, int | str] | None = None,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    properties: Sequence[str] = (),
    expected: Sequence[Sequence[str]] = (),
    max_set: int = 3,
    fault_sets: int = 2,
    proof_time: float = 20.0,
    cache: bool = True,
    workers: int = 1,
    cluster: str | None = None,
    max_states: int | None = None,
    time_limit: float | None = None,
    listener: Listener | None = None,
) -> FixReport:
    """Which protections of a protocol suffice, as ``check matrix`` finds out: each alone, then all minimal sets of up
    to ``max_set`` with which every one of the ``properties`` holds (by default all), what each of their members is for,
    and what the others leave open. The protections that the variant has by itself are judged like all others.

    Sets are searched at small sizes first: those of ``Variant.small_at``, else the defaults, or ``parameters``. What
    suffices there is searched at ``larger`` ones: ``parameters`` and the defaults, unless named here. ``faults`` are on
    everywhere; minimal sets are also searched under up to ``fault_sets`` more. ``with_protections`` are always on,
    ``without`` are never. Each minimal set gets ``proof_time`` seconds of processor time for proofs for every size; 0
    tries none. ``expected`` are sets that should be among the minimal ones. Answers are kept between runs, unless not
    ``cache``. With several ``workers`` a protocol that is given by its name is searched in so many processes; with
    ``cluster`` (as in ``Options``) each point is a task there, with so many processors, for a protocol of that name.

    The result is the report; its ``exit_code`` is that of the command. Raises ``ModelError``.
    """
    from planrace.checker.review.lab.decide import Bench
    from planrace.checker.review.lab.keep import LabCache
    from planrace.checker.review.lab.lattice import examine, lab_request

    check_numbers(workers=workers, max_states=max_states, time_limit=time_limit)
    for name, number in (("max_set", max_set), ("fault_sets", fault_sets), ("proof_time", proof_time)):
        check_number(name, number, RANGES[name])
    if not isinstance(expected, Sequence) or isinstance(expected, str) or not all(map(is_names, expected)):
        remedy = 'write expected=[["this-one", "and-that-one"]]'
        raise ModelError(f"expected={shortened(expected)} is no list of sets of protections", remedy=remedy)
    variant = variant_for(protocol, "fixes")
    sizes, more = given_sizes(variant, parameters), given_sizes(variant, larger, "larger")
    for given in (sizes, more):
        split(variant, given)
    request = lab_request(
        variant,
        protocol if isinstance(protocol, str) else variant.name,
        sizes,
        more,
        with_protections=with_protections,
        without=without,
        expected=expected,
        faults=faults,
        properties=properties,
    )
    request = replace(request, max_set=max_set, fault_sets=fault_sets, proof_seconds=proof_time or None)
    bench = Bench(variant, request.name, Options(workers=1, max_states=max_states), LabCache() if cache else None)
    with until(time_limit):
        return examine(bench, request, workers, listener, found=isinstance(protocol, str), cluster=cluster)
