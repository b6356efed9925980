"""Chaos: three Enactors, a Planner, resolvers and a name server as processes that are delayed, killed and restarted.

    python bench/chaos.py --safeguards original --rounds 5

Enactors rest at random, longest where others overtake them; they lose answers and are killed, and so is the server.
What resolvers get is watched: outages, which are answers without addresses, and regressions, which are plans older
than those before. `fixed` must show neither, and must bring every endpoint to the newest plan once it is quiet: else
the exit code is 1. `original` shows both; each round ends when a resolver has seen an outage. Times count from the
first plan.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shlex
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from planrace.checker.drive.dns.chaos.findings import Findings, Outage
from planrace.checker.drive.dns.chaos.options import ChaosOptions, Code, ServerKind
from planrace.checker.drive.dns.chaos.roles import enactor_class
from planrace.checker.drive.dns.chaos.run import run_chaos
from planrace.checker.drive.dns.client import ZoneError
from planrace.checker.results.wording import counted
from planrace.model.language import ModelError


def main(given: Sequence[str] | None = None) -> int:
    """Runs the rounds, and prints what each has shown."""
    arguments = _arguments(given)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    options = [_options(arguments, seed + n) for n in range(arguments.rounds)]
    try:
        enactor_class(arguments.enactor)
        found = [_round(o, arguments.log, n) for n, o in enumerate(options, 1)]
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (ModelError, ZoneError, OSError) as e:
        print(e, file=sys.stderr)
        return 2
    if len(found) > 1:
        print(_medians(found))
    return int(options[0].code is Code.FIXED and not all(f.safe and f.settled is not None for f in found))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    assert __doc__ is not None
    summary, _, rest = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=summary, epilog=rest, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--safeguards", choices=[*Code], default=Code.FIXED, help="the code (default: fixed)")
    parser.add_argument("--server", choices=[*ServerKind], default=ServerKind.EMBEDDED, help="default: embedded")
    parser.add_argument("--seconds", type=_positive, default=60.0, help="how long a round lasts (default: 60)")
    parser.add_argument(
        "--rounds", type=_count, default=1, help="how many rounds, each with the next seed (default: 1)"
    )
    parser.add_argument("--seed", type=int, help="for the choices of a round; when what happens depends on the machine")
    parser.add_argument("--log", type=Path, metavar="DIR", help="keep the journals and records of round N in DIR/N")
    parser.add_argument("--publish-every", type=_positive, default=0.5, help="seconds between plans (default: 0.5)")
    parser.add_argument("--afresh", action="store_true", help="an Enactor without an answer forgets all, as in a crash")
    parser.add_argument("--enactor", default="", metavar="FILE:CLASS", help="Enactors in place of ours")
    return parser.parse_args(given)


def _positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text} is not more than 0: write a number like 60")


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no number of rounds: write 1 or more")


def _options(arguments: argparse.Namespace, seed: int) -> ChaosOptions:
    code = Code(arguments.safeguards)
    server = ServerKind(arguments.server)
    return ChaosOptions(
        server,
        code,
        arguments.seconds,
        seed,
        publish_every=arguments.publish_every,
        until_empty=code is Code.ORIGINAL,
        afresh=arguments.afresh,
        enactor=arguments.enactor,
    )


def _round(options: ChaosOptions, log: Path | None, number: int) -> Findings:
    print(f"{options.code} on {options.server}, seed {options.seed}", flush=True)
    if log is None:
        with tempfile.TemporaryDirectory(prefix="planrace-chaos-") as temporary:
            found = run_chaos(options, Path(temporary))
    else:
        folder = log / str(number)
        if folder.exists():
            raise ModelError(f"{folder} is there already", remedy="name another folder for --log")
        folder.mkdir(parents=True)
        found = run_chaos(options, folder)
    print("\n".join(f"  {line}" for line in report(found)), flush=True)
    if log is not None:
        print(f"  {conform_command(options, folder)}", flush=True)
    return found


def conform_command(options: ChaosOptions, folder: Path) -> str:
    """The command that asks whether the records of a round conform to the model. It names no number of plans: there may
    be any."""
    sizes = {"enactors": options.enactors, "endpoints": options.endpoints, "keep": options.keep}
    said = " ".join(f"-s {name}={n}" for name, n in sizes.items())
    files = f"{shlex.quote(str(folder / 'records'))}/*.jsonl"
    return f"check conform -p {options.code} {said} --fault crash --fault lock-expiry {files}"


def report(found: Findings) -> list[str]:
    """What a round has shown, a fact a line."""
    results = found.results
    lines = [
        f"{counted(found.published, 'plan')} published; {counted(found.crashes, 'crash', 'crashes')} of Enactors, "
        f"{counted(found.server_kills, 'restart')} of the server",
        f"{counted(found.updates.total(), 'update')} sent: {_shares(found.updates)}; {found.lost} without an answer",
        f"flips: {results['flip_alias: accepted']} accepted, {results['flip_alias: superseded']} superseded, "
        f"{results['flip_alias: refused']} refused because a tree is gone, "
        f"{results['flip_alias: lost']} too late for the lock",
        f"locks: {results['take_lock: taken']} taken, {results['take_lock: held']} held by another; "
        f"{counted(found.stale_flips, 'flip')} from a newer plan to an older one",
        f"{counted(len(found.failures), 'failure')} of Enactors" + "".join(f"; {f}" for f in found.failures[:3]),
        f"resolvers: {counted(found.questions, 'question')}; no answer for {found.unanswered:.1f} s",
        f"{counted(len(found.regressions), 'regression')}"
        + "".join(
            f"; endpoint {r.endpoint}: {r.before} to {r.after} after {r.at:.1f} s" for r in found.regressions[:3]
        ),
        f"{counted(len(found.outages), 'outage')}"
        + "".join(f"; endpoint {o.endpoint} after {o.begin:.1f} s, {_lasted(o)}" for o in found.outages[:3]),
    ]
    if found.settled is not None:
        lines.append(f"all endpoints had the newest plan {found.settled:.1f} s after it was quiet")
    else:
        lines.append(f"at the end the endpoints had the plans {', '.join(map(str, found.reached))}")
    return lines


def _shares(updates: Counter[str]) -> str:
    return ", ".join(f"{n} {answer}" for answer, n in updates.most_common())


def _lasted(outage: Outage) -> str:
    return "to the end" if outage.end is None else f"until {outage.end:.1f} s"


def _medians(found: Sequence[Findings]) -> str:
    """When the first of each kind came, in the middle of the rounds."""
    regressions = [f.regressions[0].at for f in found if f.regressions]
    outages = [f.outages[0].begin for f in found if f.outages]
    kinds = {"regressions": regressions, "outages": outages}
    return "; ".join(
        f"{what} in {len(times)} of {counted(len(found), 'round')}{_when(times)}" for what, times in kinds.items()
    )


def _when(times: Sequence[float]) -> str:
    if not times:
        return ""
    return f", the first after {statistics.median(times):.1f} s (median; {min(times):.1f} to {max(times):.1f})"


if __name__ == "__main__":
    sys.exit(main())
