"""A description as plain Python functions: the oracle's half. Nothing of planrace is used here.

A state is a tuple of values, one for each variable: a whole number for every scalar, a frozenset, or a tuple for an
array. The functions are written as text, a line a term, and compiled: they are searched some thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, product
from math import prod
from typing import Any, TypeAlias

from .changed import system
from .description import BOOL, Action, Bound, Description, Node, Sort, Write, bound_at
from .inserted import endings, root

State: TypeAlias = "tuple[Any, ...]"
Choice: TypeAlias = "tuple[int, ...]"


class WrongError(Exception):
    """The model is wrong: a read or a position outside an array, a value outside its sort, two values for a place."""


class TooLargeError(Exception):
    """More states or steps than are looked at."""


def _initial(conditions: Iterable[Callable[[State], bool]], state: State) -> bool:
    """Whether all conditions hold in a state."""
    wrong: WrongError | None = None
    for holds in conditions:
        try:
            if not holds(state):
                return False
        except WrongError as problem:
            wrong = problem
    if wrong is not None:
        raise wrong
    return True


def _in(term: Node, over: Sort) -> Node:
    """That the member of a quantifier over a set is in it."""
    return Node("member", BOOL, (Node("bound", over, data=term.data[0]), term.args[1]))


def _put(term: Node, name: str, member: Node) -> Node:
    """A term with a member in the place of a name that is bound."""
    if term.op == "bound":
        return member if term.data == name else term
    if term.args and isinstance(term.data, tuple) and term.data[0] == name and term.op not in ("taken", "enabled"):
        return replace(term, args=(term.args[0], *(_put(a, name, member) for a in term.args[1:])))
    return replace(term, args=tuple(_put(a, name, member) for a in term.args))


def at(array: tuple[Any, ...], position: int, low: int) -> Any:
    """An element of an array whose positions count from ``low``."""
    if not 0 <= position - low < len(array):
        raise WrongError(f"position {position} of {len(array)} from {low}")
    return array[position - low]


def nonzero(divisor: int) -> int:
    """A divisor, which must not be 0."""
    if divisor == 0:
        raise WrongError("a divisor is 0")
    return divisor


def least(members: Iterator[int]) -> int:
    """The first of some numbers; there must be one."""
    for member in members:
        return member
    raise WrongError("there is no least member")


def write(
    written: dict[tuple[Any, ...], Any], path: tuple[Any, ...], value: Any, shape: Shape, state: tuple[Any, ...]
) -> None:
    """Note what a place gets: an array's element is a place of its own. ``path`` is a variable's number and positions,
    of which each level of ``shape`` says where they begin."""
    places = [path[0]]
    for position in path[1:]:
        low, high, inner = shape.array
        if not low <= position <= high:
            raise WrongError(f"assignment at position {position} of {low}…{high}")
        places.append(position - low)
        shape = inner
    _leaves(written, tuple(places), value, shape)


def _leaves(written: dict[tuple[Any, ...], Any], place: tuple[Any, ...], value: Any, shape: Shape) -> None:
    if shape.array:
        for n, v in enumerate(value):
            _leaves(written, (*place, n), v, shape.array[2])
        return
    if any(not shape.low <= v <= shape.high for v in (value if shape.is_set else (value,))):
        raise WrongError(f"{value} is not in {shape.low}…{shape.high}")
    if written.setdefault(place, value) != value:
        raise WrongError(f"two values for {place}: {written[place]} and {value}")


def after(state: State, written: dict[tuple[Any, ...], Any]) -> State:
    """The state with these places changed."""
    found = list(state)
    for (variable, *path), value in written.items():
        found[variable] = _replaced(found[variable], path, value)
    return tuple(found)


def _replaced(value: Any, path: list[int], new: Any) -> Any:
    if not path:
        return new
    n, *rest = path
    return (*value[:n], _replaced(value[n], rest, new), *value[n + 1 :])


class Shape:
    """A sort in an instance: its bounds as numbers; of an array its first and last position and what it holds."""

    def __init__(self, sort: Sort, plain: Plain) -> None:
        self.is_set = sort.kind == "set"
        self.array: Any = ()
        if sort.kind == "array":
            self.array = (*plain.bounds(sort.over), Shape(sort.element, plain))
            self.low, self.high = 0, 0
        else:
            self.low, self.high = plain.bounds(sort.element if self.is_set else sort)


class Plain:
    """The system of a description with its sizes fixed (``sizes``, by default those of the description)."""

    def __init__(self, described: Description, sizes: dict[str, int] | None = None) -> None:
        self.described, self.actions = system(described)
        self.sizes = described.values if sizes is None else sizes
        self.place = {v.name: n for n, v in enumerate(self.described.variables)}
        self.sorts = {v.name: v.sort for v in self.described.variables}
        self._names: dict[str, Any] = {
            "at": at,
            "nonzero": nonzero,
            "least": least,
            "write": write,
            "WrongError": WrongError,
        }
        self._lines: list[str] = []
        self._bound = 0
        self._made: dict[str, Callable[..., Any]] = {}
        for n, action in enumerate(self.actions):
            self._action(n, action)
        exec(compile("\n".join(self._lines), "<oracle>", "exec"), self._names)
        self.labels = [(n, choice) for n, a in enumerate(self.actions) for choice in self.choices(a)]
        """Every action with every choice of its parameters, in the order of the protocol."""

    # What there is ---------------------------------------------------------------------------------------------
    def bounds(self, sort: Sort) -> tuple[int, int]:
        """Least and greatest value of a scalar sort."""
        match sort.kind:
            case "bool":
                return 0, 1
            case "enum":
                return 0, len(sort.members) - 1
            case "maybe":
                return 0, self.size(sort.element.high)
            case _:
                return self.size(sort.low), self.size(sort.high)

    def size(self, bound: Bound) -> int:
        """A bound as a number."""
        return bound_at(bound, self.sizes)

    def members(self, sort: Sort) -> range:
        """Every value of a scalar sort."""
        low, high = self.bounds(sort)
        return range(low, high + 1)

    def choices(self, action: Action) -> Iterator[Choice]:
        """Every choice of an action's parameters."""
        return product(*(self.members(s) for _, s in action.parameters))

    def initials(self, most: int) -> list[State]:
        """The initial states. Raises ``WrongError`` where a value is not of its sort, or a condition has no value while
        no other is false, and ``TooLargeError`` where more than ``most`` choices are possible."""
        starts: list[Collection[Any]] = []
        for n, v in enumerate(self.described.variables):
            for value in v.starts:
                _leaves({}, (n,), self._spread(v.sort, value), Shape(v.sort, self))
            starts.append(self._begun(v.sort, v.starts, most))
            if prod(map(len, starts)) > most:
                raise TooLargeError
        conditions = [self.of_state(c) for c in self._conjuncts()]
        return [s for s in product(*starts) if _initial(conditions, s)]

    def _begun(self, sort: Sort, starts: tuple[Any, ...], most: int) -> Collection[Any]:
        """What a variable, or an element of one, begins with."""
        if sort.kind == "array":
            inner, positions = self._begun(sort.element, starts, most), len(self.members(sort.over))
            if len(inner) ** positions > most:
                raise TooLargeError
            return list(product(inner, repeat=positions))
        if starts:
            return dict.fromkeys(self._spread(sort, x) for x in starts)
        low, high = self.bounds(sort.element if sort.kind == "set" else sort)
        if (2 ** min(64, high - low + 1) if sort.kind == "set" else high - low + 1) > most:
            raise TooLargeError
        if sort.kind != "set":
            return self.members(sort)
        members = self.members(sort.element)
        return [frozenset(x) for n in range(len(members) + 1) for x in combinations(members, n)]

    def _conjuncts(self) -> Iterator[Node]:
        """The conditions on initial states, taken apart: a state for which one part is false is not initial."""
        waiting = list(reversed(self.described.beginnings))
        while waiting:
            t = waiting.pop()
            if t.op == "and":
                waiting += reversed(t.args)
            elif t.op == "forall":
                name, over = t.data
                body = t.args[0] if len(t.args) == 1 else Node("implies", BOOL, (_in(t, over), t.args[0]))
                members = [Node("const", over, data=m) for m in self.members(over)]
                waiting += reversed([_put(body, name, m) for m in members])
            else:
                yield t

    def _spread(self, sort: Sort, value: Any) -> Any:
        if sort.kind == "index":  # the first or the last one, whatever the size is
            return value if value == 1 else self.size(sort.high)
        if sort.kind != "array":
            return value
        return tuple(self._spread(sort.element, value) for _ in self.members(sort.over))

    def perform(self, state: State, label: tuple[int, Choice]) -> tuple[str | None, State] | None:
        """The name of the ending and the state after a step; None where it is not enabled."""
        n, choice = label
        found = self._names[f"act{n}"](state, *choice)
        return None if found is None else (found[0], after(state, found[1]))

    def steps(self, state: State) -> Iterator[tuple[tuple[int, Choice], str | None, State]]:
        """Every step of a state: which action with which parameters, its ending, and the state after it."""
        for n, choice in self.labels:
            found = self._names[f"act{n}"](state, *choice)
            if found is not None:
                yield (n, choice), found[0], after(state, found[1])

    def of_state(self, term: Node) -> Callable[[State], bool]:
        """A condition of a state."""
        return self._function(term, "s")

    def of_step(self, term: Node) -> Callable[[State, State, int, Choice, str | None], bool]:
        """A condition of a step, given the states, the action's number, its choice and its ending."""
        return self._function(term, "s, t, act, choice, ending")

    def _function(self, term: Node, parameters: str) -> Callable[..., bool]:
        text = f"lambda {parameters}: bool({self._text(term, {})})"
        if text not in self._made:
            self._made[text] = eval(compile(text, "<oracle>", "eval"), self._names)
        return self._made[text]

    # Text ------------------------------------------------------------------------------------------------------
    def _action(self, n: int, action: Action) -> None:
        bound = {name: f"p{k}" for k, (name, _) in enumerate(action.parameters)}
        self._lines.append(f"def act{n}({', '.join(['s', *bound.values()])}):")
        if action.guard is not None:
            self._lines.append(f" if not {self._text(action.guard, bound)}: return None")
        self._lines.append(" w = {}")
        for e in endings(action):
            test = "True" if e.condition is None else self._text(e.condition, bound)
            self._lines.append(f" if {test}:{' return None' if e.waits else ''}")
            if e.waits:
                continue
            self._lines += [f"  {self._assigned(w, bound)}" for w in e.writes]
            self._lines.append(f"  return {e.name!r}, w")

    def _assigned(self, written: Write, bound: dict[str, str]) -> str:
        target, value = written
        name = root(target)
        path: list[str] = []
        while target.op == "select":
            path.insert(0, self._text(target.args[1], bound))
            target = target.args[0]
        shape = f"shape{self.place[name]}"
        self._names.setdefault(shape, Shape(self.sorts[name], self))
        return f"write(w, ({', '.join([str(self.place[name]), *path])},), {self._text(value, bound)}, {shape}, s)"

    def _text(self, t: Node, bound: dict[str, str], state: str = "s") -> str:
        """A term as Python writes it. Conditions are read from left to right, as far as is needed."""

        def args() -> list[str]:
            return [self._text(a, bound, state) for a in t.args]

        match t.op:
            case "const":
                return f"frozenset({sorted(t.data)})" if isinstance(t.data, frozenset) else f"({int(t.data)})"
            case "size":
                return f"({self.size(t.data)})"
            case "var":
                return f"{state}[{self.place[t.data]}]"
            case "bound":
                return bound[t.data]
            case "select":
                array, position = args()
                return f"at({array}, {position}, {self.bounds(t.args[0].sort.over)[0]})"
            case "and" | "or":
                return f"({f' {t.op} '.join(args())})"
            case "not":
                return f"(not {args()[0]})"
            case "implies":
                return "(not {} or {})".format(*args())
            case "if":
                return "({1} if {0} else {2})".format(*args())
            case "first":
                return "1"
            case "last":
                return str(self.bounds(t.sort)[1])
            case "following":
                return f"min({args()[0]} + 1, {self.bounds(t.sort)[1]})"
            case "preceding":
                return f"max({args()[0]} - 1, 1)"
            case "position":
                return args()[0]
            case "literal":
                return f"frozenset(map(int, [{', '.join(args())}]))"
            case "primed":
                return self._text(t.args[0], bound, "t")
            case "taken":
                return self._taken(t, args())
            case "enabled":
                return self._enabled(t, args(), state)
            case "such_that" | "forall" | "exists" | "count" | "sum" | "least" | "each":
                return self._binder(t, bound, state)
        return _INFIX[t.op].format(*args())

    def _binder(self, t: Node, bound: dict[str, str], state: str) -> str:
        name, over = t.data
        self._bound += 1
        x = f"b{self._bound}"
        body = self._text(t.args[0], {**bound, name: x}, state)
        low, high = self.bounds(over)
        members = f"for {x} in range({low}, {high + 1})"
        if len(t.args) > 1:
            members += f" if {x} in {self._text(t.args[1], bound, state)}"
        match t.op:
            case "such_that":
                return f"frozenset({x} {members} if {body})"
            case "sum":
                return f"sum({body} {members})"
            case "least":
                return f"least({x} {members} if {body})"
            case "count":
                return f"sum(bool({body}) {members})"
            case "each":
                return f"tuple([{body} {members}])"
            case _:
                return f"{'all' if t.op == 'forall' else 'any'}({body} {members})"

    def _taken(self, t: Node, args: list[str]) -> str:
        """Whether the step is one of that action: parameters are only looked at if it is."""
        name, ending, named = t.data
        found = next((n for n, a in enumerate(self.actions) if a.name == name), None)
        if found is None:
            return "False"
        names = [p for p, _ in self.actions[found].parameters]
        tests = [f"act == {found}", *([f"ending == {ending!r}"] if ending is not None else [])]
        tests += [f"choice[{names.index(p)}] == {a}" for p, a in zip(named, args, strict=True)]
        return f"({' and '.join(tests)})"

    def _enabled(self, t: Node, args: list[str], state: str) -> str:
        """Whether an action is enabled for some values of the parameters that are not given. A constant is one of the
        members that there are, or none."""
        name, named = t.data
        action = next((a for a in self.actions if a.name == name), None)
        if action is None:
            return "False"
        given = dict(zip(named, zip(t.args, args, strict=True), strict=True))
        bound: dict[str, str] = {}
        same: list[str] = []
        loops: list[str] = []
        for p, sort in action.parameters:
            node, text = given.get(p, (None, ""))
            if node is not None and node.sort == sort and node.op not in ("const", "first", "last"):
                bound[p] = text
                continue
            self._bound += 1
            bound[p] = f"b{self._bound}"
            low, high = self.bounds(sort)
            loops.append(f"for {bound[p]} in range({low}, {high + 1})")
            if node is not None:
                same.append(f"{bound[p]} == {text}")
        body = self._applies(action, bound, state)
        for test in same:
            body = f"({test} and {body})"
        for loop in reversed(loops):
            body = f"any({body} {loop})"
        return body

    def _applies(self, action: Action, bound: dict[str, str], state: str) -> str:
        """Whether the guard holds and some ending applies."""
        text = "False"
        for e in reversed(list(endings(action))):
            test = "True" if e.condition is None else self._text(e.condition, bound, state)
            text = f"({not e.waits} if {test} else {text})"
        return text if action.guard is None else f"({self._text(action.guard, bound, state)} and {text})"


_INFIX = {
    "eq": "({} == {})",
    "ne": "({} != {})",
    "lt": "({} < {})",
    "le": "({} <= {})",
    "add": "({} + {})",
    "mul": "({} * {})",
    "div": "({} // nonzero({}))",
    "mod": "({} % nonzero({}))",
    "min": "min({}, {})",
    "max": "max({}, {})",
    "sub": "({} - {})",
    "card": "len({})",
    "member": "({} in {})",
    "union": "({} | {})",
    "intersection": "({} & {})",
    "difference": "({} - {})",
    "subset": "({} <= {})",
}
