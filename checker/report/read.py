"""Reading JSON reports back (schema ``planrace/report/1``), so that every form can be made of them later.

What a report holds in the shape of its dataclass is read by the types of its fields; the rest is named here.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from ..annotations import Causes, Declared, Insight, Picture
from ..confirmation import Confirmation
from ..vocabulary import (
    Certificate,
    Exploration,
    FactMatch,
    Finding,
    Match,
    Others,
    Report,
    Source,
    Telling,
    Trace,
    Verdict,
    Warned,
)
from .json import OF_PROPERTY, SCHEMA

TRACE_SCHEMA = "planrace/trace/1"


class ReadError(Exception):
    """A file is not what it is read as; names the file, the place and the remedy."""


def load(path: str | Path) -> Any:
    """What a JSON file holds. Raises ``ReadError``."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise ReadError(f"cannot read {path}: {problem.strerror} (check the path)") from problem
    except (ValueError, RecursionError) as problem:
        raise ReadError(f"{path} is no JSON: {problem} (write it with check --format json)") from problem


def read_report(path: str | Path) -> Report:
    """The report in a file: what ``check --format json`` writes, or a single trace that ``check walk`` saved. Raises
    ``ReadError``."""
    return report_of(load(path), str(path))


def report_of(data: Any, path: str = "it") -> Report:
    """The report that JSON values hold. Raises ``ReadError``."""
    found = data.get("schema") if isinstance(data, dict) else None
    if found not in (SCHEMA, TRACE_SCHEMA):
        says = f"its schema is {found!r}" if found is not None else "it names no schema"
        raise ReadError(f"{path} is no report of this version: {says} (make it anew with check --format json)")
    try:
        return _report(data) if found == SCHEMA else _saved(data)
    except _WrongError as problem:
        raise ReadError(f"{path}: {problem} (make the report anew with check --format json)") from None


def is_itf(path: Path) -> bool:
    """The name is one of a trace in ITF."""
    return path.name.endswith(".itf.json")


