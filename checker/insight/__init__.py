"""What there is to say of a run: beliefs and truth, causes and races, what else could happen, other variants.

Nothing here decides a verdict: everything is said of runs that an engine has found and the interpreter replayed.
"""

from .beside import check_alike
from .causes import Question, causes
from .delay import Seek, least_delay
from .different import different
from .happens import happens_before
from .look import Lens, Wanted
from .states import declared, pictures, sources

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
