"""Breadth-first search and random simulation over packed states, in plain Python."""
