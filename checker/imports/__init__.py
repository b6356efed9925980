"""Runs that other checkers report on models that were exported, as runs of the protocol."""
