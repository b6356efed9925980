"""The words by which a bitstate search in machine code and Python talk: numbers of the words of an array ``run``."""

from __future__ import annotations

RUN_SEED = 0
"""What the hash function begins with."""
RUN_BITS, RUN_HASHES, RUN_SET = 1, 2, 3
"""The bits of the array, the number of hash functions, and the bits that are set."""
RUN_RANDOM = 4
"""The state of the random numbers; not 0."""
RUN_BUDGET = 5
"""States to expand before Python looks at the clock."""
RUN_SOUGHT, RUN_SOUGHT_LAST = 6, 7
"""The bits of the terms that are looked for; those that are looked for at the depth bound, where no step is taken."""
RUN_STATES, RUN_STEPS, RUN_DEEPEST = 8, 9, 10
"""New states, steps taken, and the longest run."""
RUN_DROPPED = 11
"""States that are never expanded, because the stack or the level is full."""
RUN_CUT = 12
"""States at the depth bound that have steps."""
RUN_LIMIT = 13
"""The depth bound."""
RUN_ROOM = 14
"""The largest number of states on the stack, or on a level."""
RUN_AT = 15
"""Where a term was met: the length of the run, or the number of the state on its level."""
RUN_TOP = 16
"""States on the stack."""
RUN_FIRST, RUN_LAST = 17, 18
"""The states of the level that are not yet expanded."""
RUN_KEPT, RUN_NEW = 19, 20
"""States of the next level, and those that were new on it, kept or not."""
RUN_DEPTH = 21
"""The number of the level."""
RUN_ENTRY, RUN_WIDE = 22, 23
"""The words of a state on a level with the run to it; 1 if two bytes hold a step of this run, else one does."""
RUN = 24
"""The number of these words."""

MET, DONE = 1, 0
"""Why the machine code returned: a term that is looked for was met, or nothing is left to do in this call. If a value
is out of range, it returns ``FAILED``."""
