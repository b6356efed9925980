"""Steps that a change inserts into a process: the same as if they stood in its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import planrace
from planrace import Changes, DefinitionError, Options, System, changed, check, invariant, otherwise, outcome, step
from planrace.model.patterns import crash
from tests import naive
from tests.programs.test_compiled import loop, written

PLAIN = """
when(x < 3)
yield at("FIRST")
if slot[i] < 2:
    outcome("more")
    slot[i] += 1
    yield at("LAST")
else:
    outcome("most")
    slot[i] = 0
    yield at("LAST")
"""


def counts(system: System) -> tuple[int, int]:
    found = naive.search(system.instance(), [])
    return found.states, found.transitions


def inserted(body: str, insert: Callable[[Changes, dict[str, Any]], object], *, faults: bool = False) -> System:
    protocol, space = written(loop(body))
    if faults:
        crash(protocol, space["worker"], fault="storm")

    def change(c: Changes) -> None:
        insert(c, space)

    return changed(protocol.system(faults=["storm"] if faults else []), change)


def as_text(body: str, *, faults: bool = False) -> System:
    return inserted(body, lambda c, space: True, faults=faults)


def adds(space: dict[str, Any]) -> Callable[[planrace.Term], planrace.Step]:
    """A step that goes round, while the member has done something or nobody else has."""
    x, slot = space["x"], space["slot"]
    return lambda i: step(planrace.when((slot[i] > 0) | (x == 0)), planrace.update(x, planrace.If(x < 2, x + 1, 0)))


ADDS = 'when(slot[i] > 0 or x == 0)\nupdate(x, x + 1 if x < 2 else 0)\nyield at("NEW")\n'


@pytest.mark.parametrize("faults", [False, True])
def test_a_step_after_a_point_is_as_if_it_stood_there(faults: bool) -> None:
    made = inserted(PLAIN, lambda c, s: c.insert(s["worker"], after="FIRST", name="NEW", steps=adds(s)), faults=faults)
    text = PLAIN.replace('yield at("FIRST")\n', 'yield at("FIRST")\n' + ADDS)
    assert counts(made) == counts(as_text(text, faults=faults))
    assert counts(made) != counts(as_text(PLAIN, faults=faults))


@pytest.mark.parametrize("faults", [False, True])
def test_a_step_before_a_point_is_as_if_it_stood_there(faults: bool) -> None:
    made = inserted(PLAIN, lambda c, s: c.insert("worker", before="LAST", name="NEW", steps=adds(s)), faults=faults)
    text = PLAIN.replace('yield at("FIRST")\n', 'yield at("FIRST")\n' + ADDS)
    assert counts(made) == counts(as_text(text, faults=faults))


def test_a_step_after_one_outcome() -> None:
    made = inserted(
        PLAIN, lambda c, s: c.insert("worker", after="LAST", outcome="more", name="NEW", steps=adds(s)), faults=True
    )
    text = PLAIN.replace('    yield at("LAST")\nelse', '    yield at("LAST")\n    NEW\nelse')
    text = text.replace("    NEW\n", "".join(f"    {line}\n" for line in ADDS.splitlines()))
    assert counts(made) == counts(as_text(text, faults=True))


def test_several_steps_and_what_follows_an_outcome_of_one() -> None:
    """Of those after a point the first inserted comes first, of those before one the last inserted does."""

    def mark(value: int) -> planrace.Step:
        return step(planrace.update(x, value))

    protocol, space = written(loop('yield at("FIRST")\nyield at("LAST")\n'), workers=1)
    x = space["x"]

    def change(c: Changes) -> None:
        c.insert("worker", after="FIRST", name="A", steps=lambda i: mark(1))
        c.insert("worker", after="FIRST", name="B", steps=lambda i: mark(2))
        c.insert("worker", before="LAST", name="D", steps=lambda i: mark(0))
        c.insert("worker", before="LAST", name="C", steps=lambda i: mark(3))

    text = 'yield at("FIRST")\n' + "".join(
        f'update(x, {n})\nyield at("{p}")\n' for p, n in (("A", 1), ("B", 2), ("C", 3), ("D", 0))
    )
    made = changed(protocol.system(), change)
    assert counts(made) == counts(written(loop(text + 'yield at("LAST")\n'), workers=1)[0].system()) == (6, 6)


def test_an_outcome_of_the_step_before_decides_whether_the_process_goes_on() -> None:
    protocol, space = written(loop('yield at("FIRST")\nupdate(x, 1)\nyield at("LAST")\n'), workers=1)
    worker, x = space["worker"], space["x"]

    def look(i: planrace.Term) -> planrace.Step:
        again = outcome("again", planrace.when(x == 1), planrace.update(worker.at(i), worker.point("FIRST")))
        return step(again, otherwise("go"))

    def change(c: Changes) -> None:
        c.insert(worker, before="LAST", steps=look, outcome="go")

    made = changed(protocol.system(), change)
    assert "worker_before_last" in made.actions
    assert counts(made) == (5, 5)


def test_a_choice_is_inserted_beside_as_a_whole() -> None:
    body = 'with either("a"):\n    update(x, 1)\n    yield at("ONE")\n'
    body += 'with or_("b"):\n    update(x, 2)\n    yield at("ONE")\n'
    made = inserted(body, lambda c, s: c.insert("worker", after="ONE", name="NEW", steps=lambda i: step()))
    assert counts(made) == counts(as_text(body + 'pass\nif True:\n    yield at("NEW")\n'))


def test_the_other_members_go_on_and_other_processes_too() -> None:
    made = inserted(PLAIN, lambda c, s: c.insert("worker", after="FIRST", name="NEW", steps=adds(s)))
    assert "worker_new_pending[i]" in str(made.actions["worker_last"].guard)
    assert "worker = LAST" in str(made.actions["worker_new"].guard).replace("[i]", "")


def test_it_can_be_changed_and_named_and_all_engines_agree() -> None:
    protocol, space = written(loop(PLAIN))
    worker, x = space["worker"], space["x"]

    @protocol.protection("new", "a step more")
    def new(change: Changes) -> None:
        change.insert(worker, after="FIRST", name="NEW", steps=adds(space))
        change.step(worker, "NEW").require(lambda i: x < 3)

    protocol.declare(invariant("few", x < 2, "there are few"))
    found = {
        engine: check(protocol, with_protections=["new"], options=Options(engine=engine, depth=8)).findings[0].depth
        for engine in ("explicit", "bmc")
    }
    assert len(set(found.values())) == 1
    assert found["explicit"] == naive.search(protocol.system(["new"]).instance()).shortest["few"]


@pytest.mark.parametrize("where", [{"after": "FIRST"}, {"before": "LAST"}])
def test_properties_and_lemmas_name_an_inserted_point(where: dict[str, str]) -> None:
    """As they would name it if it stood in the text; without the protection nobody stands there."""
    protocol, space = written(loop(PLAIN))
    worker, x, slot, sort = space["worker"], space["x"], space["slot"], space["Worker"]

    @protocol.protection("new", "a step more")
    def new(change: Changes) -> None:
        change.insert(worker, name="NEW", steps=adds(space), **where)

    def there(i: planrace.Term) -> planrace.Term:
        found: planrace.Term = worker.at(i, "NEW")
        return found

    late = planrace.exists(sort, lambda i: there(i) & (slot[i] == 2))
    protocol.declare(invariant("early", ~late, "nobody stands there late"))
    text = PLAIN.replace('yield at("FIRST")\n', 'yield at("FIRST")\n' + ADDS)
    stands, own = written(loop(text))
    same = planrace.exists(own["Worker"], lambda i: (own["worker"].at(i) == "NEW") & (own["slot"][i] == 2))
    stands.declare(invariant("early", ~same, "nobody stands there late"))
    found, wanted = check(protocol, with_protections=["new"]).findings[0], check(stands).findings[0]
    assert (found.verdict, found.depth) == (wanted.verdict, wanted.depth)
    assert wanted.depth is not None
    assert wanted.depth > 4
    assert check(protocol).verdict is planrace.Verdict.HOLDS
    lemma = planrace.lemma("slots", planrace.forall(sort, lambda i: there(i).implies(slot[i] < 3)), "few")
    protocol.argue(planrace.proof([lemma]))
    assert not any("at worker_new" in str(x.holds) for a in protocol.system(["new"]).proofs for x in a.lemmas)
    with pytest.raises(planrace.ModelError, match="no point of process worker is called 'NEV'"):
        worker.at(planrace.first(sort), "NEV")
    ended = protocol.variant("ended", ["new"])
    protocol.final(there(planrace.first(sort)))
    with pytest.raises(
        planrace.ModelError, match="final states: a point that a change inserts may stand in properties"
    ):
        ended.system()
    with pytest.raises(DefinitionError, match=r"at worker_new.*may stand in properties and lemmas only"):

        @protocol.action(sort, by="x")
        def wrong(i: planrace.Term) -> planrace.Step:
            return step(planrace.when(there(i)), planrace.update(x, 0))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"after": "FIRS"}, "process worker has no step FIRS (its steps are FIRST, LAST)"),
        ({"after": "FIRST", "process": "wrker"}, "there is no process wrker (did you mean worker?)"),
        ({}, 'a step is inserted after a point or before one (write change.insert(worker, after="POINT", steps=…)'),
        ({"after": "FIRST", "before": "LAST"}, "after a point or before one"),
        ({"after": "FIRST", "name": "LAST"}, "process worker has a step LAST already"),
        ({"after": "FIRST", "name": "a b"}, "'a b' is not the name of a step"),
        ({"after": "FIRST", "outcome": "more"}, "worker_first has no outcome more"),
        (
            {"after": "FIRST", "steps": 3},
            'write change.insert(worker, after="FIRST", name="AFTER_FIRST", steps=lambda i:',
        ),
    ],
)
def test_what_cannot_be_inserted(arguments: dict[str, Any], words: str) -> None:
    given = {"process": "worker", "steps": step(), **arguments}
    with pytest.raises(DefinitionError) as caught:
        inserted(PLAIN, lambda c, s: c.insert(given.pop("process"), **given))
    assert words in str(caught.value)


def test_nothing_comes_before_a_step_that_was_inserted_after_another() -> None:
    def both(c: Changes, space: dict[str, Any]) -> None:
        c.insert("worker", after="FIRST", name="A", steps=lambda i: step())
        c.insert("worker", before="A", name="B", steps=lambda i: step())

    with pytest.raises(DefinitionError, match="insert the steps in the order in which they happen"):
        inserted(PLAIN, both)
