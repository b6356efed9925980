"""Mutants of a protocol: which of its guards and effects the properties check."""
