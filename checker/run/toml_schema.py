"""JSON schemas of TOML files, made of the classes that read them."""

from __future__ import annotations

from typing import Any

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that SchemaStore asks for."""


def without_null(schema: Any) -> Any:
    """The schema without null: TOML has none, and leaving a key out means the same."""
    if isinstance(schema, list):
        return [without_null(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    found = {k: without_null(v) for k, v in schema.items() if not (k == "default" and v is None)}
    choices = [c for c in found.get("anyOf", ()) if c != {"type": "null"}]
    if len(choices) == 1:
        return {**{k: v for k, v in found.items() if k != "anyOf"}, **choices[0]}
    return {**found, "anyOf": choices} if choices else found