def read_itf_report(path: str) -> Report:
    """A trace in ITF as a report that says nothing else. Raises ``ReadError``."""
    from .itf import TraceFormatError, read_itf

    try:
        trace, variables = read_itf(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise ReadError(f"cannot read {path}: {problem.strerror} (check the path)") from problem
    except (TraceFormatError, UnicodeDecodeError) as problem:
        raise ReadError(f"{path}: {problem}") from problem
    return _alone(Path(path).name.removesuffix(".itf.json"), trace, variables=variables)


class _WrongError(Exception):
    """Something in a report is not as it should be; says where."""


def _report(data: Mapping[str, Any]) -> Report:
    found = dict(data)
    return Report(
        protocol=_get(str, found, "protocol"),
        parameters=_get(dict, found, "parameters"),
        faults=_get(tuple[str, ...], found, "faults"),
        protections=_get(tuple[str, ...], found, "protections"),
        engine=_get(str, found, "engine"),
        findings=tuple(_finding(f, f"properties[{n}]") for n, f in enumerate(_get(list, found, "properties"))),
        exploration=_get(Exploration | None, found, "exploration"),
        left_out=tuple(
            (_get(str, x, "name", where), _get(str, x, "kind", where), _get(str, x, "why", where))
            for where, x in ((f"left_out[{n}]", x) for n, x in enumerate(_get(list, found, "left_out")))
        ),
        telling=_telling(found.get("postmortem")),
        interrupted=_get(bool, found, "interrupted"),
        warnings=_get(tuple[Warned, ...], found, "warnings"),
        proofs=tuple(_proof(p, f"proofs[{n}]") for n, p in enumerate(_get(list, found, "proofs"))),
        confirmation=_get(Confirmation | None, found, "confirmation"),
        every_size=_get(bool, found, "every_size"),
        variables=_get(tuple[Declared, ...], found, "variables"),
        pictures=_get(tuple[Picture, ...], found, "pictures"),
        sources=_get(Mapping[str, Source], found, "sources"),
    )


def _saved(data: Mapping[str, Any]) -> Report:
    """A trace alone, as a report that says nothing else."""
    return _alone(
        _get(str, data, "protocol"),
        _get(Trace, data, "trace"),
        parameters=_get(dict, data, "parameters"),
        faults=_get(tuple[str, ...], data, "faults"),
        protections=_get(tuple[str, ...], data, "protections"),
        variables=structured(tuple[Declared, ...], data.get("variables", []), "variables"),
        pictures=structured(tuple[Picture, ...], data.get("pictures", []), "pictures"),
    )


def _alone(protocol: str, trace: Trace, **known: Any) -> Report:
    """A report of one trace that nobody has judged."""
    found = Finding("run", "run", "a run that was saved", Verdict.UNKNOWN, "not judged", trace)
    settled = {"parameters": {}, "faults": (), "protections": (), **known}
    return Report(protocol=protocol, engine="none", findings=(found,), exploration=None, **settled)


def _finding(data: Any, where: str) -> Finding:
    if not isinstance(data, dict):
        raise _WrongError(f"{where} is no object")
    rest = {k: v for k, v in data.items() if k not in ("verdict", "postmortem", "others", "depth")}
    words = {v.word: v for v in Verdict}
    word = _get(str, data, "verdict", where)
    if word not in words:
        raise _WrongError(f"{where}.verdict is {word!r}")
    made = structured(Finding, {**rest, "verdict": None}, where)
    matched, others = data.get("postmortem"), data.get("others")
    return Finding(
        **{
            **{f.name: getattr(made, f.name) for f in fields(made)},
            "verdict": words[word],
            "match": None if matched is None else _match(matched, f"{where}.postmortem"),
            "others": None if others is None else _others(others, f"{where}.others"),
        }
    )


def _proof(data: Mapping[str, Any], where: str) -> Certificate:
    obligations = [{**o, "reason": o.get("reason") or ""} for o in _get(list, data, "obligations", where)]
    return cast(Certificate, structured(Certificate, {**data, "obligations": obligations}, where))


def _match(data: Mapping[str, Any], where: str) -> Match:
    facts = structured(tuple[FactMatch, ...], data.get("facts"), f"{where}.facts")
    return Match(_get(str, data, "scenario", where), facts, _get(dict, data, "roles", where))


def _others(data: Mapping[str, Any], where: str) -> Others:
    runs = _get(list, data, "runs", where)
    return Others(
        tuple(
            (_get(Trace, run, "trace", f"{where}.runs[{n}]"), _get(Causes, run, "causes", where))
            for n, run in enumerate(runs)
        ),
        _get(str, data, "how", where),
    )


def _telling(data: Any) -> Telling | None:
    """What the search for a run that shows the scenario in full came to, where there was one."""
    if data is None:
        return None
    where = "postmortem"
    how = _get(str, data, "how", where)  # which refuses what is no object
    if data.get("trace") is None:
        return None if how == OF_PROPERTY else Telling(None, None, how)
    trace, insight = _get(Trace, data, "trace", where), _get(Insight | None, data, "insight", where)
    return Telling(_match(data, where), trace, how, insight)


def _get(kind: Any, data: Mapping[str, Any], name: str, where: str = "") -> Any:
    place = f"{where}.{name}" if where else name
    if not isinstance(data, Mapping) or name not in data:
        raise _WrongError(f"{place} is missing")
    return structured(kind, data[name], place)


_SHOWN: Any = bool | int | str | list
"""What stands for ``Shown``, which speaks of itself."""


# Any dataclass ---------------------------------------------------------------------------------------------------
def structured(kind: Any, data: Any, where: str) -> Any:
    """``data`` as a value of a type: a dataclass of ours, or what their fields are."""
    if kind is Any or kind is Verdict:
        return data
    if is_dataclass(kind):
        return _object(kind, data, where)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _either(get_args(kind), data, where)
    if origin is tuple:
        return _row(get_args(kind), data, where)
    if origin is not None and issubclass(origin, Mapping):
        value = get_args(kind)[1]
        return {k: structured(value, v, f"{where}.{k}") for k, v in _of(dict, data, where).items()}
    return _of(kind, data, where)


def _object(kind: Any, data: Any, where: str) -> Any:
    _of(dict, data, where)
    hints = _hints(kind)
    given = {
        f.name: structured(hints[f.name], data[f.name], f"{where}.{f.name}") for f in fields(kind) if f.name in data
    }
    try:
        return kind(**given)
    except TypeError:
        lacking = [f.name for f in fields(kind) if f.name not in data]
        raise _WrongError(f"{where} lacks {', '.join(lacking)}") from None


def _either(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    rest = [k for k in kinds if k is not type(None)]
    if data is None and len(rest) < len(kinds):
        return None
    if any(list in (k, get_origin(k)) for k in rest):  # nothing else has lists
        return _shown(data, where)
    if len(rest) == 1:
        return structured(rest[0], data, where)
    return _of(tuple(rest), data, where)


def _row(kinds: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    _of(list, data, where)
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(data)
    if len(kinds) != len(data):
        raise _WrongError(f"{where} has {len(data)} elements, not {len(kinds)}")
    return tuple(structured(k, v, f"{where}[{n}]") for n, (k, v) in enumerate(zip(kinds, data, strict=True)))


def _of(kind: Any, data: Any, where: str) -> Any:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if float in kinds:
        kinds = (*kinds, int)
    if not isinstance(data, kinds) or (isinstance(data, bool) and bool not in kinds):
        raise _WrongError(f"{where} is {type(data).__name__}, not {' or '.join(k.__name__ for k in kinds)}")
    return data


def _shown(data: Any, where: str) -> Any:
    if isinstance(data, list):
        return [_shown(v, f"{where}[{n}]") for n, v in enumerate(data)]
    return _of((bool, int, str), data, where)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields; a module of words may name the other's."""
    words = {**vars(sys.modules[Insight.__module__]), **vars(sys.modules[Trace.__module__]), "Shown": _SHOWN}
    return get_type_hints(kind, words)
