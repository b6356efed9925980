"""Engines that ask Z3: finite encodings for bounded search and induction, an open one for proofs."""
