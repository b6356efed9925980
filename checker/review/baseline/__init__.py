"""Baselines: saved results of checks, and the differences of later checks from them."""
