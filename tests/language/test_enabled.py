"""``enabled(action)`` is what the guard of the action says in the system that is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from planrace.checker.api.calls import check, mutate, prove
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Context, Interpreter, RangeError
from planrace.model.language import (
    Changes,
    DefinitionError,
    ModelError,
    Op,
    Protocol,
    Step,
    Term,
    any_outcome,
    array,
    boolean,
    changed,
    count,
    enabled,
    exists,
    forall,
    index,
    integers,
    outcome,
    primed,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.enabled import settled
from planrace.model.language.terms import constant, subterms
from planrace.properties import invariant, leads_to, lemma, proof, reachable, step_invariant
from tests.random_systems.draw import draw
from tests.random_systems.write import load

NUMBER = integers(0, 3)


def desk() -> Protocol:
    """A clerk serves clients who are alone."""
    p = Protocol("desk", "a clerk serves clients")
    client = index("client", 2, symmetric=True)
    asks = p.variable("asks", array(client, boolean()), False)
    left = p.variable("left", NUMBER, 3)
    lost = p.fault("lost", "somebody is lost")

    @p.action(client, by=client, fairness="none")
    def ask(c: Term) -> Step:
        return step(when(~asks[c]), update(asks[c], True))

    @p.action(client, NUMBER, by="clerk")
    def serve(c: Term, n: Term) -> Step:
        alone = ~exists(client, lambda d: asks[d] & (d != c))
        return step(when(asks[c], alone, n == left), any_outcome(outcome("ok", when(n > 0), update(asks[c], False))))

    @p.action(client, by="crowd", fault=lost)
    def lose(c: Term) -> Step:
        return step(when(asks[c]), update(asks[c], False))

    @p.protection("closed", "nobody is served")
    def closed(change: Changes) -> None:
        change.require("serve", left < 0)

    return p


def at(p: Protocol, term: Term, *asking: int) -> bool:
    """Whether ``term`` holds where these clients ask."""
    p.declare(invariant("asked", term, "it is asked"))
    system = p.system()
    interpreter = Interpreter(system.instance())
    state = (tuple(k in asking for k in (1, 2)), *interpreter.initial()[1:])
    return interpreter.holds(system.properties[-1].holds, state)


CLIENT = index("client", 2, symmetric=True)


@pytest.mark.parametrize(
    ("make", "asking", "wanted"),
    [
        (lambda: enabled("serve"), (), False),
        (lambda: enabled("serve"), (1,), True),
        (lambda: enabled("serve"), (1, 2), False),
        (lambda: enabled("serve", n=3), (1,), True),
        (lambda: enabled("serve", n=2), (1,), False),
        (lambda: enabled("serve", n=7), (1,), False),
        (lambda: exists(CLIENT, lambda d: enabled("serve", c=d)), (2,), True),
        (lambda: forall(CLIENT, lambda d: enabled("serve", c=d)), (2,), False),
        (lambda: count(CLIENT, lambda d: enabled("ask", c=d)) == 1, (2,), True),
        (lambda: enabled("lose"), (1,), False),
    ],
)
def test_guards_stand_in_the_place(make: Callable[[], Term], asking: Any, wanted: bool) -> None:
    """Open parameters are chosen, a value that no parameter has enables nothing, a fault that is off is not enabled;
    the guard's own variable ``d`` is another one than that of the property."""
    assert at(desk(), make(), *asking) == wanted


@pytest.mark.parametrize("engine", ["explicit", "bmc", "induction", "simulate", "proof"])
def test_every_engine_reads_the_guard(engine: str) -> None:
    p = desk()
    p.declare(
        reachable("waits", enabled("ask") & exists(CLIENT, lambda c: enabled("serve", c=c)), "one is served"),
        invariant("never-served", ~enabled("serve"), "nobody can be served; this is false"),
        invariant("alone", count(CLIENT, lambda d: enabled("serve", c=d)) <= 1, "one at a time"),
        step_invariant("blocks", primed(enabled("serve")).implies(~taken("serve")), "one after the other"),
    )
    options = Options(engine=engine, seed=1 if engine == "simulate" else None)
    names = ("never-served", "alone", "blocks") if engine == "proof" else ()
    found = {f.name: f.verdict.word for f in check(p, options=replace(options, properties=names)).findings}
    assert found["never-served"] == "violated"
    assert engine == "proof" or found["waits"] == "holds"
    if engine not in ("bmc", "simulate"):
        assert found["alone"] == found["blocks"] == "holds"


