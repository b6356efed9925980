"""Advice: lint of a model, and forecasts of the size of a search."""
