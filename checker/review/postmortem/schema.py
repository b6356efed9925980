"""The JSON schema of files of facts, made of the classes that read them; ``docs/facts.schema.json`` is a copy."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from planrace.checker.review.postmortem.file import FactsFile
from planrace.checker.run.toml_schema import DRAFT, without_null

ID = "planrace/facts/1"


def facts_schema() -> dict[str, Any]:
    """The schema of a file of facts."""
    (_, named) = msgspec.json.schema_components([FactsFile], ref_template="#/definitions/{name}")
    tables = {name: without_null(schema) for name, schema in named.items()}
    top = tables.pop("FactsFile")
    return {"$schema": DRAFT, "$id": ID, **top, "title": "The facts of an incident", "definitions": tables}


def facts_schema_text() -> str:
    """The schema as a file."""
    return json.dumps(facts_schema(), indent=2, ensure_ascii=False) + "\n"