def test_it_follows_protections_changes_mutants_and_faults() -> None:
    p = desk()
    p.declare(invariant("never-served", ~enabled("serve"), "nobody can be served"))
    p.declare(invariant("never-lost", ~enabled("lose"), "nobody can be lost"))
    said = Options(properties=("never-served",))
    assert check(p, options=said).verdict.word == "violated"
    assert check(p, with_protections=["closed"], options=said).verdict.word == "holds"
    other = changed(p.system(), lambda change: change.require("serve", change_left(p) < 0))
    assert check(other, options=said).verdict.word == "holds"
    assert check(p, faults=["lost"], options=Options(properties=("never-lost",))).verdict.word == "violated"
    found = mutate(p, options=said, actions=["serve"])
    killed = {j.mutant.change: j.status.value for j in found.judged}
    assert killed["never happens"] == "killed"  # then nobody can be served, which was violated before


def change_left(p: Protocol) -> Term:
    """The variable that says how many are left."""
    return p.variables["left"].term


def test_liveness_and_lemmas_may_ask() -> None:
    p = desk()
    p.declare(
        forall(CLIENT, lambda c: leads_to("served", enabled("serve", c=c), ~enabled("serve", c=c), "it is done")),
        invariant("alone", count(CLIENT, lambda d: enabled("serve", c=d)) <= 1, "one at a time"),
    )
    p.argue(proof([lemma("served-asks", enabled("serve").implies(~enabled("ask") | enabled("ask")), "trivial")]))
    assert check(p).verdict.word == "holds"
    assert prove(p).verdict.word == "holds"
    (found,) = p.system().proofs
    assert not any(t.op is Op.ENABLED for x in found.lemmas for t in subterms(x.holds))


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (lambda: enabled("srve"), "enabled: no action is called 'srve'.*did you mean serve"),
        (lambda: enabled("serve", d=1), "enabled: serve has no parameter 'd'"),
        (lambda: enabled("serve", c=1), "enabled: c of serve is a client, 1 is a"),
    ],
)
def test_what_does_not_exist_is_refused(term: Callable[[], Term], words: str) -> None:
    p = desk()
    p.declare(invariant("asked", term(), "it is asked"))
    with pytest.raises(ModelError, match=words):
        check(p)


def test_only_properties_and_lemmas_ask() -> None:
    p = desk()
    p.declare(invariant("yes", enabled("ask") | ~enabled("ask"), "trivial"))
    p.final(~enabled("ask"))
    with pytest.raises(ModelError, match=r"final states: enabled\(…\) may stand in properties and lemmas only"):
        check(p)

    def greedy() -> Step:
        return step(when(~enabled("ask")))

    with pytest.raises(DefinitionError, match=r"greedy: enabled ask.. may stand in properties and lemmas only"):
        desk().action(by="me")(greedy)
    with pytest.raises(DefinitionError, match="is not a parameter"):
        proof([], assuming=[enabled("ask")])


@pytest.mark.parametrize("seed", range(8))
def test_enabled_is_what_the_interpreter_does(seed: int) -> None:
    """Of every action of a random system, with and without its parameters, in some reachable states."""
    described = draw(seed).described
    protocol = load(described)
    system = protocol.system([*protocol.protections], [*protocol.faults])
    instance = system.instance()
    asked: dict[Any, Term] = {(n, None): enabled(n) for n in system.actions}
    for n, a in system.actions.items():
        for choice in list(instance.choices(a))[:12]:
            given = {str(p): constant(k, p.sort) for p, k in zip(a.parameters, choice, strict=True)}
            asked[n, choice] = enabled(n, **given)
    properties = tuple(invariant(f"p{k}", t, "it is asked") for k, t in enumerate(asked.values()))
    system = settled(replace(system, stated=(properties, ())))
    terms = {k: p.holds for k, p in zip(asked, system.properties, strict=True)}
    interpreter = Interpreter(system.instance())
    states = [interpreter.initial()]
    for s in states[:25]:
        try:
            moves = list(interpreter.moves(s))
        except RangeError:
            continue
        states += [t for _, t in moves if t not in states][:3]
        met = {(m.action.name, m.choice) for m, _ in moves} | {(m.action.name, None) for m, _ in moves}
        assert {k for k, t in terms.items() if interpreter.evaluate(t, Context({}, s))} == met & set(terms)
