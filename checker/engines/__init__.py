"""Engines: each decides properties of an instance, and all answers have the same form (``answer``)."""
