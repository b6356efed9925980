"""What several checks of one model say together: a saved baseline, and mutants."""
