"""The page of a long log in a browser: its size, how long it takes to open, and frames while it is moved and zoomed.

    python bench/logs_page.py [EVENTS]

A report of EVENTS (default 100,000) lines of five streams is made up: a run of a counter that workers increment, with
a crash that no line tells after every 200 steps, and clocks that are wrong by up to two steps. Chromium, without a
screen, opens the page and is measured by its own clock. Needs playwright and chromium.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from planrace.checker.report.html.logs_page import render_conformance
from planrace.checker.results.conformance import Conformance, ConformanceReport, LoggedEvent, LogLine, LogStream
from planrace.checker.results.trace import Change, Trace, TraceStep

STREAMS = 5
CRASH = 200
"""Steps from one crash to the next."""
BEGIN = 1_760_917_681.0
FRAMES = """(() => new Promise(done => {
  const box = document.getElementById("scroll").getBoundingClientRect(), frames = [];
  const turn = how => document.getElementById("canvas").dispatchEvent(new WheelEvent("wheel",
    {bubbles: true, cancelable: true, clientX: box.left + 500, clientY: box.top + 100, ...how}));
  let last = performance.now(), n = 0;
  const next = () => {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    if (n++ === 60) return done(frames);
    %s;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}))()"""
"""Does something in each of 60 frames, and returns how many milliseconds each took."""
SIDEWAYS = FRAMES % "turn({deltaX: n % 2 ? 400 : -300, deltaY: 0})"
OUT, IN = (FRAMES % f"turn({{ctrlKey: true, deltaY: {by}}})" for by in (100, -100))
LIST = FRAMES % 'document.getElementById("steps-body").scrollTop += 977'
STEPS = """Array.from({length: 60}, () => {
  const began = performance.now();
  document.querySelector("[data-do=on]").click();
  return performance.now() - began;
})"""


def made_up(events: int) -> ConformanceReport:
    """A report whose run explains so many lines."""
    steps: list[TraceStep] = []
    told: list[tuple[int, LoggedEvent] | None] = []
    state: dict[str, Any] = {"count": 0, "last": 1}
    for n in range(events):
        if n % CRASH == CRASH - 1:
            steps.append(_step("crash", 1 + n % 4, "crashes and starts afresh", state, {"last": 0}))
            told.append(None)
        worker = 1 + (n * 7 + n // 13) % STREAMS
        steps.append(_step("count", worker, f"counts to {n + 1}", state, {"count": n + 1, "last": worker}))
        at, stream = BEGIN + 0.05 * n, f"worker-{worker}"
        record = {"stream": stream, "at": at, "action": "count", "parameters": {"w": worker}, "request": n}
        line = LogLine(f"{stream}.jsonl", n // STREAMS + 1, json.dumps(record))
        told.append((worker, LoggedEvent(line, stream, f"count({worker})", at - 0.1, at + 0.1)))
    found = sorted((e[0], k) for k, e in enumerate(told) if e is not None)
    number = {k: n for n, (_, k) in enumerate(found)}
    logged = tuple(told[k][1] for _, k in found)  # type: ignore[index]
    return ConformanceReport(
        protocol="counter",
        parameters={"workers": STREAMS},
        faults=("crash",),
        protections=(),
        verdict=Conformance.CONFORMS,
        streams=tuple(LogStream(f"worker-{w}", sum(worker == w for worker, _ in found)) for w in range(1, STREAMS + 1)),
        seconds=0.0,
        trace=Trace({"count": 0, "last": 1}, tuple(steps)),
        told=tuple(number.get(k) for k in range(len(told))),
        logged=logged,
    )


def _step(action: str, worker: int, text: str, state: dict[str, Any], new: dict[str, int]) -> TraceStep:
    changes = tuple(Change(name, state[name], value, name, ()) for name, value in new.items() if state[name] != value)
    state.update(new)
    fault = "crash" if action == "crash" else None
    return TraceStep(action, {"w": worker}, f"worker {worker}", "worker", None, fault, text, {}, changes)


def measured(path: Path) -> dict[str, list[float]]:
    """Milliseconds: to open the page, and of frames, by what is done."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1400, "height": 950}).new_page()
        began = time.perf_counter()
        page.goto(f"file://{path}")
        page.wait_for_selector(".row")
        found["open"] = [1000 * (time.perf_counter() - began)]
        for name, action in (
            ("moved, 20 steps in sight", SIDEWAYS),
            ("zoomed out to all", OUT),
            ("moved, all in sight", SIDEWAYS),
            ("zoomed in again", IN),
            ("the list scrolled", LIST),
        ):
            found[name] = page.evaluate(action)[2:]
        page.keyboard.press("t")
        page.click('[data-do="fit"]')
        found["moved by clock, all in sight"] = page.evaluate(SIDEWAYS)[2:]
        found["one step on"] = page.evaluate(STEPS)
        began = time.perf_counter()
        page.fill("#search", "counts to 77")
        found["searched"] = [1000 * (time.perf_counter() - began)]
        browser.close()
    return found


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    report = made_up(events)
    began = time.perf_counter()
    text = render_conformance(report)
    print(f"{events:,} events: written in {time.perf_counter() - began:.1f} s, {len(text) / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(text, encoding="utf-8")
        for name, times in measured(path).items():
            worst, half = max(times), statistics.median(times)
            print(f"{name:30} {half:8.1f} ms" + (f", at most {worst:.1f} ms" if len(times) > 1 else ""))


if __name__ == "__main__":
    main()
