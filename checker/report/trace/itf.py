"""Traces in the Informal Trace Format, for the tools around Apalache and Quint; such files are called ``*.itf.json``.

The format is Apalache's ADR-015 (https://apalache-mc.org/docs/adr/015adr-trace.html), its types are those of ADR-002;
``docs/itf.schema.json`` describes the files that are written here. Readers accept different things:

* itf-rs, and therefore quint-connect, requires strings for all other fields of ``#meta``: our steps, the sorts of
  variables and their channels are strings, records as JSON in a string.
* Apalache requires a type for every variable and no other field in a state. It refuses constants, although the format
  puts them into the first state.
* quint-connect requires Quint's variable ``mbt::nondetPicks``, whose options Apalache and itf-py 0.5 cannot read.

The text is ASCII and all other characters are escaped, so no control character of a protocol file reaches a terminal.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, TypeVar

from planrace.checker.report.errors import MalformedError
from planrace.checker.report.json.decode import parsed, typed
from planrace.checker.report.trace.itf_values import (
    ABSENT,
    encoded,
    inner,
    itf_wholes,
    scalar,
    some,
    type_of,
    type_of_whole,
)
from planrace.checker.results.blocks import clean
from planrace.checker.results.composites import composites
from planrace.checker.results.explanation import ChannelPart, Declared, Shape, WholeVariable
from planrace.checker.results.trace import NOBODY, Shown, ShownState, Trace, TraceStep

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
ACTION, PICKS = "mbt::actionTaken", "mbt::nondetPicks"
UNNAMED = "step"
"""The action of a step without a name."""
OWN = "planrace"
"""The field of the file's ``#meta`` with the sorts of variables."""


class TraceFormatError(Exception):
    """A text is not a readable trace. The message names the place (``states[3].alias``), the problem and the remedy."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(clean(f"{place}: {problem} ({remedy})"))


# Writing ---------------------------------------------------------------------------------------------------------
def render_itf(
    trace: Trace,
    variables: Sequence[Declared],
    *,
    description: str = "",
    parameters: Mapping[str, int | str] = {},
    picks: bool = True,
) -> str:
    """The trace as ITF, one line for each state. ``parameters`` are its constants.

    State n is the state after step n, with that step in its ``#meta``. The last state of a lasso repeats the state of
    index ``loop``. Without ``picks`` there is no ``mbt::nondetPicks``, so itf-py can read the file; without
    ``parameters``, Apalache can, too. Names that are invalid in TLA+ are changed.
    """
    constants = _identifiers(parameters, {v.name for v in variables})
    fields = _identifiers((p for s in trace.steps for p in s.parameters), ())
    types = {v.name: type_of(v.shape) for v in variables}
    wholes = composites(trace.initial, variables)
    types |= {name: type_of_whole(of, [shape for shape, _ in leaves]) for name, (of, leaves) in wholes.items()}
    types[ACTION] = "Str"
    if picks:
        types[PICKS] = _picks_type(trace.steps, fields)
    states = _states(trace, variables, fields if picks else None)
    states[0] |= {constants[p]: scalar(x) for p, x in parameters.items()}
    meta = {
        "format": "ITF",
        "format-description": FORMAT,
        "description": description,
        "varTypes": types,
        OWN: json.dumps([_declared_json(v) for v in variables]),
    }
    head: dict[str, Any] = {"#meta": meta, "params": list(constants.values()), "vars": list(types)}
    if trace.loop is not None:
        head["loop"] = trace.loop
    lines = [f"{json.dumps(k)}: {json.dumps(x)}" for k, x in head.items() if x != []]
    return "{\n" + ",\n".join([*lines, _rows("states", states)]) + "\n}\n"


def _rows(name: str, values: Iterable[Any]) -> str:
    return f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(x) for x in values) + "\n]"


def _states(trace: Trace, variables: Sequence[Declared], fields: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """The states as ITF; ``fields`` are the names of the picks' fields, or None for no picks."""
    found = []
    for n, (step, state) in enumerate([(None, trace.initial), *((s, s.state) for s in trace.steps)]):
        values = {v.name: encoded(state[v.name], v.shape) for v in variables} | itf_wholes(state, variables)
        values[ACTION] = "init" if step is None else step.action
        if fields is not None:
            values[PICKS] = _picks({} if step is None else step.parameters, fields)
        found.append({"#meta": {"index": n} | ({} if step is None else _step_meta(step)), **values})
    return found


