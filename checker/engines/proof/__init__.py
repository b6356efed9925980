"""Proofs for every size: obligations over uninterpreted sorts, inference of lemmas, a second solver."""
