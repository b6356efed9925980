"""The JSON schema of mapping files, made of the classes that read them; ``docs/mapping.schema.json`` is a copy."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from planrace.checker.logs.mapping.file import MappingFile
from planrace.checker.run.toml_schema import DRAFT, without_null

ID = "planrace/mapping/1"


def mapping_schema() -> dict[str, Any]:
    """The schema of a mapping file."""
    (_, named) = msgspec.json.schema_components([MappingFile], ref_template="#/definitions/{name}")
    tables = {name: without_null(schema) for name, schema in named.items()}
    top = tables.pop("MappingFile")
    return {"$schema": DRAFT, "$id": ID, **top, "title": "A mapping of check conform", "definitions": tables}


def mapping_schema_text() -> str:
    """The schema as a file."""
    return json.dumps(mapping_schema(), indent=2, ensure_ascii=False) + "\n"
