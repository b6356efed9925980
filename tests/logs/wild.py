"""Logs of random runs that use all that records may say, and random changes of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from random import Random
from typing import Any

from planrace.checker.semantics.describe import Describer, performer, shown_parameter
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import Array, Index, Instance
from tests.logs.logs import Records, Run

STEP = ("action", "any", "parameters", "outcome")
TIME = ("stream", "at", "uncertainty")


def wild_logs(instance: Instance, run: Run, hidden: Collection[str], rng: Random) -> Records:
    """The records of a run in its order. How likely each thing is that a record may say is drawn first."""
    describer, records, serial = Describer(Interpreter(instance)), Records(), 0
    off, how = dict[str, float](), rng.choice(["none", "exact", "wrong", "interval", "mixed"])
    chance = {key: rng.choice(values) for key, values in CHANCES.items()}
    for n, (before, move, after) in enumerate(run):
        if move.action.name in hidden:
            continue
        record = _step(move, rng, chance["open"])
        stream = str(performer(move) if chance["own stream"] else rng.randrange(3))
        record |= {"stream": stream, **_time(n, stream, off, how, rng)}
        for key, state in (("before", before), ("after", after)):
            if rng.random() < chance["values"]:
                values = describer.state(state)
                v = rng.choice(instance.system.variables)
                record[key] = {v.name: _part(v.sort, values[v.name], rng)}
        other = rng.choice(run)[1]
        if rng.random() < chance["any"] and other.action.name not in hidden:
            steps = [{k: record.pop(k) for k in STEP if k in record}, _step(other, rng, 0.5)]
            record["any"] = rng.sample(steps, 2)
        if rng.random() < chance["serials"]:
            serial += rng.choice((0, 1, 1))
            record["serials"] = {"zone": serial}
        elif rng.random() < chance["optional"]:
            record["optional"] = True
        records.append(record)
        if rng.random() < chance["optional"] and other.action.name not in hidden:
            records.append({**{k: record[k] for k in TIME if k in record}, **_step(other, rng, 0.2), "optional": True})
    return records


CHANCES: dict[str, tuple[float, ...]] = {
    "open": (0, 0.2, 0.6),
    "own stream": (0, 1),
    "values": (0, 0.15, 0.4),
    "any": (0, 0.2),
    "serials": (0, 0, 0.3),
    "optional": (0, 0, 0.2),
}


def _step(move: Any, rng: Random, left_open: float) -> dict[str, Any]:
    """What a record says of a step; parts of it are left open."""
    pairs = zip(move.action.parameters, move.choice, strict=True)
    values = {str(p): shown_parameter(p.sort, v) for p, v in pairs if rng.random() >= left_open}
    ended = {} if move.outcome.name is None or rng.random() < 0.3 else {"outcome": move.outcome.name}
    return {"action": move.action.name, "parameters": values, **ended}


def _time(n: int, stream: str, off: dict[str, float], how: str, rng: Random) -> dict[str, Any]:
    how = rng.choice(["none", "exact", "wrong", "interval"]) if how == "mixed" else how
    if how == "wrong":
        return {"at": n + off.setdefault(stream, rng.uniform(-1.5, 1.5)), "uncertainty": 1.5}
    if how == "interval":
        return {"at": [n - rng.choice((0, 0.4, 2)), n + rng.choice((0, 0.4, 2))]}
    return {"at": float(n)} if how == "exact" else {}


def _part(sort: Any, value: Any, rng: Random) -> Any:
    """A value, or some elements of it."""
    if not isinstance(sort, Array) or not isinstance(sort.domain, Index) or rng.random() < 0.4:
        return value
    places = rng.sample(range(len(value)), rng.randint(1, len(value)))
    return {str(n + 1): _part(sort.element, value[n], rng) for n in places}


def changed(records: Records, rng: Random) -> Records:
    """The records with one change: a line is dropped, repeated, swapped with the next one, or says something else."""
    found: Records = json.loads(json.dumps(records))
    n = rng.randrange(len(found))
    other = json.loads(json.dumps(rng.choice(found)))
    match rng.choice(["dropped", "repeated", "swapped", "other step", "other values"]):
        case "dropped":
            del found[n]
        case "repeated":
            found.insert(n, found[n])
        case "swapped":
            for one, two in zip(found[n : n + 1], json.loads(json.dumps(found[n + 1 : n + 2])), strict=False):
                found[n + 1] = {k: v for k, v in one.items() if k not in TIME} | {k: two[k] for k in TIME if k in two}
                found[n] = {k: v for k, v in two.items() if k not in TIME} | {k: one[k] for k in TIME if k in one}
        case "other step":
            found[n] = {k: v for k, v in found[n].items() if k not in STEP} | {k: other[k] for k in STEP if k in other}
        case "other values":
            found[n] |= {k: other[k] for k in ("before", "after") if k in other}
    return found
