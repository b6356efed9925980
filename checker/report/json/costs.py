"""Costs of protections as JSON (``docs/costs.schema.json``)."""

from __future__ import annotations

import json
from dataclasses import asdict

from planrace.checker.results.costs import CostTable


def costs_json(made: CostTable) -> str:
    """The table as JSON text."""
    return json.dumps({"schema": "planrace/costs/1", **asdict(made)}, indent=2, ensure_ascii=False) + "\n"