def _step_meta(step: TraceStep) -> dict[str, str]:
    """The step in the ``#meta`` of the state after it; all values are strings."""
    meta = {"action": step.action, "parameters": json.dumps(dict(step.parameters)), "by": step.by, "role": step.role}
    meta |= {k: x for k, x in (("outcome", step.outcome), ("fault", step.fault)) if x is not None}
    return meta | {"text": step.text}


def _picks(parameters: Mapping[str, Shown], fields: Mapping[str, str]) -> dict[str, Any]:
    """Quint's record of choices: an option for each parameter of any step of the trace. No member is no value."""
    return {
        field: some(scalar(parameters[p])) if parameters.get(p, NOBODY) != NOBODY else ABSENT
        for p, field in fields.items()
    }


def _picks_type(steps: Iterable[TraceStep], fields: Mapping[str, str]) -> str:
    """The type of the picks. A parameter with values of several types gets the type of its first value."""
    first = {p: x for s in reversed(list(steps)) for p, x in s.parameters.items() if x != NOBODY}
    types = (f"{field}: Some({_type_of_value(first.get(p, 0))}) | None(UNIT)" for p, field in fields.items())
    return f"{{ {', '.join(types)} }}"


def _type_of_value(value: Shown) -> str:
    if isinstance(value, list):
        return f"Set({_type_of_value(value[0]) if value else 'Int'})"
    return "Bool" if isinstance(value, bool) else "Str" if isinstance(value, str) else "Int"


