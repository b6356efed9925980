"""Steps that are inserted before or after an action: the oracle's own account of them."""

from __future__ import annotations

from dataclasses import replace

from .description import BOOL, Action, Change, Ending, Node, Sort, Variable, Write, conjunction, variable

NO = Node("const", BOOL, data=0)
YES = Node("const", BOOL, data=1)


class Insertion:
    """One inserted step, and the action that it belongs to. At most one is in a system."""

    def __init__(self, change: Change, target: Action) -> None:
        assert change.added is not None
        self.change, self.target = change, target
        weak = change.what == "after" and target.fairness == "none"
        self.step = replace(
            change.added,
            parameters=target.parameters,
            by=target.by,
            tags=target.tags,
            fairness="weak" if weak else target.fairness,
        )
        self.first = sorted(target.parameters, key=lambda p: p[0] != actor(target))
        sort = BOOL
        for _, over in reversed(self.first):
            sort = Sort("array", of=sort, domain=over)
        self.pending = Variable(f"{self.step.name}_pending", sort, 0)
        before = change.what == "before"
        self.earlier, self.later = (self.step.name, target.name) if before else (target.name, self.step.name)

    @property
    def performer(self) -> Sort | None:
        return performer(self.target)

    def here(self) -> Node:
        """It is pending for the parameters of both."""
        term = variable(self.pending.name, self.pending.sort)
        for name, over in self.first:
            term = Node("select", term.sort.element, (term, Node("bound", over, data=name)))
        return term

    def row(self, action: Action) -> Node:
        """What is pending for the performer of the action."""
        term = variable(self.pending.name, self.pending.sort)
        if self.performer is None:
            return term
        return Node("select", term.sort.element, (term, Node("bound", self.performer, data=actor(action))))

    def woven(self, action: Action, actions: list[Action]) -> Action:
        """The action with what the insertion adds to it."""
        told = replace(action, writes=(), endings=tuple(endings(action)))
        wanted = [] if told.guard is None else [told.guard]
        wanted += [self.here()] if action.name == self.later else []
        if self.change.what == "before" and action.name == self.step.name:
            target = next(a for a in actions if a.name == self.target.name)
            wanted += self.ready(target)
        same = action.fault is None and performer(action) == self.performer
        if same and action.name != self.later:
            wanted.append(Node("not", BOOL, (some(self.row(action)),)))
        writes: list[tuple[str | None, Write]] = []
        if action.name == self.later:
            writes.append((None, (self.here(), NO)))
        if action.name == self.earlier:
            writes.append((self.change.before, (self.here(), YES)))
        if action.name in (self.change.forgotten_by or ()):
            row = self.row(action)
            writes.append((None, (row, nothing(row.sort))))
        added = tuple(
            replace(e, writes=(*e.writes, *(w for name, w in writes if name in (None, e.name)))) for e in told.endings
        )
        return replace(told, guard=conjunction(*wanted) if wanted else None, endings=added)

    def ready(self, target: Action) -> list[Node]:
        """The action that the step is inserted before would be enabled, if the step had happened."""
        found = [] if self.target.guard is None else [self.target.guard]
        conditions = [e.condition for e in target.endings]
        if conditions and conditions[-1] is not None:
            found.append(Node("or", BOOL, tuple(c for c in conditions if c is not None)))
        return found


def actor(action: Action) -> str | None:
    """The parameter that performs an action: the first one of that sort."""
    return next((n for n, s in action.parameters if s == performer(action)), None)


def performer(action: Action) -> Sort | None:
    """The sort of who performs an action; None: somebody outside."""
    return next((s for n, s in action.parameters if n == action.by), None)


def endings(action: Action) -> list[Ending]:
    """The endings with what they share."""
    if not action.endings:
        return [Ending(None, None, action.writes)]
    return [replace(e, writes=(*action.writes, *e.writes)) for e in action.endings]


def root(target: Node) -> str:
    """The variable that is written."""
    while target.op == "select":
        target = target.args[0]
    return str(target.data)


def some(term: Node, depth: int = 0) -> Node:
    """Some element is true."""
    if term.sort.kind != "array":
        return term
    name = f"some {depth}"
    inner = Node("select", term.sort.element, (term, Node("bound", term.sort.over, data=name)))
    return Node("exists", BOOL, (some(inner, depth + 1),), (name, term.sort.over))


def nothing(sort: Sort, depth: int = 0) -> Node:
    """All elements are false."""
    if sort.kind != "array":
        return NO
    return Node("each", sort, (nothing(sort.element, depth + 1),), (f"all {depth}", sort.over))
