"""Likelihoods as JSON (``docs/likelihood.schema.json``)."""

from __future__ import annotations

import json
from dataclasses import asdict

from planrace.checker.results.likelihood import Likelihood


def likelihood_json(made: Likelihood) -> str:
    """The likelihood as JSON text; times in seconds, rates per second."""
    told = {"schema": "planrace/likelihood/1", **asdict(made)}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
