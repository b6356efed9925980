"""The reference explorer: breadth-first search and random simulation over packed states, in plain Python."""

from .graph import graph
from .kernel import Kernel
from .search import Search
from .simulate import Simulation
from .slicing import irrelevant
from .symmetry import check_symmetric, symmetric_sorts

__all__ = ["Kernel", "Search", "Simulation", "check_symmetric", "graph", "irrelevant", "symmetric_sorts"]
