"""The reference explorer: breadth-first search and random simulation over packed states, in plain Python."""

from .coverage import Census
from .graph import graph
from .kernel import Kernel
from .orbits import ASKED, UNASKED, related
from .search import Search
from .simulate import Simulation
from .slicing import irrelevant, without
from .symmetry import check_symmetric, symmetric_sorts

__all__ = [
    "ASKED",
    "UNASKED",
    "Census",
    "Kernel",
    "Search",
    "Simulation",
    "check_symmetric",
    "graph",
    "irrelevant",
    "related",
    "symmetric_sorts",
    "without",
]
