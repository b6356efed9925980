"""A second solver confirms exported obligations: cvc5, by its Python package (the extra ``cvc5``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import closing, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any

from planrace.checker.engines.interrupts import pending
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.results.extras import install_command
from planrace.checker.results.proof import Confirmation
from planrace.checker.results.wording import counted
from planrace.model.language import ModelError

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.tasks import TaskHosts

SECOND = Path(__file__).with_name("solver_process.py")
GLANCE = 0.1
"""Seconds between two checks of the clock while the solver works."""
ENDED = "the solver's process ended"
PART = 8
"""The scripts of a task: so many that starting the solver for them does not count."""


def confirmer() -> Any:
    """The second solver. Raises ``ModelError`` if it is not installed."""
    try:
        import cvc5
    except ImportError:
        raise ModelError("cvc5 is not installed", remedy=install_command("cvc5")) from None
    return cvc5


class Confirming:
    """Asks cvc5 about SMT-LIB 2 scripts, by name and text: each must be unsatisfiable. ``interrupted`` says that some
    were not checked. With ``hosts`` tasks ask it, on each machine its own."""

    def __init__(
        self, texts: Iterable[tuple[str, str]], listener: Listener | None = None, hosts: TaskHosts | None = None
    ) -> None:
        self._texts, self._hosts = texts, hosts
        self._limit_guard = LimitGuard("confirming", Limits(), listener)
        self._name = f"cvc5 {confirmer().__version__}"
        self.interrupted = False

    def run(self) -> Confirmation:
        """The results; scripts that were not checked in time count as doubted."""
        doubted: list[tuple[str, str]] = []
        count = 0
        answers = self._answers() if self._hosts is None else self._answers_of(self._hosts)
        try:
            with closing(answers):
                for name, answer in answers:
                    count += 1
                    if answer != "unsat":
                        doubted.append((name, answer))
        except KeyboardInterrupt:
            self.interrupted = True
        return Confirmation(self._name, count, tuple(doubted))

    def _answers(self) -> Generator[tuple[str, str], None, None]:
        with _Second(self._limit_guard) as second:
            for count, (name, text) in enumerate(self._texts, 1):
                yield name, second.ask(text, count)

    def _answers_of(self, hosts: TaskHosts) -> Generator[tuple[str, str], None, None]:
        from planrace.checker.engines.cluster.tasks import run_all

        texts = list(self._texts)
        parts = [texts[n : n + PART] for n in range(0, len(texts), PART)]
        found = run_all(
            answered_in_task,
            None,
            [[text for _, text in part] for part in parts],
            hosts,
            check=lambda ended: self._limit_guard.announce(
                f"{min(PART * ended, len(texts))} of {counted(len(texts), 'obligation')} checked by the cluster"
            ),
            called=lambda _: "a check by cvc5",
            lost=lambda part, why: [why] * len(part),
        )
        for part, answers in zip(parts, found, strict=True):
            yield from zip((name for name, _ in part), answers, strict=True)


def answered_in_task(_: None, texts: list[str]) -> list[str]:
    """cvc5's answers to some scripts, in any process. Raises ``ModelError`` if it is not installed there."""
    confirmer()
    with _Second(LimitGuard("confirming", Limits())) as second:
        return [second.ask(text, n) for n, text in enumerate(texts, 1)]


def confirm(texts: Iterable[tuple[str, str]], listener: Listener | None = None) -> Confirmation:
    """Check the scripts with cvc5. Raises ``KeyboardInterrupt``."""
    confirming = Confirming(texts, listener)
    found = confirming.run()
    if confirming.interrupted:
        raise KeyboardInterrupt
    return found


class _Second:
    """The process of the second solver, started on first use."""

    def __init__(self, limit_guard: LimitGuard) -> None:
        self._limit_guard = limit_guard
        self._process: subprocess.Popen[str] | None = None
        self._answers: SimpleQueue[str] = SimpleQueue()

    def __enter__(self) -> _Second:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, text: str, number: int) -> str:
        """The answer to a script, or why there is none."""
        sent = False
        while True:
            if pending():
                raise KeyboardInterrupt
            stopped = self._limit_guard.look(number, 0, 0)
            if stopped:
                self._end()
                return stopped.sentence
            if not sent:
                self._send(text)
                sent = True
            try:
                line = self._answers.get(timeout=GLANCE)
            except Empty:
                continue
            if not line:
                self._end()
                return ENDED
            return str(json.loads(line))

    def _send(self, text: str) -> None:
        process = self._process or self._start()
        assert process.stdin is not None
        with suppress(OSError):  # it has ended, which the answer says
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()

    def _start(self) -> subprocess.Popen[str]:
        self._answers = SimpleQueue()
        process = self._process = subprocess.Popen(
            [sys.executable, "-P", str(SECOND)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"},
        )
        threading.Thread(target=_read, args=(process, self._answers), daemon=True).start()
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        assert process.stdin is not None
        with suppress(OSError):  # it had not read all of it
            process.stdin.close()


def _read(process: subprocess.Popen[str], answers: SimpleQueue[str]) -> None:
    """Forward the answers, and an empty one at the end."""
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put("")
