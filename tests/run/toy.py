"""An engine that takes one run, for the tests of the contract: all that a new engine is, in one file."""

from __future__ import annotations

from planrace.checker.engines.answer import Answer, shows
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.contract import Abilities, Answers, Engine
from planrace.checker.run.request import Request
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording
from planrace.properties.kinds import Invariant


class FirstSteps(Engine):
    name = "toy"
    summary = "takes the first step that is enabled, again and again"
    abilities = Abilities(Invariant)

    def answer(self, request: Request) -> Answers:
        return Answers(self.name, [self._decide(p, request) for p in request.of(Invariant)])

    def _decide(self, p: Invariant, request: Request) -> Answer:
        run = Recording(Interpreter(request.instance))
        for _ in range(request.options.depth or 10):
            if shows(p, run):
                return Answer(p, Verdict.VIOLATED, "met in the first run", run)
            move = next((m for m, _ in run.interpreter.moves(run.states[-1])), None)
            if move is None:
                break
            run.take(move.action.name, move.choice)
        return Answer(p, Verdict.UNKNOWN, "not met in the first run")
