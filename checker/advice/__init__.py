"""Advice: how large a search will be, what makes it large, and what an author may have overlooked in the model."""

from .explosion import Explosion, explain_explosion
from .finding import Lint, Linted
from .forecast import Budget, Forecast, Interval, forecast
from .lint import lint
from .outgrown import outgrown
from .tail import Remaining, tail
from .words import explosion_document, explosion_json, forecast_document, forecast_json, lint_document, lint_json

__all__ = [
    "Budget",
    "Explosion",
    "Forecast",
    "Interval",
    "Lint",
    "Linted",
    "Remaining",
    "explain_explosion",
    "explosion_document",
    "explosion_json",
    "forecast",
    "forecast_document",
    "forecast_json",
    "lint",
    "lint_document",
    "lint_json",
    "outgrown",
    "tail",
]
