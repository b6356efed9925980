"""Engines that ask Z3 about one size: bounded model checking, k-induction, Spacer."""
