"""Findings that a search does not report: what never happens, what grows without a bound, what is unused."""
