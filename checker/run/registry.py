"""The registry of engines, and the call that asks one of them."""

from __future__ import annotations

from planrace.checker.engines.limits import until
from planrace.checker.results.report import Report
from planrace.checker.run.cluster_engine import OnCluster
from planrace.checker.run.contract import DEMANDS, Ability, Answers, Engine
from planrace.checker.run.explicit_engines import Adaptive, InMachineCode, InPython
from planrace.checker.run.hunting import BitstateHunt
from planrace.checker.run.options import Options
from planrace.checker.run.proof_engine import EverySize
from planrace.checker.run.request import Request
from planrace.checker.run.simulation import RandomRuns
from planrace.checker.run.symbolic_engines import BoundedSearch, KInduction, SpacerSearch
from planrace.model.language import ModelError
from planrace.model.language.errors import known
from planrace.properties.kinds import Property

ENGINES: dict[str, Engine] = {
    e.name: e
    for e in (
        Adaptive(),
        InPython(),
        InMachineCode(),
        OnCluster(),
        RandomRuns(),
        BitstateHunt(),
        BoundedSearch(),
        KInduction(),
        SpacerSearch(),
        EverySize(),
    )
}
"""Every engine by its name, the default first. A new engine is one line here."""


def engine_for(options: Options) -> Engine:
    """The engine that the options name. Raises ``ModelError`` if there is none or it lacks an ability."""
    engine = ENGINES[known(options.engine, ENGINES, "engine")]
    for demand in DEMANDS:
        alone = demand.ability is Ability.SCENARIO and options.properties
        if demand.requested(options) and (alone or not able(engine.name, demand.ability)):
            other = next(n for n in ENGINES if n != Options.engine and able(n, demand.ability))
            raise ModelError(demand.error.format(engine=engine.name), remedy=demand.remedy.format(able=other))
    return engine


def answering(p: Property) -> str:
    """The name of the first engine that can decide properties of this kind."""
    return next(n for n, e in ENGINES.items() if isinstance(p, e.abilities.kinds))


def able(engine: str, ability: Ability) -> bool:
    """The engine of that name has the ability."""
    return engine in ENGINES and ability in ENGINES[engine].abilities


def ask(request: Request) -> Answers | Report:
    """What the request's engine returns, within the time limit. Raises ``ModelError``."""
    with until(request.options.time_limit):
        return ENGINES[request.options.engine].answer(request)


def answers_of(request: Request) -> Answers:
    """The answers to a request whose engine searches one size, within the time limit. Raises ``ModelError``."""
    found = ask(request)
    assert isinstance(found, Answers), f"engine {request.options.engine} makes a report"
    return found
