"""What there is to say of a run: beliefs and truth, causes and races, what else could happen, other variants.

Nothing here decides a verdict: everything is said of runs that an engine has found and the interpreter replayed.
"""

from planrace.checker.explain.causes import Question, causes
from planrace.checker.explain.distinct_causes import different
from planrace.checker.explain.explainer import Lens, Wanted
from planrace.checker.explain.happens_before import happens_before
from planrace.checker.explain.least_delay import Seek, least_delay
from planrace.checker.explain.side_by_side import check_alike
from planrace.checker.explain.states import declared, pictures, sources

__all__ = [
    "Lens",
    "Question",
    "Seek",
    "Wanted",
    "causes",
    "check_alike",
    "declared",
    "different",
    "happens_before",
    "least_delay",
    "pictures",
    "sources",
]
