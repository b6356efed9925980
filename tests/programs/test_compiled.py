"""What processes become: points, actions, outcomes, local variables; and what is refused, at its line."""

from __future__ import annotations

import itertools
import linecache
import textwrap
from typing import Any

import pytest

import planrace
from planrace import ModelError, Process, Protocol, check, index
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.patterns import crash
from planrace.model.processes.reading import one_less
from tests import naive

_NUMBER = itertools.count()
HEAD = """
x = protocol.variable("x", integers(0, 3), 0)
slot = protocol.variable("slot", array(Worker, integers(0, 3)), 0)
owner = protocol.variable("owner", optional(Worker), None)
bag = protocol.variable("bag", subsets(integers(0, 3)), set())
protocol.fault("storm", "things go wrong")


def helper(w):
    update(slot[w], 1)
    yield says("helps {w}")


def nothing(w):
    yield from nothing(w)
    yield
"""


def written(text: str, workers: int = 2) -> tuple[Protocol, dict[str, Any]]:
    """A protocol whose file ends with ``text``; its first line is line 1."""
    protocol = Protocol("small")
    space: dict[str, Any] = {n: getattr(planrace, n) for n in dir(planrace)}
    space |= {"protocol": protocol, "Worker": index("worker", workers, ordered=True), "__name__": "small"}
    body = textwrap.dedent(text).lstrip("\n")
    for part in (HEAD, body):
        name = f"small-{next(_NUMBER)}.py"
        linecache.cache[name] = (len(part), None, part.splitlines(keepends=True), name)
        exec(compile(part, name, "exec"), space)
    return protocol, space


def loop(body: str) -> str:
    """A process whose body is ``body``, again and again."""
    return "@process(protocol, Worker)\ndef worker(i):\n    while True:\n" + textwrap.indent(
        textwrap.dedent(body), " " * 8
    )


def actions(text: str) -> dict[str, Any]:
    return dict(written(text)[0].actions)


def test_a_step_stands_between_two_yields() -> None:
    made = actions(
        loop("""
        when(x == 0)
        update(x, 1)
        yield at("ONE"), says("begins")
        update(x, 0)
        yield says("ends it, and goes on")
        """)
    )
    assert list(made) == ["worker_one", "worker_ends_it_and_goes"]
    assert [(a.origin.point, a.origin.first, a.origin.last) for a in made.values()] == [
        ("ONE", 5, 7),
        ("ENDS_IT_AND_GOES", 8, 9),
    ]
    assert str(made["worker_one"].guard) == "(worker[i] = ONE) ∧ (x = 0)"


def test_branches_are_outcomes_and_choices_are_actions() -> None:
    made = actions(
        loop("""
        with either("go"):
            if x == 0:
                outcome("first")
                update(x, 1)
                yield at("STEP")
            else:
                when(slot[i] == 0)
                outcome("other")
                yield at("STEP")
        with or_("stay"):
            yield at("STEP")
        with or_(fault="storm"):
            update(x, 3)
            yield at("STEP")
        """)
    )
    assert list(made) == ["worker_step_go", "worker_step_stay", "worker_step_3"]
    assert [o.name for o in made["worker_step_go"].outcomes] == ["first", "other"]
    assert made["worker_step_3"].fault == "storm"
    assert made["worker_step_3"].fairness == "none"


def test_a_chosen_member_is_a_parameter() -> None:
    made = actions(
        loop("""
        w = some(Worker, lambda w: slot[w] == 0)
        slot[w] = 1
        yield at("TAKE")
        """)
    )
    (take,) = made.values()
    assert [str(p) for p in take.parameters] == ["i", "w"]
    assert str(take.guard) == "(worker[i] = TAKE) ∧ (slot[w] = 0)" or "slot[w] = 0" in str(take.guard)


def test_loops_go_on_before_the_process_rests() -> None:
    protocol, space = written(
        loop("""
        for w in Worker:
            slot[w] = 1
            yield at("WALK")
        update(x, 0)
        yield at("END")
        """)
    )
    assert space["worker"].points == ("WALK", "END")
    (outcome,) = protocol.actions["worker_walk"].outcomes
    assert "if worker_w[i] = last worker then END else WALK" in str([str(u.value) for u in outcome.updates])


