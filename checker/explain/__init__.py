"""Explanations of a counterexample: beliefs, causes, the least delay, the same steps in another variant."""
