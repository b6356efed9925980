"""Continuous-time Markov chains: how likely it is that a property is violated in time."""
