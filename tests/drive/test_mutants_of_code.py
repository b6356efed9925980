"""Mutants of the example's code: the covering test finds at least 95 % of them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

import pytest

from planrace import ModelError, cover
from tests.drive.test_examples import FILE, LEASE, SIZES, loaded

CODE = ("LeaseService", "Storage", "Worker")
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.Gt: ast.GtE,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Or: ast.And,
    ast.And: ast.Or,
    ast.Add: ast.Sub,
}


def mutants() -> Iterator[tuple[str, str]]:
    """Each operator swapped, each condition negated, each constant changed, each statement left out; with its name."""
    tree = ast.parse(FILE.read_text())
    count = sum(1 for _ in _places(tree))
    for n in range(count):
        for kind in ("operator", "negated", "constant", "dropped"):
            changed = copy.deepcopy(tree)
            node, parent, field = list(_places(changed))[n]
            name = ast.unparse(node) if hasattr(node, "lineno") else type(node).__name__
            if _mutated(kind, node, parent, field):
                yield f"{kind} {name} #{n}", ast.unparse(ast.fix_missing_locations(changed))


def _places(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    """Nodes in methods of the code, with what contains them."""
    for c in tree.body:
        if isinstance(c, ast.ClassDef) and c.name in CODE:
            for method in c.body:
                if isinstance(method, ast.FunctionDef):
                    yield from _inside(method)


def _inside(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, str]]:
    for field, value in ast.iter_fields(node):
        if field in ("args", "decorator_list", "returns", "annotation"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, node, field
                yield from _inside(child)


def _mutated(kind: str, node: ast.AST, parent: ast.AST, field: str) -> bool:
    """Change the tree; False if this kind does not apply."""
    within = getattr(parent, field)
    match kind:
        case "operator" if type(node) in SWAPPED:
            new: ast.AST = SWAPPED[type(node)]()
        case "negated" if isinstance(parent, ast.If) and field == "test":
            new = ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]
        case "constant" if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            new = ast.Constant(not node.value)
        case "constant" if isinstance(node, ast.Constant) and isinstance(node.value, int):
            new = ast.Constant(node.value + 1)
        case "dropped" if isinstance(node, ast.stmt) and not _is_docstring(node):
            new = ast.Pass()
        case _:
            return False
    if isinstance(within, list):
        within[within.index(node)] = new
    else:
        setattr(parent, field, new)
    return True


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.long("a covering test for each mutant of the code")
def test_almost_all_mutants_of_the_code_are_found() -> None:
    made, survived = list(mutants()), []
    for name, source in made:
        damaged = loaded(source, FILE)
        try:
            report = cover(LEASE, damaged.Driver, SIZES, faults=["crash"])
        except ModelError:  # what the driver observes is no value of the model any more
            continue
        if report.divergence is None:
            survived.append(name)
    assert len(made) > 40
    assert len(survived) <= 0.05 * len(made), survived
