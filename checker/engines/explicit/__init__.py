"""The reference explorer: breadth-first search and random simulation over packed states, in plain Python."""

from planrace.checker.engines.explicit.orbits import ASKED, UNASKED, related
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.simulate import Simulation
from planrace.checker.engines.explicit.slicing import irrelevant, without
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.symmetry import check_symmetric, symmetric_sorts
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.explicit.vacuity import Census

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