def test_a_local_variable_is_forgotten_where_nothing_reads_it() -> None:
    protocol, _ = written(
        "@process(protocol, Worker)\n"
        "def worker(i):\n"
        "    a = local(integers(0, 3), 0)\n"
        "    kept = persistent(integers(0, 3), 2)\n"
        "    while True:\n"
        "        a = x\n"
        "        kept = x\n"
        "        yield at('ONE')\n"
        "        slot[i] = a\n"
        "        yield at('TWO')\n"
    )
    updates = {str(u.target): str(u.value) for u in protocol.actions["worker_two"].outcomes[0].updates}
    assert updates["worker_a[i]"] == "0"
    assert "worker_kept[i]" not in updates


def test_what_was_assigned_is_read_in_the_same_step() -> None:
    protocol, _ = written(
        loop("""
        when(x < 3)
        before = x
        update(x, x + 1)
        slot[i] = x
        update(bag, bag | {before})
        yield at("STEP"), says("{before} becomes {x}")
        """)
    )
    (step,) = protocol.actions.values()
    updates = {str(u.target): str(u.value) for u in step.outcomes[0].updates}
    assert updates == {"x": "x + 1", "slot[i]": "x + 1", "bag": "bag ∪ {x}"}
    assert step.says is not None
    assert {n: str(t) for n, t in step.says.terms} == {"before": "x", "x": "x + 1"}


def test_elements_that_may_be_one() -> None:
    """The later assignment holds where two positions are the same."""
    protocol, _ = written(
        "@process(protocol, Worker, Worker)\n"
        "def pair(i, j):\n"
        "    slot[i] = 1\n"
        "    slot[j] = 2\n"
        "    update(x, slot[i])\n"
        "    yield at('STEP')\n",
    )
    instance = protocol.system().instance()
    interpreter = Interpreter(instance)
    names = [v.name for v in instance.system.variables]
    found = {
        move.choice: (after[names.index("slot")], after[names.index("x")])
        for move, after in interpreter.moves(interpreter.initial())
    }
    assert found[1, 1] == ((2, 0), 2)
    assert found[1, 2] == ((1, 2), 1)


def test_sub_processes_are_read_where_they_are_called() -> None:
    made = actions(loop('yield at("BEGIN")\nyield from helper(i)\n'))
    assert list(made) == ["worker_begin", "worker_helps"]


def test_a_process_that_returns_is_done() -> None:
    protocol, space = written("@process(protocol, Worker)\ndef worker(i):\n    slot[i] = 1\n    yield at('ONE')\n")
    worker = space["worker"]
    assert isinstance(worker, Process)
    assert worker.points == ("ONE", "DONE")
    protocol.final(worker.all_at("DONE"))
    assert naive.search(protocol.system().instance()).states == 4


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_last_turn_of_a_loop_that_assigns_a_whole_array_is_told_from_the_others(turns: int) -> None:
    protocol, space = written(
        """
        turns = protocol.parameter("turns", 1, 0, 3)
        @process(protocol)
        def worker():
            for k in range(0, turns):
                update(slot, each(Worker, lambda w: slot[w] + 1))
                yield
        """
    )
    protocol.final(space["worker"].at("DONE"))
    assert naive.search(protocol.system().instance(turns=turns)).states == turns + 1


def test_a_crash_begins_it_anew() -> None:
    protocol, space = written(loop("slot[i] = 1\nyield at('ONE')\nslot[i] = 0\nyield at('TWO')\n"))
    crash(protocol, space["worker"], fault="storm")
    found = protocol.system(faults=["storm"]).actions["crash"]
    assert [str(u.target) for u in found.outcomes[0].updates] == ["worker[member]"]
    assert found.actor is not None


def test_points_in_properties_and_protections() -> None:
    protocol, space = written(loop("yield at('ONE')\nupdate(x, 1)\nyield at('TWO')\n"))
    worker = space["worker"]

    @protocol.protection("careful", "the second step waits")
    def careful(change: planrace.Changes) -> None:
        change.step(worker, "TWO").require(lambda i: space["x"] == 0)

    worker_sort = space["Worker"]
    there = planrace.forall(worker_sort, lambda i: worker.at(i, "ONE", "TWO"))
    protocol.declare(planrace.invariant("stays", there, "every worker is at one of its points"))
    assert check(protocol)
    assert "x = 0" in str(protocol.system(["careful"]).actions["worker_two"].guard)
    with pytest.raises(ModelError, match="no point of process worker is called 'TREE'"):
        worker.at(planrace.first(worker_sort), "TREE")
    with pytest.raises(ModelError, match="process worker has no step THREE"):
        planrace.changed(protocol.system(), lambda change: change.step(worker, "THREE").require(True))


