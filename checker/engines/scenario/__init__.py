"""Runs that show a scenario, such as a post-mortem: the shortest, and those that show the most facts."""
