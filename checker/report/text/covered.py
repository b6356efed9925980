"""What a search covered, as text."""

from __future__ import annotations

from planrace.checker.report.text.bitstate import percent
from planrace.checker.results.report import Coverage, Report
from planrace.checker.results.wording import counted, joined, share_text


def coverage(report: Report, e: Coverage) -> str:
    """The coverage ``e`` of a report as text."""
    by = f"explicit search in machine code by {_workers(e.workers)}"
    engines = {"simulate": "random simulation", "native": by, "cluster": f"{by} on a cluster"}
    what = engines.get(report.engine, f"{report.engine} search")
    omitted = ""
    if e.bitstate is not None:
        searches = counted(len(e.bitstate.searches), "bitstate search", "bitstate searches")
        what = f"{searches} in machine code by {_workers(e.workers)}"
        omitted = f" A new state was omitted with a probability of up to {percent(e.bitstate.greatest)}."
    done = "complete" if e.complete else f"not complete: {e.stopped}"
    symmetry = f"{'with' if e.symmetry else 'without'} symmetry reduction{_several(e)}"
    normal = f", up to the normal form of {e.normalised}" if e.normalised is not None else ""
    seed = f" Seed {e.seed}; the same seed repeats the runs." if e.seed is not None else ""
    memory = f", {e.peak_memory_bytes / 2**20:,.0f} MiB" if e.peak_memory_bytes else ""  # not measured on every system
    share = ""
    if e.found_share is not None:
        share = f" As far as smaller instances tell, it has found {share_text(*e.found_share)} of all states."
    sliced = ""
    if e.sliced:
        sliced = (
            f" Ignored variables: {', '.join(_ignored(report, e))} ({_independent(report)}; --no-slicing keeps them)."
        )
    return (
        f"{what[0].upper()}{what[1:]}, {done}. {counted(e.states, 'state')}, {counted(e.transitions, 'transition')}, "
        f"depth {e.depth}, {symmetry}{normal}; {e.seconds:.2f} s, {e.states_per_second:,} states/s"
        f"{memory}.{share}{seed}{omitted}{sliced}"
        f"{f' {e.partition}' if e.partition is not None else ''}{_checkpoints(e)}"
    )


def _checkpoints(e: Coverage) -> str:
    """Where the search went on, and what it has written."""
    found = ""
    if e.resumed is not None:
        known, before = counted(e.resumed.states, "state"), e.resumed.seconds
        found = f" Resumed at depth {e.resumed.depth} with {known}, after {before:.2f} s of an earlier search."
    if e.checkpoint is not None:
        last = e.checkpoint
        what = "A checkpoint was" if last.written == 1 else f"{last.written} checkpoints were"
        which = "" if last.written == 1 else "the last one "
        found += f" {what} written, {which}at depth {last.depth} with {counted(last.bytes, 'byte')}."
    return found


def _ignored(report: Report, e: Coverage) -> list[str]:
    """The variables that a search ignored, with channels by their names. Of some channels only parts are ignored, such
    as the content of messages if properties ask only whether there are any."""
    parts = {v.name: v.part.channel for v in report.variables if v.part is not None}
    used = {channel for name, channel in parts.items() if name not in e.sliced}
    names = (parts.get(n, n) for n in e.sliced)
    return list(dict.fromkeys(f"parts of {n}" if n in used else n for n in names))


def _several(e: Coverage) -> str:
    """A note if several states may represent one orbit."""
    if e.states_per_orbit == 1:
        return ""
    return f" (at most {counted(e.states_per_orbit, 'state')} for each orbit; depth may be more than without reduction)"


def _independent(report: Report) -> str:
    """Why variables are ignored. Liveness properties beside others have separate searches."""
    live = [f.name for f in report.findings if f.kind == "liveness"]
    if not live or len(live) == len(report.findings):
        return "no checked property uses them"
    own = "a separate search" if len(live) == 1 else "separate searches"
    return f"no checked property uses them except {joined(live)}, with {own}"


def _workers(count: int) -> str:
    return "one worker" if count == 1 else counted(count, "worker")
