"""Proofs for all sizes: obligations over uninterpreted sorts, inference of lemmas, a second solver."""
