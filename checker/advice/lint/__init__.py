"""Findings about a model that a search would not report: what never happens, grows without a bound, is unused."""
