"""Text of TLA⁺ to ``syntax``, by the grammar of tree-sitter (the extra ``planrace[tla]``)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from typing import Any

from planrace.checker.imports.tla import syntax as s
from planrace.checker.imports.tla.spelling import OPERATORS, comment_text

COMMENTS = ("comment", "block_comment")


def parse(text: bytes, name: str) -> s.Module:
    """The module in a file. ``name`` is the file, for errors. Raises ``TlaError``, and ``ImportError`` without the
    extra."""
    import tree_sitter
    import tree_sitter_tlaplus

    grammar = tree_sitter.Language(_capsule(tree_sitter_tlaplus.language()))
    root = tree_sitter.Parser(grammar).parse(text).root_node
    if root.has_error:
        place = next(n for n in _all(root) if n.is_error or n.is_missing)
        raise s.TlaError(f"no TLA⁺: {_text(place)[:40] or place.type!r} is not expected", _line(place), name)
    found = next((n for n in root.children if n.type == "module"), None)
    if found is None:
        raise s.TlaError("no module: a file begins with ---- MODULE Name ----", 1, name)
    return _Reader(tuple(text.decode(errors="replace").splitlines())).module(found)


def _capsule(grammar: Any) -> Any:
    """A grammar as tree-sitter wants it; older packages of grammars give its address."""
    if not isinstance(grammar, int):
        return grammar
    make = ctypes.pythonapi.PyCapsule_New
    make.restype = ctypes.py_object
    make.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return make(grammar, b"tree_sitter.Language", None)


def _all(node: Any) -> Iterator[Any]:
    yield node
    for child in node.children:
        yield from _all(child)


def _text(node: Any) -> str:
    return str(node.text.decode(errors="replace"))


def _line(node: Any) -> int:
    return int(node.start_point[0]) + 1


def _named(node: Any) -> list[Any]:
    return [c for c in node.children if c.is_named and c.type not in COMMENTS]


def _fields(node: Any, name: str) -> list[Any]:
    return [c for c in node.children_by_field_name(name) if c.is_named and c.type not in COMMENTS]


def _field(node: Any, name: str) -> Any:
    return _fields(node, name)[0]


def _names(nodes: Iterable[Any]) -> tuple[str, ...]:
    return tuple(_text(n) for n in nodes)


def _parameter(node: Any) -> str:
    """The name of a parameter; of an operator as a parameter, without its own."""
    names = [node] if node.type == "identifier" else _fields(node, "name")
    return _text(names[0]) if names else _symbol(next(c for c in node.children if "op_symbol" in c.type))


def _symbol(node: Any) -> str:
    return OPERATORS.get(_text(node), _text(node))


class _Reader:
    """Reads the nodes of one module."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines

    def module(self, node: Any) -> s.Module:
        self.name = _text(_field(node, "name"))
        self.comments = [n for n in _all(node) if n.type in COMMENTS]
        extends: list[str] = []
        constants: list[s.DeclaredName] = []
        variables: list[s.DeclaredName] = []
        definitions: list[s.Definition] = []
        instances: list[s.Instantiation] = []
        recursive: set[str] = set()
        assumptions: list[s.Expr] = []
        inner: list[s.Module] = []
        comment, head, waiting = "", True, []
        for child in node.children:
            if child.type in COMMENTS:
                waiting.append(child)
                continue
            if head and child.type not in ("header_line", "identifier"):
                if child.is_named and child.type != "extends":
                    head = False
                elif child.type == "extends" and waiting:
                    comment, waiting = comment_text("\n".join(map(_text, waiting))), []
            match child.type:
                case "extends":
                    extends += _names(_named(child))
                case "constant_declaration":
                    constants += self._declared(child)
                case "variable_declaration":
                    variables += self._declared(child)
                case "assumption":
                    assumptions.append(self.expr(_named(child)[-1]))
                case "recursive_declaration":
                    recursive |= {_text(_field(c, "name")) for c in _named(child)}
                case "module":
                    inner.append(_Reader(self.lines).module(child))
                case _:
                    for part in _named(child) if child.type == "local_definition" else [child]:
                        found = self.unit(part, self._above(child))
                        if isinstance(found, s.Definition):
                            definitions.append(found)
                        elif found is not None:
                            instances.append(found)
            if child.is_named:
                waiting = []
        return s.Module(
            self.name,
            tuple(extends),
            tuple(constants),
            tuple(variables),
            tuple(definitions),
            tuple(instances),
            frozenset(recursive),
            tuple(assumptions),
            comment,
            self.lines,
            tuple(inner),
        )

    def _above(self, node: Any) -> str:
        """The comments right above a node that stand alone in their lines, wherever the grammar puts them."""
        kept: list[str] = []
        line = int(node.start_point[0])
        for comment in reversed(self.comments):
            if comment.start_point[0] >= line:
                continue
            if comment.end_point[0] < line - 1 or self._code_before(comment):
                break
            kept.insert(0, comment_text(_text(comment)))
            line = int(comment.start_point[0])
        return "\n".join(k for k in kept if k)

    def _code_before(self, node: Any) -> bool:
        """Whether a comment stands behind something else in its line."""
        start = int(node.start_point[0])
        return bool(self.lines[start].encode()[: node.start_point[1]].strip())

    def _declared(self, node: Any) -> Iterator[s.DeclaredName]:
        beside: dict[int, list[str]] = {}
        for c in [*node.children, *self._after(node)]:
            if c.type in COMMENTS:
                beside.setdefault(_line(c), []).append(comment_text(_text(c)))
        found = [c for c in _named(node) if c.type in ("identifier", "operator_declaration")]
        for c in found:
            operator = c.type == "operator_declaration"
            name = _text(_field(c, "name")) if operator else _text(c)
            alone = sum(_line(other) == _line(c) for other in found) == 1
            words = " ".join(beside.get(_line(c), ())) if alone else ""
            yield s.DeclaredName(name, len(_fields(c, "parameter")) if operator else 0, _line(c), words)

    @staticmethod
    def _after(node: Any) -> Iterator[Any]:
        """The comment behind the last line of a node."""
        follows = node.next_sibling
        if follows is not None and follows.start_point[0] == node.end_point[0]:
            yield follows

    def unit(self, node: Any, comment: str = "") -> s.Definition | s.Instantiation | None:
        match node.type:
            case "operator_definition":
                name = _field(node, "name")
                params = tuple(map(_parameter, _fields(node, "parameter")))
                title = _symbol(name) if "op_symbol" in name.type else _text(name)
                body = self.expr(_field(node, "definition"))
                return s.Definition(title, params, body, _line(node), comment, module=self.name)
            case "function_definition":
                bounds = tuple(self.bound(b) for b in _named(node) if b.type == "quantifier_bound")
                body = self.expr(_field(node, "definition"))
                return s.Definition(_text(_field(node, "name")), (), body, _line(node), comment, bounds, self.name)
            case "module_definition":
                params = tuple(map(_parameter, _fields(node, "parameter")))
                return self._instance(_field(node, "definition"), _text(_field(node, "name")), params)
            case "instance":
                return self._instance(node, None, ())
            case _:
                return None

    def _instance(self, node: Any, name: str | None, params: tuple[str, ...]) -> s.Instantiation:
        parts = _named(node)
        given = []
        for part in parts[1:]:
            ends = [c for c in _named(part) if c.type != "gets"]
            given.append((_symbol(ends[0]), self.expr(ends[1])))
        return s.Instantiation(name, params, _text(parts[0]), tuple(given), _line(node))

    def bound(self, node: Any) -> s.Bound:
        intro = _fields(node, "intro")
        pattern = intro[0].type == "tuple_of_identifiers"
        names = _names(c for c in _named(intro[0]) if c.type == "identifier") if pattern else _names(intro)
        return s.Bound(names, pattern, self.expr(_field(node, "set")))

    def expr(self, node: Any) -> s.Expr:
        read = getattr(self, f"_{node.type}", None)
        if read is None:
            return s.Unread(_line(node), _text(node), node.type.replace("_", " "))
        found: s.Expr = read(node, (_line(node), _text(node)))
        return found

    # One method for each kind of node; ``at`` is its line and its text.

    def _identifier_ref(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Ref(*at, _text(node))

    def _nat_number_set(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Ref(*at, "Nat")

    def _int_number_set(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Ref(*at, "Int")

    def _boolean_set(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Ref(*at, "BOOLEAN")

    def _boolean(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Ref(*at, _text(node))

    def _nat_number(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Num(*at, int(_text(node)))

    def _string(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Text(*at, _text(node)[1:-1].replace('\\"', '"').replace("\\\\", "\\"))

    def _parentheses(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return self.expr(_named(node)[0])

    def _label(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return self.expr(_field(node, "expression"))

    def _prev_func_val(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.OldValue(*at)

    def _bound_infix_op(self, node: Any, at: tuple[int, str]) -> s.Expr:
        name, left, right = _symbol(_field(node, "symbol")), _field(node, "lhs"), _field(node, "rhs")
        if name in ("/\\", "\\/", "\\X"):
            return s.Apply(*at, name, (*self._chain(left, name), self.expr(right)))
        return s.Apply(*at, name, (self.expr(left), self.expr(right)))

    def _chain(self, node: Any, name: str) -> list[s.Expr]:
        """The operands of a chain of one operator; those in parentheses are one."""
        if node.type == "bound_infix_op" and _symbol(_field(node, "symbol")) == name:
            return [*self._chain(_field(node, "lhs"), name), self.expr(_field(node, "rhs"))]
        return [self.expr(node)]

    def _bound_prefix_op(self, node: Any, at: tuple[int, str]) -> s.Expr:
        name = _symbol(_field(node, "symbol"))
        return s.Apply(*at, "-." if name == "-" else name, (self.expr(_field(node, "rhs")),))

    def _bound_postfix_op(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Apply(*at, _symbol(_field(node, "symbol")), (self.expr(_field(node, "lhs")),))

    def _bound_nonfix_op(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = _named(node)
        return s.Apply(*at, _symbol(parts[0]), tuple(self.expr(p) for p in parts[1:]))

    def _bound_op(self, node: Any, at: tuple[int, str]) -> s.Expr:
        args = tuple(self._argument(p) for p in _fields(node, "parameter"))
        return s.Apply(*at, _text(_field(node, "name")), args)

    def _argument(self, node: Any) -> s.Expr:
        if node.type.endswith("op_symbol"):
            return s.Ref(_line(node), _text(node), _symbol(node))
        return self.expr(node)

    def _prefixed_op(self, node: Any, at: tuple[int, str]) -> s.Expr:
        prefix = []
        for part in _named(_field(node, "prefix")):
            inner = _named(part)[0]
            if inner.type == "bound_op":
                args = tuple(self._argument(p) for p in _fields(inner, "parameter"))
                prefix.append((_text(_field(inner, "name")), args))
            else:
                prefix.append((_text(inner), ()))
        op = self.expr(_field(node, "op"))
        if isinstance(op, s.Apply):
            return s.Through(*at, tuple(prefix), op.name, op.args)
        return s.Through(*at, tuple(prefix), _text(_field(node, "op")), ())

    def _conj_list(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Apply(*at, "/\\", tuple(self.expr(_named(c)[-1]) for c in _named(node)))

    def _disj_list(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Apply(*at, "\\/", tuple(self.expr(_named(c)[-1]) for c in _named(node)))

    def _function_evaluation(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = [self.expr(c) for c in _named(node)]
        return s.ApplyAt(*at, parts[0], tuple(parts[1:]))

    def _record_value(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = _named(node)
        return s.Dot(*at, self.expr(parts[0]), _text(parts[1]))

    def _bounded_quantification(self, node: Any, at: tuple[int, str]) -> s.Expr:
        kind = "A" if _field(node, "quantifier").type == "forall" else "E"
        bounds = tuple(self.bound(b) for b in _fields(node, "bound"))
        return s.Quantified(*at, kind, bounds, self.expr(_field(node, "expression")))

    def _choose(self, node: Any, at: tuple[int, str]) -> s.Expr:
        sets = _fields(node, "set")
        bound = s.Bound(_names(_fields(node, "intro")), False, self.expr(sets[0]) if sets else None)
        return s.Choose(*at, bound, self.expr(_field(node, "expression")))

    def _if_then_else(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.IfThenElse(*at, *(self.expr(_field(node, part)) for part in ("if", "then", "else")))

    def _case(self, node: Any, at: tuple[int, str]) -> s.Expr:
        arms, other = [], None
        for arm in _named(node):
            parts = [self.expr(c) for c in _named(arm) if c.type != "case_arrow"]
            if arm.type == "case_arm":
                arms.append((parts[0], parts[1]))
            elif arm.type == "other_arm":
                other = parts[0]
        return s.Cases(*at, tuple(arms), other)

    def _let_in(self, node: Any, at: tuple[int, str]) -> s.Expr:
        units = [self.unit(d) for d in _fields(node, "definitions")]
        return s.Let(
            *at,
            tuple(u for u in units if isinstance(u, s.Definition)),
            tuple(u for u in units if isinstance(u, s.Instantiation)),
            self.expr(_field(node, "expression")),
        )

    def _finite_set_literal(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Items(*at, tuple(self.expr(c) for c in _named(node)))

    def _set_filter(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Filtered(*at, self.bound(_field(node, "generator")), self.expr(_field(node, "filter")))

    def _set_map(self, node: Any, at: tuple[int, str]) -> s.Expr:
        bounds = tuple(self.bound(b) for b in _fields(node, "generator"))
        return s.ImageOf(*at, self.expr(_field(node, "map")), bounds)

    def _function_literal(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = _named(node)
        bounds = tuple(self.bound(b) for b in parts if b.type == "quantifier_bound")
        return s.FunctionOf(*at, bounds, self.expr(parts[-1]))

    def _set_of_functions(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = [c for c in _named(node) if c.type != "maps_to"]
        return s.FunctionsTo(*at, self.expr(parts[0]), self.expr(parts[1]))

    def _pairs(self, node: Any) -> tuple[tuple[str, s.Expr], ...]:
        parts = [c for c in _named(node) if c.type != "all_map_to"]
        return tuple((_text(n), self.expr(e)) for n, e in zip(parts[::2], parts[1::2], strict=True))

    def _record_literal(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.RecordOf(*at, self._pairs(node))

    def _set_of_records(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.Records(*at, self._pairs(node))

    def _tuple_literal(self, node: Any, at: tuple[int, str]) -> s.Expr:
        return s.TupleOf(*at, tuple(self.expr(c) for c in _named(node) if "bracket" not in c.type))

    def _except(self, node: Any, at: tuple[int, str]) -> s.Expr:
        updates = []
        for update in (c for c in _named(node) if c.type == "except_update"):
            path: list[s.Expr] = []
            for part in _named(_field(update, "update_specifier")):
                inner = _named(part)
                if part.type == "except_update_record_field":
                    path.append(s.Text(_line(part), _text(part), _text(inner[0])))
                else:
                    args = tuple(self.expr(c) for c in inner)
                    path.append(args[0] if len(args) == 1 else s.TupleOf(_line(part), _text(part), args))
            updates.append((tuple(path), self.expr(_field(update, "new_val"))))
        return s.Except(*at, self.expr(_field(node, "expr_to_update")), tuple(updates))

    def _step_expr_or_stutter(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = _named(node)
        return s.StepOf(*at, self.expr(parts[0]), self.expr(parts[-1]), False)

    def _step_expr_no_stutter(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = [c for c in _named(node) if "bracket" not in c.type]
        return s.StepOf(*at, self.expr(parts[0]), self.expr(parts[-1]), True)

    def _fairness(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = _named(node)
        return s.Fair(*at, _text(node)[:2], self.expr(parts[0]), self.expr(parts[-1]))

    def _lambda(self, node: Any, at: tuple[int, str]) -> s.Expr:
        parts = _named(node)
        return s.LambdaOperator(*at, _names(c for c in parts if c.type == "identifier"), self.expr(parts[-1]))
