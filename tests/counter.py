"""A protocol for tests of the pytest plugin, as a file of its author."""

PROTOCOL = """
from planrace.model.language import *
from planrace.properties import invariant, reachable

protocol = Protocol("counter", "workers increment a shared number")
workers = protocol.parameter("workers", 2, 1, 5)
Worker = index("worker", workers, symmetric=True)
total = protocol.variable("total", integers(0, workers), 0)
copy = protocol.variable("copy", array(Worker, integers(0, workers)), 0)
stage = protocol.variable("stage", array(Worker, integers(0, 2)), 0)


@protocol.action(Worker, by=Worker)
def read(w):
    return step(when(stage[w] == 0), update(copy[w], total), update(stage[w], 1), says("reads {n}", n=total))


@protocol.action(Worker, by=Worker)
def write(w):
    return step(when(stage[w] == 1), update(total, copy[w] + 1), update(stage[w], 2), says("writes"))


done = forall(Worker, lambda w: stage[w] == 2)
protocol.declare(
    invariant("all-counted", done.implies(total == workers), "when all are done, all are counted"),
    invariant("in-range", total <= workers, "nobody counts twice"),
)
protocol.final(done)


@protocol.protection("compare-and-set", "a write over another number is dropped")
def compare_and_set(change):
    change.outcome("write", lambda w: outcome("again", when(total != copy[w]), update(stage[w], 0)))


fixed = protocol.variant("counter-fixed", ["compare-and-set"])
"""
