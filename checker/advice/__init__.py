"""Advice: how large a search will be, what makes it large, and what an author may have overlooked in the model."""

from planrace.checker.advice.budget import Budget
from planrace.checker.advice.forecast.explosion import Explosion, explain_explosion
from planrace.checker.advice.forecast.forecast import Forecast, Interval, forecast
from planrace.checker.advice.forecast.outgrown import outgrown
from planrace.checker.advice.forecast.tail import Remaining, tail
from planrace.checker.advice.forecast.words import explosion_document, explosion_json, forecast_document, forecast_json
from planrace.checker.advice.lint.finding import Lint, Linted
from planrace.checker.advice.lint.lint import lint
from planrace.checker.advice.lint.words import lint_document, lint_json

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
