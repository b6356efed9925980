"""What is said of a counterexample beyond its steps: beliefs, causes, the least delay, another variant beside it."""
