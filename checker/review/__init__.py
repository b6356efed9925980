"""Comparisons of several checks: a saved baseline with a new check, a protocol with its mutants."""
