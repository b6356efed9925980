"""Proofs for every size, joined with searches of small instances: a property is proved, refuted, or neither and why."""

from ..smt.prove import Provable
from .confirm import Confirming, confirm, confirmer
from .decide import Decider, Decision
from .export import scripts
from .matrix import Matrix
from .prove import Proving

__all__ = ["Confirming", "Decider", "Decision", "Matrix", "Provable", "Proving", "confirm", "confirmer", "scripts"]
