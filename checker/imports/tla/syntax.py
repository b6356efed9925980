"""The syntax of TLA⁺ as far as it is read: expressions, definitions, modules (*Specifying Systems*, part IV)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Expr:
    """An expression; ``line`` is where it begins, from 1 on, and ``source`` its text."""

    line: int
    source: str = field(repr=False)


@dataclass(frozen=True, eq=False)
class Num(Expr):
    value: int


@dataclass(frozen=True, eq=False)
class Text(Expr):
    value: str


@dataclass(frozen=True, eq=False)
class Ref(Expr):
    """A name: of a definition, a constant, a variable, a bound variable, or of a set such as ``Nat``."""

    name: str


@dataclass(frozen=True, eq=False)
class Apply(Expr):
    """An operator with operands: one of the language (``/\\``, ``\\cup``, ``SUBSET``, ``'``) or a defined one."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Through(Expr):
    """An operator of an instance: ``M!Op(a)``."""

    prefix: tuple[tuple[str, tuple[Expr, ...]], ...]
    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class ApplyAt(Expr):
    """``f[a, b]``."""

    function: Expr
    args: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Dot(Expr):
    """``r.name``."""

    record: Expr
    name: str


@dataclass(frozen=True)
class Bound:
    """``x, y \\in S`` or ``<<x, y>> \\in S``; in the latter the names form one pattern."""

    names: tuple[str, ...]
    pattern: bool
    set: Expr | None


@dataclass(frozen=True, eq=False)
class Quantified(Expr):
    """``\\A`` or ``\\E``."""

    kind: str
    bounds: tuple[Bound, ...]
    body: Expr


@dataclass(frozen=True, eq=False)
class Choose(Expr):
    bound: Bound
    body: Expr


@dataclass(frozen=True, eq=False)
class IfThenElse(Expr):
    """``IF … THEN … ELSE …``."""

    test: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, eq=False)
class Cases(Expr):
    arms: tuple[tuple[Expr, Expr], ...]
    other: Expr | None


@dataclass(frozen=True, eq=False)
class Let(Expr):
    definitions: tuple[Definition, ...]
    instances: tuple[Instantiation, ...]
    body: Expr


@dataclass(frozen=True, eq=False)
class Items(Expr):
    """``{a, b}``."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Filtered(Expr):
    """``{x \\in S : P}``."""

    bound: Bound
    body: Expr


@dataclass(frozen=True, eq=False)
class ImageOf(Expr):
    """``{e : x \\in S}``."""

    body: Expr
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, eq=False)
class FunctionOf(Expr):
    """``[x \\in S |-> e]``."""

    bounds: tuple[Bound, ...]
    body: Expr


@dataclass(frozen=True, eq=False)
class FunctionsTo(Expr):
    """``[S -> T]``."""

    domain: Expr
    range: Expr


@dataclass(frozen=True, eq=False)
class RecordOf(Expr):
    """``[a |-> 1, b |-> 2]``."""

    fields: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, eq=False)
class Records(Expr):
    """``[a : S, b : T]``."""

    fields: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, eq=False)
class TupleOf(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Except(Expr):
    """``[f EXCEPT ![a].b = e]``; each path is of positions, and fields as texts."""

    function: Expr
    updates: tuple[tuple[tuple[Expr, ...], Expr], ...]


@dataclass(frozen=True, eq=False)
class OldValue(Expr):
    """``@``."""


@dataclass(frozen=True, eq=False)
class StepOf(Expr):
    """``[A]_v``, or ``<<A>>_v`` if it ``changes`` v."""

    action: Expr
    variables: Expr
    changes: bool


@dataclass(frozen=True, eq=False)
class Fair(Expr):
    """``WF_v(A)`` or ``SF_v(A)``."""

    kind: str
    variables: Expr
    action: Expr


@dataclass(frozen=True, eq=False)
class LambdaOperator(Expr):
    names: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, eq=False)
class Unread(Expr):
    """What this reader does not know; it is refused where it is needed."""

    what: str


@dataclass(frozen=True, eq=False)
class Definition:
    """``name(params) == body``, or ``name[x \\in S] == body``. An operator as a parameter has its name only."""

    name: str
    params: tuple[str, ...]
    body: Expr
    line: int
    comment: str
    bounds: tuple[Bound, ...] = ()
    module: str = ""


@dataclass(frozen=True, eq=False)
class Instantiation:
    """``name(params) == INSTANCE module WITH …``; without a name its definitions are those of the module around."""

    name: str | None
    params: tuple[str, ...]
    module: str
    given: tuple[tuple[str, Expr], ...]
    line: int


@dataclass(frozen=True, eq=False)
class DeclaredName:
    """A constant or a variable, where it stands, and the comment beside it."""

    name: str
    arity: int
    line: int
    comment: str


@dataclass(frozen=True, eq=False)
class Module:
    name: str
    extends: tuple[str, ...]
    constants: tuple[DeclaredName, ...]
    variables: tuple[DeclaredName, ...]
    definitions: tuple[Definition, ...]
    instances: tuple[Instantiation, ...]
    recursive: frozenset[str]
    assumptions: tuple[Expr, ...]
    comment: str
    lines: tuple[str, ...] = field(repr=False)
    inner: tuple[Module, ...] = ()


class TlaError(Exception):
    """Something of a specification that is not read, or is wrong: where it stands, and what can be done."""

    def __init__(self, what: str, line: int | None = None, module: str | None = None) -> None:
        super().__init__(what)
        self.what, self.line, self.module = what, line, module
