"""A description as a protocol's file, in the public language: what is checked, and what a failure prints."""

from __future__ import annotations

import linecache
from typing import Any

from .description import Action, Asked, Bound, Change, Description, Ending, Linear, Node, Sort, Variable, Write

HEAD = """from planrace.model.language import *
from planrace.properties import *
"""


def text(described: Description) -> str:
    """The file. Its protocol is called ``protocol``."""
    return _Writer(described).text()


def load(described: Description) -> Any:
    """The protocol that the file declares; errors name its lines."""
    source = text(described)
    name = f"drawn_{described.seed}.py"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    names: dict[str, Any] = {"__name__": "drawn"}
    exec(compile(source, name, "exec"), names)
    return names["protocol"]


class _Writer:
    def __init__(self, described: Description) -> None:
        self.described = described
        self.lines: list[str] = []
        self.sorts: dict[Sort, str] = {}
        self.sizes = {p.name: f"size{n}" for n, p in enumerate(described.parameters)}
        self.variables: dict[str, str] = {}
        self._binders = 0

    def text(self) -> str:
        d = self.described
        add = self.lines.append
        add(f"protocol = Protocol({d.name!r})")
        for p in d.parameters:
            add(f"{self.sizes[p.name]} = protocol.parameter({p.name!r}, {p.default}, {p.low}, {p.high})")
        for f in d.faults:
            bound = dict(d.bounds).get(f)
            at_most = "" if bound is None else f", at_most={self._bound(bound)}"
            add(f"protocol.fault({f!r}, 'something fails'{at_most})")
        for v in d.variables:
            self._variable(v, "protocol", "")
        for b in d.beginnings:
            add(f"protocol.initially({self._term(b, {})})")
        for n, a in enumerate(d.actions):
            self._action(f"action{n}", a, "protocol", "")
        for n, (name, changes) in enumerate(d.protections):
            self._protection(n, name, changes)
        for kind, names_of in d.fair:
            add(f"protocol.fair({kind}({', '.join(map(repr, names_of)) or 'everything'}))")
        if d.final is not None:
            add(f"protocol.final({self._term(d.final, {})})")
        for asked in d.properties:
            add(f"protocol.declare({self._asked(asked)})")
        run = [f"{n}={v}" for n, v in d.values.items()]
        comment = f"# drawn from seed {d.seed}; sizes {' '.join(run) or 'none'}; faults {' '.join(d.on) or 'none'}; "
        comment += f"protections {'on' if d.protected else 'off'}; features {' '.join(sorted(d.features))}\n"
        return comment + HEAD + "\n".join(self.lines) + "\n"

    # Sorts and values ------------------------------------------------------------------------------------------
    def _sort(self, s: Sort) -> str:
        if s.kind == "bool":
            return "boolean()"
        if s in self.sorts:
            return self.sorts[s]
        match s.kind:
            case "int":
                made = f"integers({self._bound(s.low)}, {self._bound(s.high)}, {s.name!r})"
            case "enum":
                made = f"enumeration({s.name!r}, {list(s.members)!r})"
            case "index":
                kind = ", symmetric=True" if s.symmetric else ", ordered=True" if s.ordered else ""
                made = f"index({s.name!r}, {self._bound(s.high)}{kind})"
            case "maybe":
                made = f"optional({self._sort(s.element)})"
            case "set":
                made = f"subsets({self._sort(s.element)})"
            case _:
                made = f"array({self._sort(s.over)}, {self._sort(s.element)})"
        name = f"Sort{len(self.sorts)}"
        self.sorts[s] = name
        self.lines.insert(1 + len(self.sizes) + len(self.sorts) - 1, f"{name} = {made}")
        return name

    def _bound(self, bound: Bound) -> str:
        if isinstance(bound, Linear):
            return f"{bound.times} * {self.sizes[bound.of]} + {bound.plus}"
        return self.sizes[bound] if isinstance(bound, str) else str(bound)

    def _value(self, sort: Sort, value: Any) -> str:
        """A constant of a scalar sort or a set, as an initial value."""
        match sort.kind:
            case "bool":
                return str(bool(value))
            case "enum":
                return f"getattr({self._sort(sort)}, {sort.members[value]!r})"
            case "maybe":
                assert value == 0, "members have no names"
                return "None"
            case "index":
                return f"first({self._sort(sort)})" if value == 1 else f"last({self._sort(sort)})"
            case "set":
                items = ", ".join(self._value(sort.element, v) for v in sorted(value))
                return f"{{{items}}}" if items else "set()"
        return str(value)

    def _variable(self, v: Variable, owner: str, indent: str) -> None:
        base = v.sort
        while base.kind == "array":
            base = base.element
        name = f"x{len(self.variables)}"
        starts = ", ".join(self._value(base, x) for x in v.starts)
        value = starts if v.among is None else f"one_of({starts})" if starts else "anything"
        kind = "history" if v.history else "variable"
        made = f"{owner}.{kind}({v.name!r}, {self._sort(v.sort)}, {value})"
        self.lines.append(f"{indent}{name} = {made}")
        self.variables[v.name] = name

    # Actions ---------------------------------------------------------------------------------------------------
    def _action(self, name: str, a: Action, owner: str, indent: str) -> None:
        by = next((self._sort(s) for n, s in a.parameters if n == a.by), "'somebody'")
        told = [*(self._sort(s) for _, s in a.parameters), f"by={by}", f"fairness={a.fairness!r}"]
        told += [f"fault={a.fault!r}"] if a.fault is not None else []
        told += [f"tags={sorted(a.tags)!r}"] if a.tags else []
        bound = {n: n for n, _ in a.parameters}
        head = f"def {name}({', '.join(bound)}):"
        body = ["    return step("] + [f"        {p}," for p in self._parts(a, bound)] + ["    )"]
        rename = [f"{name}.__name__ = {a.name!r}", f"{owner}.action({', '.join(told)})({name})"]
        self.lines += [indent + line for line in [head, *body, *rename]]

    def _parts(self, a: Action, bound: dict[str, str]) -> list[str]:
        """The parts of its step."""
        parts = [f"when({self._term(a.guard, bound)})"] if a.guard is not None else []
        parts += [self._write(w, bound) for w in a.writes]
        told = [self._ending(e, bound) for e in a.endings]
        waits = a.endings and a.endings[-1].condition is not None
        return parts + ([f"any_outcome({', '.join(told)})"] if waits else told)

    def _body(self, a: Action, bound: dict[str, str]) -> str:
        return f"step({', '.join(self._parts(a, bound))})"

    def _ending(self, e: Ending, bound: dict[str, str]) -> str:
        writes = [self._write(w, bound) for w in e.writes]
        if e.condition is None:
            return f"otherwise({', '.join([repr(e.name), *writes])})"
        return f"outcome({', '.join([repr(e.name), f'when({self._term(e.condition, bound)})', *writes])})"

    def _write(self, w: Write, bound: dict[str, str]) -> str:
        target, value = w
        if value.op == "const" and value.sort.kind == "maybe":
            return f"update({self._term(target, bound)}, None)"
        if value.op == "const" and value.sort.kind == "set" and not value.data:
            return f"update({self._term(target, bound)}, set())"
        return f"update({self._term(target, bound)}, {self._term(value, bound)})"

    def _protection(self, number: int, name: str, changes: tuple[Change, ...]) -> None:
        head = [f"@protocol.protection({name!r}, 'something is better')", f"def protection{number}(change):"]
        self.lines += head
        for n, c in enumerate(changes):
            if c.declared is not None:
                self.lines.append(f"    global x{len(self.variables)}")
                self._variable(c.declared, "change", "    ")
            elif c.added is not None and c.what == "action":
                self._action(f"added{n}", c.added, "change", "    ")
            else:
                self.lines.append(f"    {self._change(c)}")

    def _change(self, c: Change) -> str:
        action = next(a for a in self.described.actions if a.name == c.action)
        names = [n for n, _ in action.parameters]
        bound = {n: n for n in names}

        def function(body: str, *more: str) -> str:
            return f"lambda {', '.join([*more, *names])}: {body}" if names or more else f"lambda: {body}"

        match c.what:
            case "remove":
                return f"change.remove({c.action!r})"
            case "forget":
                return f"change.forget({c.action!r}, {self.variables[c.variable]})"
            case "before" | "after":
                assert c.added is not None
                of = f", outcome={c.before!r}" if c.before is not None else ""
                of += f", forgotten_by={list(c.forgotten_by)!r}" if c.forgotten_by is not None else ""
                steps = function(self._body(c.added, bound))
                return f"change.{c.what}({c.action!r}, name={c.added.name!r}, steps={steps}{of})"
            case "drop_outcome":
                return f"change.drop_outcome({c.action!r}, {c.before!r}{', waits=True' if c.waits else ''})"
            case "also":
                told = ", ".join(function(self._write(w, bound)) for w in c.writes)
                of = f", outcome={c.before!r}" if c.before is not None else ""
                return f"change.also({c.action!r}, {told}{of})"
            case "updates":
                told = ", ".join(function(self._write(w, bound)) for w in c.writes)
                return f"change.updates({c.action!r}, {told})"
            case "outcome":
                assert c.ending is not None
                before = f", before={c.before!r}" if c.before is not None else ""
                return f"change.outcome({c.action!r}, {function(self._ending(c.ending, bound))}{before})"
        assert c.term is not None
        if c.what == "condition":
            return f"change.condition({c.action!r}, {c.before!r}, {function(self._term(c.term, bound))})"
        if c.what == "value":
            told = function(self._term(c.term, bound), "assigned")
            return f"change.value({c.action!r}, {self.variables[c.variable]}, {told})"
        return f"change.{c.what}({c.action!r}, {function(self._term(c.term, bound))})"

    # Properties ------------------------------------------------------------------------------------------------
    def _asked(self, p: Asked) -> str:
        term, told = self._term(p.term, {}), [repr(p.name)]
        second = None if p.second is None else self._term(p.second, {})
        if p.kind == "leads_to":
            told += [second or "both()"]
        told += [term, "'it is drawn'"]
        if p.kind == "recoverable":
            told += [f"wherever={second}"] if second else []
            told += [f"helpers={sorted(p.helpers)!r}", f"manual={sorted(p.manual)!r}"]
        told += [f"without={sorted(p.without)!r}"] if p.without else []
        told += ["despite_faults=True"] if p.despite else []
        return f"{p.kind}({', '.join(told)})"

    # Terms -----------------------------------------------------------------------------------------------------
    def _term(self, t: Node, bound: dict[str, str]) -> str:
        def args() -> list[str]:
            return [self._term(a, bound) for a in t.args]

        match t.op:
            case "const":
                return self._constant(t)
            case "size":
                return f"({self._bound(t.data)}){'.term' if isinstance(t.data, str) else ''}"
            case "var":
                return self.variables[t.data]
            case "bound":
                return bound[t.data]
            case "assigned":
                return "assigned"
            case "select":
                return "{}[{}]".format(*args())
            case "and" | "or":
                return f"({(' & ' if t.op == 'and' else ' | ').join(args())})"
            case "if":
                return f"If({', '.join(args())})"
            case "first" | "last":
                return f"{t.op}({self._sort(t.sort)})"
            case "literal":
                return f"{{{', '.join(args())}}}"
            case "taken":
                name, ending, named = t.data
                told = [repr(name), *([f"outcome={ending!r}"] if ending is not None else [])]
                told += [f"**{{{n!r}: {a}}}" for n, a in zip(named, args(), strict=True)]
                return f"taken({', '.join(told)})"
            case "enabled":
                name, named = t.data
                told = [repr(name), *(f"**{{{n!r}: {a}}}" for n, a in zip(named, args(), strict=True))]
                return f"enabled({', '.join(told)})"
            case "such_that" | "forall" | "exists" | "count" | "sum" | "least" | "each":
                name, over = t.data
                function = "sum_of" if t.op == "sum" else t.op
                self._binders += 1
                x = f"b{self._binders}"
                of = self._term(t.args[1], bound) if len(t.args) > 1 else self._sort(over)
                return f"{function}({of}, lambda {x}: {self._term(t.args[0], {**bound, name: x})})"
        left, *rest = t.args
        if _python(left) and (t.op == "member" or all(map(_python, rest))) and not _python(t):
            same = self._term(left, bound)
            return _INFIX[t.op].format(f"If(both(), {same}, {same})", *(self._term(a, bound) for a in rest))
        return _INFIX[t.op].format(*args())

    def _constant(self, t: Node) -> str:
        match t.sort.kind:
            case "bool":
                return "both()" if t.data else "either()"
            case "set":
                return self._set(t.sort, t.data)
            case "number" | "int":
                return f"({t.data})" if t.data < 0 else str(t.data)
        return self._value(t.sort, t.data)

    def _set(self, sort: Sort, value: frozenset[int]) -> str:
        """A set that needs no sort from around it."""
        over, element = self._sort(sort.element), sort.element
        if not value:
            return f"such_that({over}, lambda y: either())"
        if element.kind in ("int", "enum"):
            return f"such_that({over}, lambda y: y.isin({self._value(sort, value)}))"
        return f"such_that({over}, lambda y: both())"


def _python(t: Node) -> bool:
    """It is written as a number of Python's."""
    return (t.op == "const" and t.sort.kind in ("int", "number")) or (
        t.op in ("add", "sub", "mul", "div", "mod") and all(map(_python, t.args))
    )


_INFIX = {
    "eq": "({} == {})",
    "ne": "({} != {})",
    "lt": "({} < {})",
    "le": "({} <= {})",
    "add": "({} + {})",
    "mul": "({} * {})",
    "div": "({} // {})",
    "mod": "({} % {})",
    "min": "minimum({}, {})",
    "max": "maximum({}, {})",
    "card": "size_of({})",
    "sub": "({} - {})",
    "member": "{}.isin({})",
    "union": "({} | {})",
    "intersection": "({} & {})",
    "difference": "({} - {})",
    "subset": "{}.issubset({})",
    "not": "(~{})",
    "implies": "{}.implies({})",
    "following": "following({})",
    "preceding": "preceding({})",
    "position": "position({})",
    "primed": "primed({})",
}
