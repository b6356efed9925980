"""A small subset of Python → LLVM IR: whole numbers of 64 bits, memory, branches and loops.

The step function that ``explicit/codegen.py`` writes and the loops of ``inserting.py`` are plain Python that any
interpreter can run; here they become machine code. All values are 64-bit words, wrapping; a parameter that is indexed
is the address of an array of words. ``/``, floats, lists and objects do not exist. Code in this dialect may rely on
these rules:

* ``<``, ``<=`` … compare as signed, ``>>`` shifts in zeros; shifts by 64 or more give 0
* ``//`` and ``%`` round down, as in Python; a divisor 0, which code guards, gives any number
* ``and``, ``or`` evaluate both sides unless the right one calls a function
* ``for w in range(K)`` with a constant K is unrolled, ``for w in range(A, B)`` is a loop
* names in ``constants`` are numbers
* ``_out_of_range()`` leaves the function with ``FAILED``, as does ``_divisor(0)``
* bit masks may have more bits: ``_wide(x, n)`` has as many words as n bits take, as do constants that need them; an
  operand that meets a wider one is extended with zeros; ``_word(x, k)`` is word k of it
* ``_room(n)`` is an uninitialised array of n words that lives until the function returns
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from llvmlite import ir

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.engines.native.instructions import BUILT_IN, FAILED, WORD, Instructions, signed, words_for

__all__ = ["FAILED", "DialectError", "Translator"]


class DialectError(Exception):
    """Code outside the dialect: a bug of the checker, because users do not write any."""


class Translator:
    """Makes one LLVM module from Python sources (this is the code generator; ``jit.py`` runs the result).

    ``constants``: names that stand for numbers everywhere.
    """

    def __init__(self, name: str, constants: Mapping[str, int] | None = None) -> None:
        self.module = ir.Module(name=name)
        self.constants = dict(constants or {})
        self.functions: dict[str, ir.Function] = {}

    def add(self, source: str, *, inline: tuple[str, ...] = ()) -> None:
        """Translate every function in ``source``; those named in ``inline`` are always inlined."""
        nodes = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)]
        for node in nodes:
            self._declare(node, node.name in inline)
        for node in nodes:
            Body(self, self.functions[node.name], node).translate()

    def _declare(self, node: ast.FunctionDef, inline: bool) -> None:
        kind = ir.FunctionType(WORD, [WORD] * len(node.args.args))
        made = ir.Function(self.module, kind, name=node.name)
        if inline:
            made.attributes.add("alwaysinline")
            made.linkage = "internal"
        self.functions[node.name] = made


class Body(Instructions):
    """The body of one function."""

    def __init__(self, of: Translator, function: ir.Function, node: ast.FunctionDef) -> None:
        self.of = of
        self.node = node
        self.entry = ir.IRBuilder(function.append_basic_block("entry"))
        super().__init__(of.module, function, of.constants)
        self.variables: dict[str, Any] = {}
        self._loops: list[Any] = []

    def translate(self) -> None:
        """Fill the function."""
        body = self.b.block
        for parameter, value in zip(self.node.args.args, self.function.args, strict=True):
            self._assign(parameter.arg, value)
        self._statements(self.node.body)
        if not self.b.block.is_terminated:
            self.b.ret(WORD(0))
        self.entry.branch(body)

    # Statements ------------------------------------------------------------------------------------------------
    def _statements(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            if self.b.block.is_terminated:
                return
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        look_at_the_clock()
        match node:
            case ast.Assign(targets=[target], value=value):
                self._store(target, self.value(value))
            case ast.AugAssign(target=target, op=op, value=value):
                current = self.value(_loaded(target))
                self._store(target, self._binary(op, current, self.value(value)))
            case ast.If():
                self._if(node)
            case ast.While():
                self._while(node)
            case ast.For(target=ast.Name(id=name), iter=ast.Call(args=[count])):
                for n in range(self._number(count)):
                    self.constants[name] = n
                    self._statements(node.body)
            case ast.For(target=ast.Name(), iter=ast.Call(args=[_, _])):
                self._for(node)
            case ast.Break():
                self.b.branch(self._loops[-1])
            case ast.Return(value=value):
                self.b.ret(self.value(value) if value is not None else WORD(0))
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=value):
                self.value(value)
            case _:
                raise DialectError(f"no statement of the dialect: {ast.unparse(node)}")

    def _if(self, node: ast.If) -> None:
        test = self.truth(node.test)
        then, other, end = (self.function.append_basic_block(n) for n in ("then", "else", "end"))
        self.b.cbranch(test, then, other)
        for block, body in ((then, node.body), (other, node.orelse)):
            self.b.position_at_end(block)
            self._statements(body)
            if not self.b.block.is_terminated:
                self.b.branch(end)
        self.b.position_at_end(end)

    def _while(self, node: ast.While) -> None:
        head, body, end = (self.function.append_basic_block(n) for n in ("while", "do", "done"))
        self.b.branch(head)
        self.b.position_at_end(head)
        self.b.cbranch(self.truth(node.test), body, end)
        self.b.position_at_end(body)
        self._loops.append(end)
        self._statements(node.body)
        self._loops.pop()
        if not self.b.block.is_terminated:
            self.b.branch(head)
        self.b.position_at_end(end)

    def _for(self, node: ast.For) -> None:
        """A counting loop; after at least one iteration its variable keeps its last value, as in Python."""
        assert isinstance(node.target, ast.Name)
        assert isinstance(node.iter, ast.Call)
        first, last = (self.value(n) for n in node.iter.args)
        head, body, end = (self.function.append_basic_block(n) for n in ("for", "do", "done"))
        counter = self.entry.alloca(WORD)
        self.b.store(first, counter)
        self.b.branch(head)
        self.b.position_at_end(head)
        n = self.b.load(counter, typ=WORD)
        self.b.cbranch(self.b.icmp_signed("<", n, last), body, end)
        self.b.position_at_end(body)
        self._assign(node.target.id, n)
        self._loops.append(end)
        self._statements(node.body)
        self._loops.pop()
        if not self.b.block.is_terminated:
            self.b.store(self.b.add(n, WORD(1)), counter)
            self.b.branch(head)
        self.b.position_at_end(end)

    def _store(self, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self._assign(name, value)
            case ast.Subscript(value=array, slice=index):
                self.b.store(self.as_kind(value, WORD), self.address(self.value(array), self.value(index)))
            case _:
                raise DialectError(f"no target of the dialect: {ast.unparse(target)}")

    def _assign(self, name: str, value: Any) -> None:
        if name not in self.variables:
            self.variables[name] = self.entry.alloca(value.type, name=name)
        self.b.store(self.as_kind(value, self.variables[name].allocated_type), self.variables[name])

    def room(self, count: Any) -> Any:
        return self.entry.ptrtoint(self.entry.alloca(WORD, count.constant), WORD)

    # Expressions -----------------------------------------------------------------------------------------------
    def value(self, node: ast.expr) -> Any:
        """An expression as a word."""
        match node:
            case ast.Constant(value=bool() | int() as number):
                kind = words_for(int(number).bit_length())
                return WORD(signed(int(number))) if kind.width == WORD.width else kind(number)
            case ast.Name(id=name):
                return self._name(name)
            case ast.BinOp(left=a, op=ast.BitAnd(), right=ast.UnaryOp(op=ast.Invert(), operand=b)):
                kept, left_out = self.alike([self.value(a), self.value(b)])
                return self.b.and_(kept, self.b.not_(left_out))
            case ast.BinOp(left=a, op=op, right=b):
                return self._binary(op, self.value(a), self.value(b))
            case ast.UnaryOp(op=ast.Invert(), operand=a):
                return self.b.not_(self.value(a))
            case ast.UnaryOp(op=ast.USub(), operand=a):
                return self.b.neg(self.value(a))
            case ast.IfExp(test=test, body=then, orelse=other):
                return self._choose(test, then, other)
            case ast.Subscript(value=ast.Tuple(elts=items), slice=index):
                return self._pick([self.value(i) for i in items], self.value(index))
            case ast.Subscript(value=array, slice=index):
                return self.b.load(self.address(self.value(array), self.value(index)), typ=WORD)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
            case _:
                return self.b.zext(self.truth(node), WORD)

    def truth(self, node: ast.expr) -> Any:
        """An expression as a truth value."""
        match node:
            case ast.Constant(value=bool() as known):
                return ir.IntType(1)(int(known))
            case ast.Compare(left=left, ops=ops, comparators=rights):
                return self._compare([left, *rights], ops)
            case ast.BoolOp(op=op, values=values):
                return self._connect(isinstance(op, ast.And), values)
            case ast.UnaryOp(op=ast.Not(), operand=a):
                return self.b.not_(self.truth(a))
            case _:
                found = self.value(node)
                return self.b.icmp_signed("!=", found, found.type(0))

    def _name(self, name: str) -> Any:
        if name in self.constants:
            return WORD(signed(self.constants[name]))
        if name not in self.variables:
            raise DialectError(f"{self.node.name}: {name} is read before it is assigned")
        return self.b.load(self.variables[name], typ=self.variables[name].allocated_type)

    def _number(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as number):
                return number
            case ast.Name(id=name) if name in self.constants:
                return self.constants[name]
            case _:
                raise DialectError(f"not a constant: {ast.unparse(node)}")

    def _binary(self, op: ast.operator, a: Any, b: Any) -> Any:
        if not isinstance(op, ast.LShift | ast.RShift):
            a, b = self.alike([a, b])
        match op:
            case ast.Add():
                return self.b.add(a, b)
            case ast.Sub():
                return self.b.sub(a, b)
            case ast.Mult():
                return self.b.mul(a, b)
            case ast.FloorDiv():
                return self.quotient(a, b)
            case ast.Mod():
                return self.remainder(a, b)
            case ast.BitAnd():
                return self.b.and_(a, b)
            case ast.BitOr():
                return self.b.or_(a, b)
            case ast.BitXor():
                return self.b.xor(a, b)
            case ast.LShift():
                return self.shifted(self.b.shl, a, b)
            case ast.RShift():
                return self.shifted(self.b.lshr, a, b)
            case _:
                raise DialectError(f"no operator of the dialect: {type(op).__name__}")

    def _compare(self, parts: list[ast.expr], ops: list[ast.cmpop]) -> Any:
        values = self.alike([self.value(p) for p in parts])
        tests = [
            self.b.icmp_signed(_COMPARISONS[type(op)], a, b) for op, a, b in zip(ops, values, values[1:], strict=False)
        ]
        found = tests[0]
        for t in tests[1:]:
            found = self.b.and_(found, t)
        return found

    def _connect(self, conjunction: bool, values: list[ast.expr]) -> Any:
        found = self.truth(values[0])
        for node in values[1:]:
            if _calls(node):
                found = self._lazily(conjunction, found, node)
            else:
                found = (self.b.and_ if conjunction else self.b.or_)(found, self.truth(node))
        return found

    def _lazily(self, conjunction: bool, first: Any, node: ast.expr) -> Any:
        start = self.b.block
        more, end = (self.function.append_basic_block(n) for n in ("more", "known"))
        self.b.cbranch(first, *((more, end) if conjunction else (end, more)))
        self.b.position_at_end(more)
        second = self.truth(node)
        last = self.b.block
        self.b.branch(end)
        self.b.position_at_end(end)
        result = self.b.phi(ir.IntType(1))
        result.add_incoming(first, start)
        result.add_incoming(second, last)
        return result

    def _choose(self, test: ast.expr, then: ast.expr, other: ast.expr) -> Any:
        condition = self.truth(test)
        if not (_risky(then) or _risky(other)):
            return self.b.select(condition, *self.alike([self.value(then), self.value(other)]))
        blocks = [self.function.append_basic_block(n) for n in ("then", "else", "chosen")]
        self.b.cbranch(condition, blocks[0], blocks[1])
        incoming = []
        for block, node in zip(blocks, (then, other), strict=False):
            self.b.position_at_end(block)
            incoming.append((self.value(node), self.b.block))
        kind = max((value.type for value, _ in incoming), key=lambda t: int(t.width))
        ends = []
        for value, block in incoming:
            self.b.position_at_end(block)
            ends.append((self.as_kind(value, kind), block))
            self.b.branch(blocks[2])
        self.b.position_at_end(blocks[2])
        result = self.b.phi(kind)
        for value, block in ends:
            result.add_incoming(value, block)
        return result

    def _pick(self, items: list[Any], at: Any) -> Any:
        items = self.alike(items)
        found = items[-1]
        for n, item in reversed(list(enumerate(items[:-1]))):
            found = self.b.select(self.b.icmp_signed("==", at, WORD(n)), item, found)
        return found

    # Calls -----------------------------------------------------------------------------------------------------
    def _call(self, name: str, nodes: list[ast.expr]) -> Any:
        if name in self.of.functions:
            return self.b.call(self.of.functions[name], [self.value(n) for n in nodes])
        if name not in BUILT_IN:
            raise DialectError(f"{self.node.name} calls {name}, which is not known here")
        return BUILT_IN[name](self, *(self.value(n) for n in nodes))


def _loaded(target: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(target), mode="eval").body


def _risky(node: ast.expr) -> bool:
    """Whether an expression must not be evaluated speculatively: it calls a function that does more than read or
    compute."""
    return any(
        isinstance(n, ast.Call) and not (isinstance(n.func, ast.Name) and n.func.id in _PURE) for n in ast.walk(node)
    )


def _calls(node: ast.expr) -> bool:
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return any(not (isinstance(f, ast.Name) and f.id in _MASKS) for f in calls)


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_MASKS = ("_wide", "_word")
_PURE = {
    *_MASKS,
    *["int", "min", "max", "at", "byte", "half", "quarter", "pointer", "high_product", "ones", "lowest", "leading"],
}
