"""Which repaired examples ``check prove --infer`` proves without their lemmas, and the processor time of each.

    python bench/inference.py [--rounds 3] [NAME…]

Prints a line for each example: the safety properties that are proved, those that are not, and the median of the seconds
of processor time that the whole command takes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
SECONDS = 600


def proved(file: Path) -> tuple[str, float]:
    """The verdicts of one run, in words, and its processor time."""
    before = os.times()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--infer", "--time-limit", str(SECONDS), "--format", f"json:{report}"]
        command = [sys.executable, "-m", "planrace", "prove", "-p", f"{file}:fixed", *options]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        found = json.loads(report.read_text())["properties"]
    after = os.times()
    others = [f"{f['name']} {f['verdict']}" for f in found if f["verdict"] != "holds"]
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return f"{len(found) - len(others)} of {len(found)} proved" + "".join(f"; {x}" for x in others), spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("names", nargs="*", metavar="NAME", help="names of examples, such as autoscaler")
    given = parser.parse_args()
    files = sorted(f for f in EXAMPLES.glob("*.py") if not given.names or f.stem in given.names)
    for file in files:
        runs = [proved(file) for _ in range(given.rounds)]
        print(f"{file.stem:16} {statistics.median(s for _, s in runs):6.1f} s  {runs[0][0]}", flush=True)


if __name__ == "__main__":
    main()