def _identifiers(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A unique identifier, valid in TLA+ and Python, for each name; without a leading underscore and not ``taken``."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        made = re.sub(r"[^A-Za-z0-9_]", "_", name).lstrip("_")
        made = made if made[:1].isalpha() else f"p{made}"
        while keyword.iskeyword(made) or made in taken or made in found.values():
            made += "_"
        found[name] = made
    return found


def _declared_json(v: Declared) -> dict[str, Any]:
    found = {"name": v.name, "shape": _shape_json(v.shape), "meaning": v.meaning}
    found |= {} if v.part is None else {"part": vars(v.part)}
    return found if v.whole is None else {**found, "whole": asdict(v.whole)}


def _shape_json(s: Shape) -> dict[str, Any]:
    whole = {"low": s.low, "high": s.high, "members": list(s.members)}
    whole |= {k: _shape_json(x) for k, x in (("domain", s.domain), ("element", s.element)) if x is not None}
    return {"kind": s.kind, "name": s.name} | {k: x for k, x in whole.items() if x not in (0, [])}


# Reading ---------------------------------------------------------------------------------------------------------
_Atom: TypeAlias = "bool | int | str"
_Value: TypeAlias = "_Atom | _Set | _Map"
_Found: TypeAlias = "list[tuple[str, _Value]]"
"""Values of a variable, each with its place in the file."""
_T = TypeVar("_T")
_SCALARS = ("truth value", "number", "enumeration", "index", "optional", "ticks")


@dataclass(frozen=True)
class _Set:
    items: tuple[_Atom, ...]


@dataclass(frozen=True)
class _Map:
    pairs: tuple[tuple[_Atom, _Value], ...]


def read_itf(text: str | bytes) -> tuple[Trace, tuple[Declared, ...]]:
    """The trace in an ITF text and the variables of its states.

    A file of ``render_itf`` is read back completely, except for changes and observations of steps and constants. In
    other files, a step is what Quint's variables say, or else just "step", and the sort of a variable is inferred from
    its values: truth values, numbers, strings, sets of these, and maps whose keys are a whole range that is the same in
    every state. If the last state of a loop is not the one that it returns to, one more step closes the loop.

    Raises ``TraceFormatError`` for text that is no ITF, and for values that our traces do not have (records, tuples,
    sequences, variants).
    """
    try:
        return _read(_parsed(text, "the file"))
    except RecursionError:
        raise TraceFormatError("the file", "it is nested too deeply", "traces nest a few levels") from None


def _read(data: Any) -> tuple[Trace, tuple[Declared, ...]]:
    raw, own = _part(data, "states", list, ""), _own_variables(data)
    if not raw or not all(isinstance(s, dict) for s in raw):
        raise TraceFormatError("states", "it is not a list of states", "give objects, one at least: the initial state")
    together = {v.whole.variable for v in own.values() if v.whole is not None}  # said by their leaves already
    names = [n for n in _names(data) if n not in together]
    found = {n: [_at(s, n, f"states[{k}]") for k, s in enumerate(raw)] for n in names}
    declared = tuple(own.get(n) or Declared(n, _inferred(n, values)) for n, values in found.items())
    columns = {v.name: [_shown(x, v.shape, place) for place, x in found[v.name]] for v in declared}
    states: list[ShownState] = [{n: column[k] for n, column in columns.items()} for k in range(len(raw))]
    steps = [_step(raw[k], states[k], f"states[{k}]") for k in range(1, len(raw))]
    loop = data.get("loop")
    if loop is not None and not (type(loop) is int and 0 <= loop < len(raw)):
        raise TraceFormatError("loop", f"there is no state {loop!r}", f"name one of 0…{len(raw) - 1}")
    if loop is not None and states[loop] != states[-1]:
        steps.append(_unnamed(UNNAMED, {}, states[loop]))
    return Trace(states[0], tuple(steps), loop), declared


def _parsed(text: str | bytes, place: str) -> Any:
    try:
        return parsed(text.encode() if isinstance(text, str) else text)
    except (MalformedError, UnicodeEncodeError) as problem:
        raise TraceFormatError(place, str(problem), "give a file in the ITF format") from None


def _part(whole: Any, key: str, kind: type[_T], place: str) -> _T:
    """The entry of a JSON object, which must be of this kind."""
    found = whole.get(key) if isinstance(whole, dict) else None
    if isinstance(found, kind):
        return found
    words: dict[type, str] = {list: "list", dict: "object", str: "string"}
    raise TraceFormatError(f"{place}.{key}" if place else key, f"there is no {words[kind]}", "ADR-015 tells the format")


def _names(data: Any) -> list[str]:
    """The variables without Quint's own; each once."""
    return [n for n in dict.fromkeys(map(str, _part(data, "vars", list, ""))) if n not in (ACTION, PICKS)]


def _at(state: dict[str, Any], name: str, place: str) -> tuple[str, _Value]:
    if name not in state:
        raise TraceFormatError(f"{place}.{name}", "the state has no value for it", "every state has all of vars")
    return f"{place}.{name}", _decoded(state[name], f"{place}.{name}")


def _decoded(data: Any, place: str) -> _Value:
    match data:
        case bool() | int() | str():
            return data
        case {"#bigint": str(digits)} if len(data) == 1 and re.fullmatch("-?[0-9]{1,4000}", digits):
            return int(digits)
        case {"#set": list(items)} if len(data) == 1:
            return _Set(tuple(_atom(x, f"{place}[{n}]") for n, x in enumerate(items)))
        case {"#map": list(pairs)} if len(data) == 1:
            return _map([_pair(p, f"{place}[{n}]") for n, p in enumerate(pairs)], place)
    problem = f"{json.dumps(data)[:60]} is not a value that traces have here"
    raise TraceFormatError(place, problem, "use truth values, numbers, strings, sets and maps")


def _atom(data: Any, place: str) -> _Atom:
    value = _decoded(data, place)
    if isinstance(value, _Set | _Map):
        raise TraceFormatError(place, "it is a set or map", "use truth values, numbers and strings here")
    return value


def _pair(data: Any, place: str) -> tuple[_Atom, _Value]:
    if not isinstance(data, list) or len(data) != 2:
        raise TraceFormatError(place, "it is not a pair", "maps list pairs of a key and a value")
    return _atom(data[0], place), _decoded(data[1], place)


def _map(pairs: list[tuple[_Atom, _Value]], place: str) -> _Map:
    if len({(type(k), k) for k, _ in pairs}) != len(pairs):
        raise TraceFormatError(place, "a key stands there twice", "give each key one value")
    return _Map(tuple(pairs))


def _own_variables(data: Any) -> dict[str, Declared]:
    """The variables as ``render_itf`` wrote them; none in other files."""
    meta = data.get("#meta") if isinstance(data, dict) else None
    if not isinstance(meta, dict) or OWN not in meta:
        return {}
    place, found = f"#meta.{OWN}", _parsed(_part(meta, OWN, str, "#meta"), f"#meta.{OWN}")
    read = [_declared(x, f"{place}[{n}]") for n, x in enumerate(found)] if isinstance(found, list) else []
    return {v.name: v for v in read}


def _declared(data: Any, place: str) -> Declared:
    name, meaning = (_part(data, k, str, place) for k in ("name", "meaning"))
    shape = _shape(_part(data, "shape", dict, place), f"{place}.shape")
    found: dict[str, Any] = {}
    for key, kind in (("part", ChannelPart), ("whole", WholeVariable)):
        try:
            found[key] = None if data.get(key) is None else typed(data[key], kind)
        except MalformedError as problem:
            remedy = f"leave {OWN} out of #meta: sorts are then inferred"
            raise TraceFormatError(f"{place}.{key}", str(problem), remedy) from None
    return Declared(name, shape, meaning, **found)


def _shape(data: dict[str, Any], place: str) -> Shape:
    kind, name = (_part(data, k, str, place) for k in ("kind", "name"))
    low, high, members = data.get("low", 0), data.get("high", 0), data.get("members", [])
    inner = {"set": ("element",), "array": ("domain", "element")}.get(kind, ())
    parts = {k: _shape(_part(data, k, dict, place), f"{place}.{k}") for k in inner}
    whole = type(low) is int and type(high) is int and isinstance(members, list)
    scalar = [x.kind in _SCALARS for k, x in parts.items() if k == "domain" or kind == "set"]
    if not (whole and all(isinstance(m, str) for m in members) and all(scalar)) or not (inner or kind in _SCALARS):
        raise TraceFormatError(place, "it is not a sort", f"leave {OWN} out of #meta: sorts are then inferred")
    return Shape(kind, name, low, high, tuple(members), parts.get("domain"), parts.get("element"))


def _inferred(name: str, found: _Found) -> Shape:
    """The smallest sort that has all these values of a variable."""
    if not found:
        return Shape("number", "number")
    first = found[0][1]
    odd = next((place for place, x in found if type(x) is not type(first)), None)
    if odd is not None:
        raise TraceFormatError(odd, "it is of another type than before", "give each variable values of one type")
    match first:
        case bool():
            return Shape("truth value", "truth value", 0, 1)
        case int():
            numbers = [x for _, x in found if isinstance(x, int)]
            return Shape("number", "number", min(numbers), max(numbers))
        case str():
            members = tuple(sorted({x for _, x in found if isinstance(x, str)}))
            return Shape("enumeration", name, 0, len(members) - 1, members)
        case _Set():
            element = _inferred(name, [(p, x) for p, s in found if isinstance(s, _Set) for x in s.items])
            return Shape("set", f"set of {element.name}", element=element)
        case _Map():
            return _inferred_array(name, [(place, m) for place, m in found if isinstance(m, _Map)])


def _inferred_array(name: str, found: list[tuple[str, _Map]]) -> Shape:
    domain = _inferred(f"key of {name}", [(place, k) for place, m in found for k, _ in m.pairs])
    for place, m in found:
        if len(m.pairs) != domain.size:
            raise TraceFormatError(
                place, "its keys are not a range that is the same in all states", "give all keys values"
            )
    element = _inferred(name, [(f"{place}[{k}]", x) for place, m in found for k, x in m.pairs])
    return Shape("array", f"{element.name} for each {domain.name}", domain=domain, element=element)


def _shown(value: _Value, shape: Shape, place: str) -> Shown:
    """The value as reports show it. Raises ``TraceFormatError`` if it does not belong to the sort."""
    if isinstance(value, _Map) and shape.kind == "array":
        domain, element = inner(shape.domain), inner(shape.element)
        table = {_member(k, domain, place): x for k, x in value.pairs}
        if len(table) != domain.size:
            raise TraceFormatError(place, f"it lacks keys of {domain.name}", "give every member a value")
        return [_shown(table[k], element, f"{place}[{k}]") for k in domain.values if not isinstance(k, list)]
    if isinstance(value, _Set) and shape.kind == "set":
        element = inner(shape.element)
        items = {_member(x, element, place) for x in value.items}
        if element.kind == "enumeration":
            return [m for m in element.members if m in items]
        return [*sorted(items, key=int)]
    if isinstance(value, _Set | _Map):
        raise TraceFormatError(
            place,
            f"it is not of its sort{shape.name and f', {shape.name}'}",
            f"correct it, or leave {OWN} out of #meta",
        )
    return _member(value, shape, place)


def _member(value: _Atom, shape: Shape, place: str) -> _Atom:
    match shape.kind:
        case "truth value":
            fits = isinstance(value, bool)
        case "enumeration":
            fits = value in shape.members
        case _:
            fits = type(value) is int and shape.kind in _SCALARS and shape.low <= value <= shape.high
    if not fits:
        raise TraceFormatError(
            place,
            f"{value!r} is not of its sort{shape.name and f', {shape.name}'}",
            f"correct it, or leave {OWN} out of #meta",
        )
    return value


def _step(data: dict[str, Any], state: ShownState, place: str) -> TraceStep:
    """The step to this state: from our ``#meta``, or else from Quint's variables."""
    meta = data.get("#meta")
    if not isinstance(meta, dict) or "action" not in meta:
        action = data.get(ACTION)
        picks = _picked(data.get(PICKS, {}), f"{place}.{PICKS}")
        return _unnamed(action if isinstance(action, str) and action else UNNAMED, picks, state)
    meta = {"parameters": "{}", "by": "", "role": "", "text": ""} | meta
    action, parameters_text, by, role, text = (
        _part(meta, k, str, f"{place}.#meta") for k in ("action", "parameters", "by", "role", "text")
    )
    outcome, fault = (_part(meta, k, str, f"{place}.#meta") if k in meta else None for k in ("outcome", "fault"))
    parameters = _parsed(parameters_text, f"{place}.#meta.parameters")
    if not isinstance(parameters, dict) or not all(_is_shown(x) for x in parameters.values()):
        raise TraceFormatError(f"{place}.#meta.parameters", "these are not parameters", "give a value for each name")
    return TraceStep(action, parameters, by, role, outcome, fault, text, state)


def _is_shown(data: Any) -> bool:
    return all(map(_is_shown, data)) if isinstance(data, list) else isinstance(data, bool | int | str)


def _unnamed(action: str, parameters: Mapping[str, Shown], state: ShownState) -> TraceStep:
    return TraceStep(action, parameters, "", "", None, None, action.replace("_", " "), state)


def _picked(picks: Any, place: str) -> dict[str, Shown]:
    """The options of Quint's ``mbt::nondetPicks`` that have a value."""
    found: dict[str, Shown] = {}
    for name, option in picks.items() if isinstance(picks, dict) else ():
        if _part(option, "tag", str, f"{place}.{name}") == "Some":
            value = _decoded(option.get("value"), f"{place}.{name}")
            found[name] = _shown(value, _inferred(name, [(f"{place}.{name}", value)]), f"{place}.{name}")
    return found
