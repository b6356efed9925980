"""The Z3 half: finite encodings for bounded search and induction. z3 is imported where an engine runs."""
