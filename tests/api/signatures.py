"""The signatures of the public calls, which stay."""

from __future__ import annotations

SIGNATURES = {
    "check": "(protocol, parameters=None, *, faults=(), with_protections=(), without=(), options=None, **settings)",
    "check_project": "(path=None, *, only=(), strict=False, explain=False, **settings)",
    "create_project": "(folder='.')",
    "prove": (
        "(protocol, parameters=None, *, properties=(), faults=None, with_protections=(), without=(), infer=False, "
        "time_limit=None, rlimit=3000000, dump_smt=None, confirm=False, cluster=None)"
    ),
    "matrix": ("(protocol='fixed', parameters=None, *, time_limit=None, rlimit=3000000, dump_smt=None, confirm=False)"),
    "fixes": (
        "(protocol, parameters=None, *, larger=None, faults=(), with_protections=(), without=(), properties=(), "
        "expected=(), max_set=3, fault_sets=2, proof_time=20.0, cache=True, workers=1, cluster=None, max_states=None, "
        "time_limit=None, listener=None)"
    ),
    "explained": "(options=None, *, beside=None)",
    "render": "(report, format='text', *, trace=None)",
    "save": "(report, path, format=None, *, trace=None)",
    "load": "(path)",
    "compare": "(before, after)",
    "mutate": ("(protocol, parameters=None, *, faults=(), with_protections=(), without=(), actions=(), options=None)"),
    "refine": (
        "(protocol, to, parameters=None, *, faults=(), with_protections=(), without=(), options=None, **settings)"
    ),
    "establish": (
        "(protocol, parameters=None, *, faults=(), with_protections=(), without=(), violated=(), accepted=(), "
        "at_least=80.0, every_size=False, options=None)"
    ),
    "cover": (
        "(protocol, driver, parameters=None, *, faults=(), with_protections=(), without=(), criterion='transitions', "
        "length=None, run=None, start=None, at_least=100.0, max_steps=None, max_states=50000, reset_cost=1, seed=None, "
        "schedule='tour', pct_depth=None, time_limit=None, cluster=None)"
    ),
    "conform": (
        "(protocol, logs, parameters=None, *, faults=(), with_protections=(), without=(), mapping=None, logged=(), "
        "hidden=None, uncertainty=0.0, max_width=20000, every=False, join=False, verbose=False, "
        "time_limit=None, listener=None)"
    ),
    "follow": (
        "(protocol, logs, parameters=None, *, faults=(), with_protections=(), without=(), mapping=None, "
        "unlogged=(), uncertainty=0.0, max_width=20000, lag=2.0, patience=60.0, time_limit=None, tell=None, "
        "listener=None)"
    ),
    "replay": ("(trace, driver, protocol=None, parameters=None, *, name=None, loops=3, then=None, time_limit=None)"),
    "state_machine": (
        "(protocol, driver, parameters=None, *, faults=(), with_protections=(), without=(), invariants=True)"
    ),
    "lint": "(protocol, parameters=None, *, faults=(), with_protections=(), without=())",
    "crosscheck": (
        "(protocol, parameters=None, *, faults=(), with_protections=(), without=(), peer='spin', options=None)"
    ),
    "export_model": "(protocol, language, parameters=None, *, faults=(), with_protections=(), without=())",
    "import_model": "(path, config=None, *, ranges=None, lengths=None)",
    "import_run": "(protocol, path, parameters=None, *, faults=(), with_protections=(), without=(), options=None)",
    "forecast": (
        "(protocol, parameters=None, *, faults=(), with_protections=(), without=(), properties=(), symmetry=None, "
        "sample=20000, seconds=15.0, node_memory=17179869184, explain=False)"
    ),
    "likelihood": (
        "(protocol, parameters=None, *, rates=None, within=('1min', '1h', '1d'), vary=None, faults=(), "
        "with_protections=(), without=(), sensitivity=False, simulate=False, storm=None, options=None)"
    ),
    "sweep": (
        "(protocol, parameters=None, *, vary, faults=(), with_protections=(), without=(), bisect=None, plot=None, "
        "options=None)"
    ),
    "costs": (
        "(protocol, parameters=None, *, faults=(), with_protections=(), without=(), names=(), each=True, options=None)"
    ),
    "save_baseline": (
        "(path, protocol, parameters=None, *, faults=(), with_protections=(), without=(), properties=(), "
        "symmetry=None, slicing=True, max_states=None, bounds=None)"
    ),
    "renew_baseline": "(path, *, bounds=None)",
    "compare_baseline": "(path, *, only=(), bounds=None)",
    "postmortem": "(facts, protocol, parameters=None, *, faults=(), with_protections=(), without=(), options=None)",
    "listing": "(protocols=(), *, steps=False)",
    "state_graph": "(protocol, parameters=None, *, faults=(), with_protections=(), without=(), max_states=2000)",
    "instance_of": "(protocol, parameters=None, *, faults=(), with_protections=(), without=())",
    "find": "(name)",
}
