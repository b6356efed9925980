"""Verdicts at many sizes, thresholds, and laws of the lengths."""
