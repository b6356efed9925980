"""A small part of Python → LLVM IR: whole numbers of 64 bits, memory, branches and loops.

The step function that ``explore/emit.py`` writes and the loops of ``loops.py`` are plain Python that any interpreter
runs; here they become machine code. All values are 64-bit words, wrapping; a parameter that is indexed is the address
of an array of words. ``/``, floats, lists and objects do not exist. What Python code may rely on here:

* ``<``, ``<=`` … compare as signed, ``>>`` shifts in zeros; shifts by 64 or more give 0
* ``and``, ``or`` evaluate both sides unless the right one calls a function
* ``for w in range(K)`` with a constant K is unrolled; names in ``constants`` are numbers
* ``_out_of_range()`` leaves the function with ``FAILED``
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

WORD = ir.IntType(64)
WIDE = ir.IntType(128)
FAILED = -1
"""What a function returns where a value or position was out of its range."""


class DialectError(Exception):
    """Code that is not of this dialect: a defect of ours, for users do not write any."""


class Translator:
    """Makes one LLVM module of Python sources (the code generator; ``machine.py`` runs what it makes).

    ``constants``: names that stand for numbers everywhere.
    """

    def __init__(self, name: str, constants: Mapping[str, int] | None = None) -> None:
        self.module = ir.Module(name=name)
        self.constants = dict(constants or {})
        self.functions: dict[str, ir.Function] = {}

    def add(self, source: str, *, inline: tuple[str, ...] = ()) -> None:
        """Translate every function in ``source``; those named in ``inline`` have no call of their own."""
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


class Body:
    """The body of one function."""

    def __init__(self, of: Translator, function: ir.Function, node: ast.FunctionDef) -> None:
        self.of = of
        self.function = function
        self.node = node
        self.constants = dict(of.constants)
        self.entry = ir.IRBuilder(function.append_basic_block("entry"))
        self.b = ir.IRBuilder(function.append_basic_block("body"))
        self.variables: dict[str, Any] = {}
        self._failing: Any = None
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

    def _store(self, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self._assign(name, value)
            case ast.Subscript(value=array, slice=index):
                self.b.store(value, self._address(self.value(array), self.value(index)))
            case _:
                raise DialectError(f"no target of the dialect: {ast.unparse(target)}")

    def _assign(self, name: str, value: Any) -> None:
        if name not in self.variables:
            self.variables[name] = self.entry.alloca(WORD, name=name)
        self.b.store(value, self.variables[name])

    # Expressions -----------------------------------------------------------------------------------------------
    def value(self, node: ast.expr) -> Any:
        """An expression as a word."""
        match node:
            case ast.Constant(value=bool() | int() as number):
                return WORD(_signed(int(number)))
            case ast.Name(id=name):
                return self._name(name)
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
                return self.b.load(self._address(self.value(array), self.value(index)), typ=WORD)
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
                return self.b.icmp_signed("!=", self.value(node), WORD(0))

    def _name(self, name: str) -> Any:
        if name in self.constants:
            return WORD(_signed(self.constants[name]))
        if name not in self.variables:
            raise DialectError(f"{self.node.name}: {name} is read before it is assigned")
        return self.b.load(self.variables[name], typ=WORD)

    def _number(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as number):
                return number
            case ast.Name(id=name) if name in self.constants:
                return self.constants[name]
            case _:
                raise DialectError(f"not a constant: {ast.unparse(node)}")

    def _binary(self, op: ast.operator, a: Any, b: Any) -> Any:
        match op:
            case ast.Add():
                return self.b.add(a, b)
            case ast.Sub():
                return self.b.sub(a, b)
            case ast.Mult():
                return self.b.mul(a, b)
            case ast.BitAnd():
                return self.b.and_(a, b)
            case ast.BitOr():
                return self.b.or_(a, b)
            case ast.BitXor():
                return self.b.xor(a, b)
            case ast.LShift():
                return self._shifted(self.b.shl, a, b)
            case ast.RShift():
                return self._shifted(self.b.lshr, a, b)
            case _:
                raise DialectError(f"no operator of the dialect: {type(op).__name__}")

    def _shifted(self, shift: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        if isinstance(b, ir.Constant):
            return shift(a, b) if 0 <= b.constant < 64 else WORD(0)
        fits = self.b.icmp_unsigned("<", b, WORD(64))
        return self.b.select(fits, shift(a, self.b.and_(b, WORD(63))), WORD(0))

    def _compare(self, parts: list[ast.expr], ops: list[ast.cmpop]) -> Any:
        values = [self.value(p) for p in parts]
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
            return self.b.select(condition, self.value(then), self.value(other))
        blocks = [self.function.append_basic_block(n) for n in ("then", "else", "chosen")]
        self.b.cbranch(condition, blocks[0], blocks[1])
        incoming = []
        for block, node in zip(blocks, (then, other), strict=False):
            self.b.position_at_end(block)
            incoming.append((self.value(node), self.b.block))
            self.b.branch(blocks[2])
        self.b.position_at_end(blocks[2])
        result = self.b.phi(WORD)
        for value, block in incoming:
            result.add_incoming(value, block)
        return result

    def _pick(self, items: list[Any], at: Any) -> Any:
        found = items[-1]
        for n, item in reversed(list(enumerate(items[:-1]))):
            found = self.b.select(self.b.icmp_signed("==", at, WORD(n)), item, found)
        return found

    # Calls -----------------------------------------------------------------------------------------------------
    def _call(self, name: str, nodes: list[ast.expr]) -> Any:
        if name in self.of.functions:
            return self.b.call(self.of.functions[name], [self.value(n) for n in nodes])
        if name not in _BUILT_IN:
            raise DialectError(f"{self.node.name} calls {name}, which is not known here")
        return _BUILT_IN[name](self, *(self.value(n) for n in nodes))

    def _address(self, array: Any, index: Any) -> Any:
        return self.b.inttoptr(self.b.add(array, self.b.shl(index, WORD(3))), ir.PointerType())

    def part_at(self, array: Any, index: Any, size: int) -> Any:
        """The address of a part of ``size`` bytes of an array of such parts."""
        offset = self.b.mul(index, WORD(size)) if size > 1 else index
        return self.b.inttoptr(self.b.add(array, offset), ir.PointerType())

    def part(self, array: Any, index: Any, size: int) -> Any:
        """A part of ``size`` bytes of an array of such parts, without sign."""
        loaded = self.b.load(self.part_at(array, index, size), typ=ir.IntType(8 * size), align=size)
        return self.b.zext(loaded, WORD)

    def fail(self) -> Any:
        """Leave the function; what follows is never reached."""
        if self._failing is None:
            self._failing = self.function.append_basic_block("failed")
            ir.IRBuilder(self._failing).ret(WORD(FAILED))
        self.b.branch(self._failing)
        self.b.position_at_end(self.function.append_basic_block("unreached"))
        return WORD(0)

    def in_range(self, at: Any, length: Any) -> Any:
        """``at``; leaves the function where it is not in 0…length-1."""
        fine, wrong = (self.function.append_basic_block(n) for n in ("fine", "wrong"))
        self.b.cbranch(self.b.icmp_unsigned("<", at, length), fine, wrong)
        self.b.position_at_end(wrong)
        self.fail()
        self.b.unreachable()
        self.b.position_at_end(fine)
        return at

    def prefetch(self, address: Any) -> Any:
        """Ask for the cache line of an address."""
        kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(), *[ir.IntType(32)] * 3])
        known = self.of.module.globals.get("llvm.prefetch.p0")
        function = known or ir.Function(self.of.module, kind, name="llvm.prefetch.p0")
        flags = [ir.IntType(32)(n) for n in (0, 3, 1)]  # for reading, kept, data
        self.b.call(function, [self.b.inttoptr(address, ir.PointerType()), *flags])
        return WORD(0)

    def stream_line(self, to: Any, source: Any) -> Any:
        """Copy a cache line past the caches."""
        whole = self.b.load(self._address(source, WORD(0)), typ=ir.VectorType(WORD, 8), align=64)
        stored = self.b.store(whole, self._address(to, WORD(0)), align=64)
        stored.set_metadata("nontemporal", self.of.module.add_metadata([ir.IntType(32)(1)]))
        return WORD(0)

    def fence(self) -> Any:
        """Let all memory that was written be seen."""
        self.b.fence("seq_cst")
        return WORD(0)

    def high_product(self, a: Any, b: Any) -> Any:
        """The upper word of a product."""
        product = self.b.mul(self.b.zext(a, WIDE), self.b.zext(b, WIDE))
        return self.b.trunc(self.b.lshr(product, WIDE(64)), WORD)

    def slots(self, bucket: Any, words: list[Any]) -> Any:
        """A bit for each slot of a bucket: its first words are ``words``. The bucket is read as one vector."""
        size, slots = self.constants["WORDS"], self.constants["BUCKET"]
        count = 1 << (slots - 1).bit_length()  # lanes; those after the last slot are masked
        whole = self.b.load(self._address(bucket, WORD(0)), typ=ir.VectorType(WORD, size * count), align=8)
        same = None
        for w, word in enumerate(words):
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), count), [j * size + w for j in range(count)])
            column = self.b.shuffle_vector(whole, ir.Constant(whole.type, ir.Undefined), lanes)
            wanted = ir.Constant(column.type, ir.Undefined)
            for j in range(count):
                wanted = self.b.insert_element(wanted, word, ir.IntType(32)(j))
            equal = self.b.icmp_signed("==", column, wanted)
            same = equal if same is None else self.b.and_(same, equal)
        found = self.b.zext(self.b.bitcast(same, ir.IntType(count)), WORD)
        return self.b.and_(found, WORD((1 << slots) - 1))

    def equal_slots(self, bucket: Any, s: Any) -> Any:
        """A bit for each slot that holds the complement of a state."""
        words = [self.b.load(self._address(s, WORD(w)), typ=WORD) for w in range(self.constants["WORDS"])]
        return self.slots(bucket, [self.b.not_(w) for w in words])

    def set_part(self, array: Any, index: Any, value: Any, size: int) -> Any:
        """Write a part of ``size`` bytes of an array of such parts."""
        self.b.store(self.b.trunc(value, ir.IntType(8 * size)), self.part_at(array, index, size), align=size)
        return WORD(0)

    def lesser(self, a: Any, b: Any) -> Any:
        """The lesser of two, as signed."""
        return self.b.select(self.b.icmp_signed("<", a, b), a, b)


def _signed(number: int) -> int:
    """The word as llvmlite writes it."""
    number &= 2**64 - 1
    return number - 2**64 if number >> 63 else number


def _loaded(target: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(target), mode="eval").body


def _risky(node: ast.expr) -> bool:
    """Whether an expression must not be evaluated in vain: it calls more than what only reads or computes."""
    return any(
        isinstance(n, ast.Call) and not (isinstance(n.func, ast.Name) and n.func.id in _PURE) for n in ast.walk(node)
    )


def _calls(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) for n in ast.walk(node))


_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_PURE = ("int", "min", "at", "byte", "half", "quarter", "pointer", "high_product", "ones", "lowest", "leading")
_BUILT_IN: dict[str, Callable[..., Any]] = {
    "_out_of_range": lambda f: f.fail(),
    "_in_range": lambda f, at, length: f.in_range(at, length),
    "int": lambda _, number: number,
    "min": lambda f, a, b: f.lesser(a, b),
    "prefetch": lambda f, array, index: f.prefetch(f.b.add(array, f.b.shl(index, WORD(3)))),
    "stream_line": lambda f, to, source: f.stream_line(to, source),
    "fence": lambda f: f.fence(),
    "high_product": lambda f, a, b: f.high_product(a, b),
    "at": lambda f, array, index: f.b.add(array, f.b.shl(index, WORD(3))),
    "pointer": lambda _, address: address,
    "byte": lambda f, array, index: f.part(array, index, 1),
    "half": lambda f, array, index: f.part(array, index, 4),
    "quarter": lambda f, array, index: f.part(array, index, 2),
    "equal_slots": lambda f, bucket, s: f.equal_slots(bucket, s),
    "free_slots": lambda f, bucket: f.slots(bucket, [WORD(0)]),
    "leading": lambda f, mask: f.b.ctlz(mask, ir.IntType(1)(0)),
    "lowest": lambda f, mask: f.b.cttz(mask, ir.IntType(1)(0)),
    "ones": lambda f, mask: f.b.ctpop(mask),
    "set_byte": lambda f, array, index, value: f.set_part(array, index, value, 1),
    "set_half": lambda f, array, index, value: f.set_part(array, index, value, 4),
    "set_quarter": lambda f, array, index, value: f.set_part(array, index, value, 2),
}
