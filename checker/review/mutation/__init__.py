"""How good is a specification? Mutants of a protocol, and which property notices each."""

from planrace.checker.review.mutation.judge import Difference, Judged, Mutation, UndecidedError, mutate
from planrace.checker.review.mutation.mutants import KINDS, Mutant
from planrace.checker.review.mutation.words import mutation_document, mutation_json

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
