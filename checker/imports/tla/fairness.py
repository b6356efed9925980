"""Fairness: which actions a ``WF`` or ``SF`` is about, and how planrace says it.

planrace's fairness is of each instance of an action, or of the choice between all instances of some actions. A step
that changes nothing counts as taken there and does not in TLA⁺. For weak fairness of instances this is the same: where
an instance would change nothing, TLA⁺ does not ask for it, and taking it is no harm. For all other fairness it is the
same only if steps always change something, which ``always_changes`` looks for.
"""

from __future__ import annotations

from dataclasses import dataclass

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.base import Binder
from planrace.checker.imports.tla.code import (
    Attribute,
    Binary,
    Braces,
    Call,
    Element,
    PlainCode,
    PyCode,
    Unary,
    conjuncts,
)
from planrace.checker.imports.tla.evaluation import Evaluator
from planrace.checker.imports.tla.leaves import members_of
from planrace.checker.imports.tla.modules import Env, Operator
from planrace.checker.imports.tla.steps import Title
from planrace.checker.imports.tla.types import SetType
from planrace.checker.imports.tla.values import Known


@dataclass
class Rendered:
    """An action as it is written."""

    name: str
    binders: tuple[Binder, ...]
    guards: list[PyCode]
    updates: list[tuple[PyCode, PyCode]]
    titles: tuple[Title, ...]
    fairness: str = "none"
    splits: bool = False
    """Whether it is enabled less often than in TLA⁺: not where it would change nothing."""
    member: Known | None = None
    """The member that it is for, if it was written for each."""


@dataclass(frozen=True)
class FairGroup:
    """Fairness of a choice between actions; none stands for all of them."""

    kind: str
    actions: tuple[str, ...]


def translate(
    fair: s.Fair, env: Env, names: tuple[str, ...], evaluator: Evaluator, actions: list[Rendered]
) -> list[FairGroup]:
    """Notes fairness of instances at the actions, and returns that of choices. ``names`` are bound by ``\\A`` around
    it. Raises ``TlaError`` where planrace cannot say it, and ``UnrolledError`` where it can if each member has actions
    of its own."""
    kind = {"WF": "weak", "SF": "strong"}[fair.kind]
    expr, inner = fair.action, env
    guards: list[s.Expr] = []
    if isinstance(expr, s.Apply) and expr.name == "/\\":
        acting = [a for a in expr.args if evaluator.is_action(a, inner)]
        guards = [a for a in expr.args if not evaluator.is_action(a, inner)]
        if len(acting) != 1:
            raise s.TlaError("fairness of a conjunction of actions", fair.line)
        expr = acting[0]
    group, bound = _group(expr, inner, evaluator, actions, names)
    if guards:
        group = [a for a in group if not _excluded(a, guards)]
        if not all(_compatible(a, guards) for a in group):
            raise s.TlaError("fairness of an action with a further condition", fair.line)
    if not group:
        raise s.TlaError("fairness of an action that is no part of the next-state relation", fair.line)
    if names:
        return _each(group, bound, kind, fair, _title_of(expr, inner, evaluator))
    if len(group) == 1 and not group[0].binders:
        group[0].fairness = _stronger(group[0].fairness, kind)
        if kind == "strong":
            _changing(group, fair)
        return []
    whole = len(group) == len(actions)
    group = _changing(group, fair)
    return [FairGroup(kind, () if whole and len(group) == len(actions) else tuple(a.name for a in group))]


def _changing(group: list[Rendered], fair: s.Fair) -> list[Rendered]:
    """Makes steps that may change nothing impossible: then taking a step is what TLA⁺ means by it. Actions that never
    change anything are no part of a fair choice."""
    found = []
    for action in group:
        if not action.updates:
            continue
        found.append(action)
        if not always_changes(action):
            differs = [Binary("!=", place, value) for place, value in action.updates]
            action.guards.append(differs[0] if len(differs) == 1 else Call(PlainCode("either"), tuple(differs)))
            action.splits = True
    if not found:
        raise s.TlaError("fairness of an action that changes nothing", fair.line)
    return found


def _title_of(expr: s.Expr, env: Env, evaluator: Evaluator) -> Title:
    """The definition that an action is called by; of a choice, or of ``\\E``, the first inside."""
    if isinstance(expr, s.Quantified):
        return _title_of(expr.body, env, evaluator)
    if isinstance(expr, s.Apply) and expr.name == "\\/":
        return _title_of(expr.args[0], env, evaluator)
    found = evaluator.through(expr, env) if isinstance(expr, s.Through) else env.get(getattr(expr, "name", ""))
    if not isinstance(found, Operator):
        raise s.TlaError("fairness of an action that has no name", expr.line)
    d = found.definition
    return Title(d.name, d.line, d.module, "")


def _group(
    expr: s.Expr, env: Env, evaluator: Evaluator, actions: list[Rendered], names: tuple[str, ...]
) -> tuple[list[Rendered], tuple[str, ...]]:
    """The actions that an expression consists of, and which of the names it hands on as arguments."""
    match expr:
        case s.Apply(name="\\/", args=args):
            parts = [_group(a, env, evaluator, actions, names) for a in args]
            found = [a for group, _ in parts for a in group]
            return found, parts[0][1] if len({b for _, b in parts}) == 1 else ()
        case s.Quantified(kind="E"):
            return _group(expr.body, env, evaluator, actions, names)
        case s.Ref() | s.Apply() | s.Through():
            found_ = evaluator.through(expr, env) if isinstance(expr, s.Through) else env.get(expr.name)
            if isinstance(found_, Operator):
                args = getattr(expr, "args", ())
                if not all(isinstance(a, s.Ref) for a in args):
                    raise s.TlaError("fairness of one instance of an action", expr.line)
                given = tuple(a.name for a in args if isinstance(a, s.Ref) and a.name in names)
                if given and not (isinstance(args[0], s.Ref) and args[0].name in names):
                    raise s.TlaError("fairness for each member that is no first parameter", expr.line)
                d = found_.definition
                group = [
                    a
                    for a in actions
                    if any((t.name, t.line, t.module) == (d.name, d.line, d.module) for t in a.titles)
                ]
                return group, given
    raise s.TlaError("fairness of an action that has no name", expr.line)


