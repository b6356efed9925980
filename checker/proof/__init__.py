"""Proofs for every size, joined with searches of small instances: a property is proved, refuted, or neither and why."""

from .decide import Decider, Decision
from .matrix import Matrix, matrix
from .prove import Proving

__all__ = ["Decider", "Decision", "Matrix", "Proving", "matrix"]