REFUSED = {
    "x = 1\nyield": "gives the name of a variable of the protocol",
    "t = x\nyield\nslot[i] = t\nyield": "t has no value here: it is known to the end of the step",
    "t = x\nyield\nw = some(Worker, lambda w: slot[w] == t)\nslot[w] = 0\nyield": "t has no value here",
    "t = x\nyield\nwhen(forall(Worker, lambda w: slot[w] == t))\nyield": "t has no value here",
    "while x < 3:\n    update(x, 0)\nyield": "may go round for ever within one step",
    "try:\n    update(x, 1)\nexcept ValueError:\n    pass\nyield": "means nothing here .a process catches nothing",
    "x == 1\nyield": "on a line of its own does nothing",
    "says('a')\nyield says('b')": "says(…) appears twice in one step",
    "at('A')\nyield at('B')": "one step is called A and B",
    "if x == 0:\n    yield at('A')\nelse:\n    yield at('B')": "the step that begins here is called A and B",
    "yield at('A')\nupdate(x, 1)\nyield at('A')": "two steps are called A",
    "a = local(integers(0, 1), 0)\nyield": "declared after the first statement",
    "yield says(f'{x}')": "cannot stand in an expression .write says",
    "for k in bag:\n    yield": "is neither an ordered index nor a range",
    "for k in range(0, x):\n    yield": "the bounds of a range are numbers, or computed from parameters",
    "with either():\n    yield": "either has no other way",
    "with or_():\n    yield": "or_ stands after either alone",
    "outcome('a', when(x == 0))\nyield": "takes a name alone",
    "some(Worker)\nyield": "a chosen member has no name",
    "i = some(Worker)\nyield": "i has a meaning already",
    "w = some(Worker, x == 0)\nslot[w] = 1\nyield": "is no function",
    "w = some(3)\nslot[w] = 1\nyield": "has no members .write some",
    "x.of = 1\nyield": "a field of a record by update(x.of, …)",
    "yield from nothing(i)": "nothing calls itself",
    "yield from helper()": "helper takes 1 parameter",
    "return 1": "a process returns nothing",
    "update(y, 1)\nyield": "NameError",
    "slot[i] += True\nyield": "not a number",
    "assert x == 0\nyield": "declare an invariant",
    "y = (yield)": "cannot stand in an expression",
    "doing_ = x\nyield": "doing_ gets a value here, and nothing reads it .remove it",
    "bga = x\nyield": "bga gets a value here, and nothing reads it .did you mean bag",
    "when(x == 0)\nprint(x)\nyield": "would do something, but a process is read and never run .write says",
    "if x == 0:\n    yield outcome('a')\nyield at('Z')": "line 8 names both .a yield in a branch ends a step",
    "slot[owner] = 1\nyield": "name the member that it is, w = some(worker, lambda w: w == owner)",
    "w = owner\nslot[w] = 1\nyield": "worker = some(worker, lambda worker: worker == w)",
    "when(owner == x)\nyield": "name one by some(worker, …)",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_has_no_meaning_is_refused_at_its_line(body: str) -> None:
    with pytest.raises(ModelError, match=REFUSED[body].replace("(", r"\(").replace(")", r"\)")) as caught:
        written(loop(f"slot[i] = 0\nyield at('START')\n{body}\n"))
    assert caught.value.where is not None
    assert caught.value.where.file.startswith("small-")
    assert caught.value.where.line >= 5, caught.value
    assert caught.value.remedy or not caught.value.what.startswith("process worker: ")


def test_local_variables_are_named_as_in_the_text() -> None:
    text = "    j = local(optional(Worker), None)\n    j = owner\n    yield at('A')\n    slot[j] = 1\n    yield\n"
    with pytest.raises(
        ModelError, match=r"j may be none: name the member that it is, w = some\(worker, lambda w: w == j"
    ):
        written("@process(protocol, Worker)\ndef worker(i):\n" + text)


def test_a_name_that_is_read_in_words_or_begins_with_a_dash_is_none_that_nothing_reads() -> None:
    made = actions(loop("seen = x\n_ = x\nw = some(Worker)\nupdate(x, 1)\nyield says('sees {seen}')\n"))
    assert list(made) == ["worker_sees"]


def test_a_chosen_member_may_be_a_local_variable() -> None:
    text = "    w = local(optional(Worker), None)\n    w = some(Worker, lambda w: slot[w] == 0)\n    yield at('PICK')\n"
    text += "    update(owner, w)\n    yield at('SAY')\n"
    protocol, _ = written("@process(protocol, Worker)\ndef worker(i):\n" + text)
    pick = protocol.actions["worker_pick"]
    assert [str(p) for p in pick.parameters] == ["i", "w"]
    assert "worker_w[i] := w" in " ".join(f"{u.target} := {u.value}" for u in pick.outcomes[0].updates)
    assert str(protocol.actions["worker_say"].outcomes[0].updates[0].value) == "worker_w[i]"


def test_points_are_compared_with_texts() -> None:
    protocol, space = written(loop("yield at('ONE')\nupdate(x, 1)\nyield at('TWO')\n"))
    worker, worker_sort = space["worker"], space["Worker"]
    i = planrace.first(worker_sort)
    for one, other in (
        (worker.at(i) == "TWO", worker.at(i) == worker.point("TWO")),
        (worker.at(i) == "TWO", worker.at(i) == worker.point("TWO")),
        (worker.at(i) != "TWO", worker.at(i) != worker.point("TWO")),
        (worker.at(i).isin({"ONE", "TWO"}), worker.at(i).isin({worker.point("ONE"), worker.point("TWO")})),
    ):
        assert one is other
    assert str(planrace.update(worker.at(i), "ONE").value) == "ONE"
    with pytest.raises(ModelError, match=r"no worker point is called 'TWWO' \(did you mean TWO\?\)"):
        worker.at(i) == "TWWO"  # noqa: B015
    there = planrace.forall(worker_sort, lambda w: worker.at(w) == "ONE")
    protocol.declare(planrace.invariant("stays", there, "nobody goes on"))
    assert check(protocol).findings[0].depth == 1
    other = planrace.enumeration("phase", "IDLE BUSY")
    with pytest.raises(ModelError, match="is neither a term nor a constant"):
        other.IDLE == "IDLE"  # noqa: B015


def test_a_range_to_a_size() -> None:
    protocol, _ = written("")
    n = protocol.parameter("n", 2, 1, 3)
    assert one_less(n + 1) == n
    with pytest.raises(ModelError, match="a term is no number"):
        range(n + 1)


def test_a_local_variable_that_nothing_reads() -> None:
    with pytest.raises(ModelError, match="nothing reads the local variable a") as caught:
        written("@process(protocol)\ndef p():\n    a = local(integers(0, 3), 0)\n    a = x\n    yield\n")
    assert caught.value.where is not None
    assert caught.value.where.line == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@process(protocol, Worker)\ndef p():\n    yield\n", "has the parameters none, but 1 sort"),
        ("@process(protocol)\ndef p():\n    update(x, 1)\n", "no yield stands in it"),
        ("process(protocol)(lambda: None)\n", "is no plain def"),
        ("@process(Worker)\ndef p(i):\n    yield\n", "process takes the protocol first"),
        ("@process(protocol)\ndef p(i=1):\n    yield\n", "its parameters are names alone"),
        ("process(protocol, Worker)\nprotocol.system()\n", "decorates no function"),
        ("@process(protocol)\ndef x():\n    yield\n", "x is declared twice"),
    ],
)
def test_what_is_no_process(text: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        written(text)


def test_calling_a_process() -> None:
    _, space = written("@process(protocol)\ndef p():\n    yield\n")
    with pytest.raises(ModelError, match="p is a process: its function is read"):
        space["p"]()
    with pytest.raises(AttributeError, match="has no local variable plan"):
        _ = space["p"].plan


def test_sorts_are_checked() -> None:
    with pytest.raises(ModelError, match="out of the range"):
        written("@process(protocol)\ndef p():\n    a = local(integers(0, 3), 7)\n    update(x, a)\n    yield\n")
