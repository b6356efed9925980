"""Processes read and update records and sequences of the protocol."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    index,
    integers,
    record,
    sequence,
    update,
    when,
)
from planrace.model.processes import local, process
from planrace.properties import invariant

Worker = index("worker", 2)
Number = integers(0, 3, "number")
Batch = record("batch", of=Number, at=Number)


def test_names_keep_the_value_of_their_moment() -> None:
    p = Protocol("p", "a protocol")
    queue = p.variable("queue", sequence(Number, 2), [2, 3])
    batch = p.variable("batch", Batch, Batch(of=1, at=0))
    x = p.variable("x", Number, 0)

    @process(p, by="somebody")
    def work() -> Any:
        old = batch
        update(batch, batch.replace(of=queue.head))
        update(queue, queue.tail)
        update(batch, batch.replace(at=queue.head))
        update(x, old.of)
        yield

    interpreter = Interpreter(p.system().instance())
    ((_, after),) = interpreter.moves(interpreter.initials()[0])
    names = [v.name for v in p.system().variables]
    found = dict(zip(names, after, strict=True))
    assert (found["batch.of"], found["batch.at"], found["x"]) == (2, 3, 1)
    assert (found["queue.length"], found["queue.slots"]) == (1, (3, 0))


def test_what_is_not_there_stays_an_error() -> None:
    p = Protocol("p", "a protocol")
    queue = p.variable("queue", sequence(Number, 1), [2])
    x = p.variable("x", Number, 0)

    @process(p, by="somebody")
    def work() -> Any:
        update(queue, queue.tail)
        update(x, queue.head)
        yield

    p.declare(invariant("small", x <= 3, "it is small"))
    with pytest.raises(ModelError, match="which is empty"):
        check(p)


def test_locals_have_no_parts() -> None:
    p = Protocol("p", "a protocol")
    x = p.variable("x", Number, 0)
    with pytest.raises(DefinitionError, match=r"a local variable of a process has no parts, and a batch has"):

        @process(p, Worker)
        def work(i: Any) -> Any:
            mine = local(Batch, Batch(of=0, at=0))  # type: ignore[arg-type]
            when(x == 0)
            update(x, mine.of)
            yield


told = Protocol("told", "a protocol")
whole = told.variable("whole", Batch, Batch(of=1, at=0))


def test_an_assignment_in_place_of_an_update_is_told() -> None:
    with pytest.raises(DefinitionError, match=r"write update\(whole, …\)"):

        @process(told, by="somebody")
        def work() -> Any:
            whole = Batch(of=2, at=0)  # noqa: F841
            yield
