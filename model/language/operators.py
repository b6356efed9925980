"""The operators of terms."""

from __future__ import annotations

import enum


class Op(enum.Enum):
    """Every operator; each engine must support all of them."""

    __hash__ = object.__hash__  # each is a single object; Enum hashes its name, which tables of operators feel

    CONST = "constant"  # data: the value
    PARAMETER = "parameter"  # data: the Parameter
    VARIABLE = "variable"  # data: its name
    BOUND = "bound"  # data: (name, level); level 0 and a unique name for parameters of actions
    SELECT = "select"  # array, position
    NOT = "not"
    AND = "and"  # any number of arguments
    OR = "or"
    EQ = "="
    LT = "<"
    LE = "≤"
    ITE = "if"  # condition, then, else
    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "//"  # rounded down; dividing by 0 is an error of the model
    MOD = "%"  # the rest of DIV; it has the sign of the divisor
    MIN = "minimum"  # any number of arguments, at least one
    MAX = "maximum"
    FIRST = "first"  # of an ordered index sort
    LAST = "last"
    FOLLOWING = "following"  # the next member of an ordered index; the last is followed by itself
    PRECEDING = "preceding"  # the member before; the first is preceded by itself
    POSITION = "position"  # the number of a member of an ordered index; that of the first is 1
    SET = "set"  # the set of its arguments
    MEMBER = "∈"  # element, set
    UNION = "∪"
    INTERSECTION = "∩"
    DIFFERENCE = "∖"
    SUBSET = "⊆"
    COMPREHENSION = "such that"  # binder, body
    FORALL = "∀"
    EXISTS = "∃"
    COUNT = "count"
    SUM = "sum"  # binder, number
    LEAST = "least"  # binder, body: the first member that the body holds for; there must be one
    EACH = "each"  # binder, element: an array
    PRIMED = "′"  # the value after the step
    TAKEN = "taken"  # data: (action, outcome or None, names of parameters); the step is one of that action
    ENABLED = "enabled"  # data: (action, names of parameters); a guard stands in its place before an engine reads it


BINDERS = frozenset({Op.COMPREHENSION, Op.FORALL, Op.EXISTS, Op.COUNT, Op.SUM, Op.LEAST, Op.EACH})
DIVISIONS = frozenset({Op.DIV, Op.MOD})
