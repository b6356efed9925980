"""Bitstate search: hunting for violations in spaces that no memory holds."""
