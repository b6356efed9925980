"""Engines: each answers questions about an instance, and every answer has the same form (``answer``)."""
