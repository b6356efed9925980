"""How good is a specification? Mutants of a protocol, and which property notices each."""

from .judge import Difference, Judged, Mutation, UndecidedError, mutate
from .mutants import KINDS, Mutant
from .words import mutation_document, mutation_json

__all__ = [
    "KINDS",
    "Difference",
    "Judged",
    "Mutant",
    "Mutation",
    "UndecidedError",
    "mutate",
    "mutation_document",
    "mutation_json",
]
