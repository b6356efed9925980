"""Records as parameters of actions: the action has a parameter for each leaf, and the author's function gets the
record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planrace.model.language.composite import AnySort, Composite, CompositeSort, leaves_in, leaves_of, part_of
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import SetOf, describe, is_scalar
from planrace.model.language.subset_numbers import check_numbered
from planrace.model.language.terms import TRUE, Term, lift, make


def check_chosen(sort: CompositeSort[Any]) -> None:
    """Refuse a composite sort whose values no step can choose. Raises ``DefinitionError``."""
    for path, leaf in sort.leaves:
        if isinstance(leaf, SetOf):
            check_numbered(leaf, f"an action over {sort.one()}, {path}")
        elif not is_scalar(leaf):
            raise DefinitionError(
                f"a parameter of an action is a member, a set or a record of these, not {sort.one()}: {path} is a "
                f"{describe(leaf)}",
                remedy="let a variable hold the whole, and give a parameter for each member that is chosen",
            )


def leaf_parameters(name: str, sort: AnySort) -> tuple[Term, ...]:
    """The parameters that stand for a parameter ``name``: itself, or ``name_field`` for each leaf of a record."""
    return tuple(make(Op.BOUND, (), leaf, (_named(path), 0)) for path, leaf in leaves_of(name, sort))


def grouped(sorts: tuple[AnySort, ...], leaves: tuple[tuple[Term, ...], ...]) -> tuple[tuple[Any, ...], Term]:
    """What the author's function gets, and the condition that these are values of their sorts: what is held by an
    optional record that is absent is blank."""
    values = tuple(part_of(sort, terms) for sort, terms in zip(sorts, leaves, strict=True))
    condition = TRUE
    for sort, value in zip(sorts, values, strict=True):
        if isinstance(sort, CompositeSort) and (proper := sort.proper(value)) is not TRUE:
            condition = proper if condition is TRUE else condition & proper
    return values, condition


def called_by(argument: Any) -> str:
    """The name of what ``grouped`` has made."""
    if not isinstance(argument, Composite):
        return str(argument)
    path, _ = argument._sort.leaves[0]
    return str(argument._leaves[0]).removesuffix(f"_{_named(path)}")


def named_leaves(parameters: Mapping[str, object]) -> dict[str, Term]:
    """Values of parameters by name, with those of each leaf in place of a record."""
    found: dict[str, Term] = {}
    for name, value in parameters.items():
        if isinstance(value, Composite):
            paths = [path for path, _ in leaves_of(name, value._sort)]
            found |= dict(zip(map(_named, paths), leaves_in(value), strict=True))
        else:
            found[name] = lift(value)
    return found


def _named(path: str) -> str:
    return path.replace(".", "_")
