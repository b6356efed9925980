"""Spans, their events, and log records of OpenTelemetry, from files of OTLP JSON: one request of an exporter a line.

Each becomes an object that a mapping reads like a line of JSON: ``kind`` (``span``, ``event`` or ``log``), ``name``,
``at`` (nanoseconds; of a span the pair of its start and its end; null without a time), ``attributes``, ``resource``
(its attributes), ``scope`` (its name), and ``traceId``, ``spanId``, ``parentSpanId``, ``status``, ``severity``,
``body`` where there are such. Events of spans have the attributes of their span in ``span``.

The form is that of opentelemetry-proto, ``docs/specification.md``, "JSON Protobuf Encoding": 64-bit integers may be
texts, and what has its default may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from planrace.checker.logs.records import LONGEST, lines_of, parsed
from planrace.checker.results.conformance import LogLine
from planrace.model.language import ModelError, Place

LONGEST_REQUEST = 64 * LONGEST
"""Characters of a request; collectors send thousands of spans in one."""
Whole = int | str


class _Otlp(msgspec.Struct, rename="camel"):
    """A message; keys that we do not read are left alone."""


class _Value(_Otlp):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Whole | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: _Values | None = None
    kvlist_value: _Pairs | None = None


class _Pair(_Otlp):
    key: str
    value: _Value | None = None


class _Values(_Otlp):
    values: list[_Value] = []


class _Pairs(_Otlp):
    values: list[_Pair] = []


class _Resource(_Otlp):
    attributes: list[_Pair] = []


class _Scope(_Otlp):
    name: str = ""


class _Status(_Otlp):
    code: Whole = 0
    message: str = ""


class _SpanEvent(_Otlp):
    time_unix_nano: Whole = 0
    name: str = ""
    attributes: list[_Pair] = []


class _Span(_Otlp):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    start_time_unix_nano: Whole = 0
    end_time_unix_nano: Whole = 0
    attributes: list[_Pair] = []
    events: list[_SpanEvent] = []
    status: _Status = msgspec.field(default_factory=_Status)


class _LogRecord(_Otlp):
    time_unix_nano: Whole = 0
    observed_time_unix_nano: Whole = 0
    severity_text: str = ""
    event_name: str = ""
    body: _Value | None = None
    attributes: list[_Pair] = []
    trace_id: str = ""
    span_id: str = ""


class _ScopeSpans(_Otlp):
    scope: _Scope = msgspec.field(default_factory=_Scope)
    spans: list[_Span] = []


class _ScopeLogs(_Otlp):
    scope: _Scope = msgspec.field(default_factory=_Scope)
    log_records: list[_LogRecord] = []


class _ResourceSpans(_Otlp):
    resource: _Resource = msgspec.field(default_factory=_Resource)
    scope_spans: list[_ScopeSpans] = []


class _ResourceLogs(_Otlp):
    resource: _Resource = msgspec.field(default_factory=_Resource)
    scope_logs: list[_ScopeLogs] = []


class _Export(_Otlp):
    resource_spans: list[_ResourceSpans] = []
    resource_logs: list[_ResourceLogs] = []


REQUESTS = ("resourceSpans", "resourceLogs", "resourceMetrics")


def telemetry_of(path: Path) -> list[tuple[LogLine, dict[str, Any]]]:
    """The spans, events and log records of a file, in the order in which they ended: exporters write them in batches.
    Raises ``ModelError`` with the file and the line."""
    found: list[tuple[LogLine, dict[str, Any]]] = []
    for number, text in lines_of(path, LONGEST_REQUEST):
        where = Place(str(path), number)
        for item in _items(parsed(text, where), where):
            found.append((LogLine(str(path), number, json.dumps(item, ensure_ascii=False)), item))
    return sorted(found, key=lambda pair: _end(pair[1]["at"]))


def _end(at: Any) -> int:
    return int(at[1] if isinstance(at, list) else at or 0)


def _items(data: dict[str, Any], where: Place) -> Iterator[dict[str, Any]]:
    if not any(key in data for key in REQUESTS):
        what = f"the line is no OTLP JSON: it has none of {', '.join(REQUESTS)}"
        raise ModelError(what, where=where, remedy='write form = "json" for other objects')
    try:
        export = msgspec.convert(data, _Export)
        for spans in export.resource_spans:
            resource = _attributes(spans.resource.attributes)
            for inner in spans.scope_spans:
                for span in inner.spans:
                    yield from _span(span, {"resource": resource, "scope": inner.scope.name})
        for logs in export.resource_logs:
            resource = _attributes(logs.resource.attributes)
            for scoped in logs.scope_logs:
                for entry in scoped.log_records:
                    yield _log(entry, {"resource": resource, "scope": scoped.scope.name})
    except (ValueError, RecursionError) as problem:
        what = f"the line is no OTLP JSON: {problem}"
        raise ModelError(what, where=where, remedy="write it as exporters do, with encoding json") from None


def _span(span: _Span, common: dict[str, Any]) -> Iterator[dict[str, Any]]:
    attributes = _attributes(span.attributes)
    ids = {"traceId": span.trace_id, "spanId": span.span_id, "parentSpanId": span.parent_span_id}
    start, end = int(span.start_time_unix_nano), int(span.end_time_unix_nano)
    yield {
        "kind": "span",
        "name": span.name,
        "at": [start, end] if end else None,
        "attributes": attributes,
        **common,
        **ids,
        "status": {"code": span.status.code, "message": span.status.message},
    }
    for event in span.events:
        yield {
            "kind": "event",
            "name": event.name,
            "at": int(event.time_unix_nano) or None,
            "attributes": _attributes(event.attributes),
            "span": {"name": span.name, "attributes": attributes},
            **common,
            **ids,
        }


def _log(entry: _LogRecord, common: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "log",
        "name": entry.event_name,
        "at": int(entry.time_unix_nano) or int(entry.observed_time_unix_nano) or None,
        "attributes": _attributes(entry.attributes),
        "severity": entry.severity_text,
        "body": _plain(entry.body),
        **common,
        "traceId": entry.trace_id,
        "spanId": entry.span_id,
    }


def _attributes(pairs: list[_Pair]) -> dict[str, Any]:
    return {p.key: _plain(p.value) for p in pairs}


def _plain(value: _Value | None) -> Any:
    """A value as JSON."""
    if value is None:
        return None
    if value.int_value is not None:
        return int(value.int_value)
    if value.array_value is not None:
        return [_plain(x) for x in value.array_value.values]
    if value.kvlist_value is not None:
        return _attributes(value.kvlist_value.values)
    plain = (value.string_value, value.bool_value, value.double_value, value.bytes_value)
    return next((x for x in plain if x is not None), None)
