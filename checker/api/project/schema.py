"""The JSON schema of ``[tool.planrace]``, made of the classes that read it; ``docs/pyproject.schema.json`` is a copy.

It has the form of the schemas of single tables of ``pyproject.toml`` at SchemaStore.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from planrace.checker.api.project.section import Section
from planrace.checker.run.toml_schema import DRAFT, without_null

ID = "planrace/pyproject/1"


def section_schema() -> dict[str, Any]:
    """The schema of the table ``tool.planrace``."""
    (_, named) = msgspec.json.schema_components([Section], ref_template="#/definitions/{name}")
    tables = {name: without_null(schema) for name, schema in named.items()}
    top = tables.pop("Section")
    return {"$schema": DRAFT, "$id": ID, **top, "title": "planrace", "definitions": tables}


def schema_text() -> str:
    """The schema as a file."""
    return json.dumps(section_schema(), indent=2, ensure_ascii=False) + "\n"