def _each(group: list[Rendered], bound: tuple[str, ...], kind: str, fair: s.Fair, title: Title) -> list[FairGroup]:
    """``\\A p \\in P : WF_v(A(p))``: fairness of each instance, if the parameters of the actions are just these;
    otherwise of choices, each between the actions of one member, which are written for each member then."""
    if len(bound) != 1:
        raise s.TlaError("fairness for each of several members, or of none", fair.line)
    if all(a.member is not None for a in group):
        found = []
        for member in dict.fromkeys(a.member for a in group):
            own = [a for a in group if a.member == member]
            if len(own) == 1 and not own[0].binders and kind == "weak":
                own[0].fairness = _stronger(own[0].fairness, kind)
            else:
                found.append(FairGroup(kind, tuple(a.name for a in _changing(own, fair))))
        return found
    if any(not a.binders for a in group):
        raise s.TlaError("fairness for each member of an action that does not depend on it", fair.line)
    if all(len(a.binders) == 1 for a in group) and (len(group) == 1 or (kind == "weak" and _exclusive(group))):
        if kind == "strong":
            _changing(group, fair)
        for action in group:
            action.fairness = _stronger(action.fairness, kind)
        return []
    kinds = {a.binders[0].kind for a in group}
    if any(isinstance(k, SetType) or len(members_of(k)) > MOST_MEMBERS for k in kinds):
        raise s.TlaError(f"fairness of a choice for each member of more than {MOST_MEMBERS}", fair.line)
    raise UnrolledError(title)


MOST_MEMBERS = 12


class UnrolledError(Exception):
    """Fairness is for each member, and planrace can say it only if each has actions of its own."""

    def __init__(self, title: Title) -> None:
        super().__init__(title.name)
        self.key = (title.name, title.line, title.module)


def _exclusive(group: list[Rendered]) -> bool:
    """Whether the actions of a member exclude each other by a label that only its own steps move, such as ``pc[p]``:
    then fairness of the choice is that of each."""
    places: list[set[tuple[PyCode, PyCode]]] = []
    for action in group:
        own = {b.name for b in action.binders}
        labels = set()
        for guard in (c for g in action.guards for c in conjuncts(g)):
            match guard:
                case Binary("==", Element(of, PlainCode(at)), right) if at in own and _is_constant(right):
                    labels.add((of, right))
        places.append(labels)
    for place in set.intersection(*({of for of, _ in labels} for labels in places)):
        values = [{v for of, v in labels if of == place} for labels in places]
        moved = all(
            isinstance(target, Element)
            and isinstance(target.at, PlainCode)
            and target.at.text in {b.name for b in a.binders}
            for a in group
            for target, _ in a.updates
            if _root(target) == place
        )
        if moved and len(set.union(*values)) == sum(map(len, values)):
            return True
    return False


def _root(code: PyCode) -> PyCode:
    while isinstance(code, Element | Attribute):
        code = code.of
    return code


def _is_constant(code: PyCode) -> bool:
    return isinstance(code, PlainCode) and ("." in code.text or code.text.lstrip("-").isdigit())


def _excluded(action: Rendered, guards: list[s.Expr]) -> bool:
    return any(_label_of(g) is not None and _label_of(g) in _labels(action) for g in guards)


def _compatible(action: Rendered, guards: list[s.Expr]) -> bool:
    """Whether the further conditions, each ``pc[p] # "label"``, follow from the label of the action."""
    return bool(_labels(action)) and all(_label_of(g) is not None for g in guards)


def _label_of(guard: s.Expr) -> str | None:
    if isinstance(guard, s.Apply) and guard.name == "#" and isinstance(guard.args[1], s.Text):
        return guard.args[1].value
    return None


def _labels(action: Rendered) -> set[str]:
    found = set()
    for guard in (c for g in action.guards for c in conjuncts(g)):
        if isinstance(guard, Binary) and guard.operator == "==" and isinstance(guard.right, PlainCode):
            found.add(guard.right.text.rpartition(".")[2])
    return found


def _stronger(a: str, b: str) -> str:
    return max(a, b, key=("none", "weak", "strong").index)


def always_changes(action: Rendered) -> bool:
    """Whether the guard says that some update assigns another value than there is."""
    known = {c for g in action.guards for c in conjuncts(g)}
    for place, value in action.updates:
        if Binary("!=", place, value) in known:
            return True
        for guard in known:
            match guard:
                case Binary("==", left, right) if left == place and _is_constant(right) and _is_constant(value):
                    if right != value:
                        return True
        if (value == PlainCode("True") and Unary("~", place) in known) or (
            value == PlainCode("False") and place in known
        ):
            return True
        if isinstance(value, Binary) and value.operator in "+-" and value.left == place and _is_constant(value.right):
            return value.right != PlainCode("0")
        if isinstance(value, Binary) and value.operator == "|" and isinstance(value.right, Braces):
            absent = {Unary("~", Call(Attribute(i, "isin"), (place,))) for i in value.right.items}
            if value.left == place and absent & known:
                return True
        if isinstance(value, Binary) and value.operator == "-" and isinstance(value.right, Braces):
            present = {Call(Attribute(i, "isin"), (place,)) for i in value.right.items}
            if value.left == place and present & known:
                return True
    return False
