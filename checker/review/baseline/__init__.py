"""A saved report as a baseline, and what a later check has changed."""
