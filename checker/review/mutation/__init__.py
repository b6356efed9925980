"""Mutants of a protocol: which of its guards the properties need."""
