"""The JSON schema of ``[tool.planrace]``, made of the classes that read it; ``docs/pyproject.schema.json`` is a copy.

It has the form of the schemas of single tables of ``pyproject.toml`` at SchemaStore.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from planrace.checker.api.project.section import Section

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that SchemaStore asks for."""
ID = "planrace/pyproject/1"


def section_schema() -> dict[str, Any]:
    """The schema of the table ``tool.planrace``."""
    (_, named) = msgspec.json.schema_components([Section], ref_template="#/definitions/{name}")
    tables = {name: _plain(schema) for name, schema in named.items()}
    top = tables.pop("Section")
    return {"$schema": DRAFT, "$id": ID, **top, "title": "planrace", "definitions": tables}


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(section_schema(), indent=2, ensure_ascii=False) + "\n"


def _plain(schema: Any) -> Any:
    """The schema without null: TOML has none, and leaving a key out means the same."""
    if isinstance(schema, list):
        return [_plain(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    found = {k: _plain(v) for k, v in schema.items() if not (k == "default" and v is None)}
    choices = [c for c in found.get("anyOf", ()) if c != {"type": "null"}]
    if len(choices) == 1:
        return {**{k: v for k, v in found.items() if k != "anyOf"}, **choices[0]}
    return {**found, "anyOf": choices} if choices else found
