"""Proofs for every size, joined with searches of small instances: a property is proved, refuted, or neither and why."""

from planrace.checker.engines.proof.decide import Decider, Decision
from planrace.checker.engines.proof.houdini import Provable
from planrace.checker.engines.proof.matrix import Matrix
from planrace.checker.engines.proof.second_solver import Confirming, confirm, confirmer
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.run.prove import Proving

__all__ = ["Confirming", "Decider", "Decision", "Matrix", "Provable", "Proving", "confirm", "confirmer", "scripts"]
