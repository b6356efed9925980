"""LLVM IR for the built-in functions of the dialect: memory, ranges, masks of several words, and slots of buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

WORD = ir.IntType(64)
WIDE = ir.IntType(128)
FAILED = -1
"""What a function returns if a value or position is out of range."""


class Instructions:
    """Writes instructions to the body of a function; ``constants`` are names of numbers."""

    def __init__(self, module: ir.Module, function: ir.Function, constants: Mapping[str, int]) -> None:
        self.module = module
        self.function = function
        self.constants = dict(constants)
        self.b = ir.IRBuilder(function.append_basic_block("body"))
        self._failing: Any = None

    # Values of several words -----------------------------------------------------------------------------------
    def shifted(self, shift: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
        """``a`` shifted by ``b`` bits; shifting by its width or more gives 0."""
        kind = a.type
        if isinstance(b, ir.Constant):
            return shift(a, kind(b.constant)) if 0 <= b.constant < kind.width else kind(0)
        fits = self.b.icmp_unsigned("<", b, WORD(kind.width))
        bits = self.b.select(fits, b, WORD(0)) if kind.width > WORD.width else self.b.and_(b, WORD(63))
        return self.b.select(fits, shift(a, self.as_kind(bits, kind)), kind(0))

    def as_kind(self, value: Any, kind: Any) -> Any:
        """A value converted to a type: extended with zeros, or truncated."""
        if value.type.width == kind.width:
            return value
        return self.b.zext(value, kind) if value.type.width < kind.width else self.b.trunc(value, kind)

    def alike(self, values: list[Any]) -> list[Any]:
        """Values extended to the width of the widest."""
        kind = max((v.type for v in values), key=lambda t: int(t.width))
        return [self.as_kind(v, kind) for v in values]

    # Memory ----------------------------------------------------------------------------------------------------
    def address(self, array: Any, index: Any) -> Any:
        """The address of a word of an array."""
        return self.b.inttoptr(self.b.add(array, self.b.shl(index, WORD(3))), ir.PointerType())

    def part_at(self, array: Any, index: Any, size: int) -> Any:
        """The address of a part of ``size`` bytes of an array of such parts."""
        offset = self.b.mul(index, WORD(size)) if size > 1 else index
        return self.b.inttoptr(self.b.add(array, offset), ir.PointerType())

    def part(self, array: Any, index: Any, size: int) -> Any:
        """An unsigned part of ``size`` bytes of an array of such parts."""
        loaded = self.b.load(self.part_at(array, index, size), typ=ir.IntType(8 * size), align=size)
        return self.b.zext(loaded, WORD)

    def unaligned(self, array: Any, index: Any) -> Any:
        """A word at any byte of an array."""
        return self.b.load(self.part_at(array, index, 1), typ=WORD, align=1)

    def set_unaligned(self, array: Any, index: Any, value: Any) -> Any:
        """Write a word at any byte of an array."""
        self.b.store(value, self.part_at(array, index, 1), align=1)
        return WORD(0)

    def fail(self) -> Any:
        """Leave the function; what follows is never reached."""
        if self._failing is None:
            self._failing = self.function.append_basic_block("failed")
            ir.IRBuilder(self._failing).ret(WORD(FAILED))
        self.b.branch(self._failing)
        self.b.position_at_end(self.function.append_basic_block("unreached"))
        return WORD(0)

    def in_range(self, at: Any, length: Any) -> Any:
        """``at``; leaves the function if it is not in 0…length-1."""
        fine, wrong = (self.function.append_basic_block(n) for n in ("fine", "wrong"))
        self.b.cbranch(self.b.icmp_unsigned("<", at, length), fine, wrong)
        self.b.position_at_end(wrong)
        self.fail()
        self.b.unreachable()
        self.b.position_at_end(fine)
        return at

    def divisor(self, number: Any) -> Any:
        """``number``; leaves the function if it is 0."""
        wrong, fine = (self.function.append_basic_block(n) for n in ("wrong", "fine"))
        self.b.cbranch(self.b.icmp_signed("==", number, WORD(0)), wrong, fine)
        self.b.position_at_end(wrong)
        self.fail()
        self.b.unreachable()
        self.b.position_at_end(fine)
        return number

    def quotient(self, a: Any, b: Any) -> Any:
        """``a`` divided by ``b``, rounded down."""
        b = self._not_zero(b)
        return self.b.sub(self.b.sdiv(a, b), self.b.zext(self._rounded_up(self.b.srem(a, b), b), WORD))

    def remainder(self, a: Any, b: Any) -> Any:
        """What ``quotient`` leaves; it has the sign of ``b``."""
        b = self._not_zero(b)
        rest = self.b.srem(a, b)
        return self.b.add(rest, self.b.select(self._rounded_up(rest, b), b, WORD(0)))

    def _rounded_up(self, rest: Any, b: Any) -> Any:
        """The processor rounds to 0, which is up where the signs of dividend (and rest) and divisor differ."""
        signs = self.b.icmp_signed("<", self.b.xor(rest, b), WORD(0))
        return self.b.and_(signs, self.b.icmp_signed("!=", rest, WORD(0)))

    def _not_zero(self, b: Any) -> Any:
        """A divisor that is safe where a division is evaluated although its result is not used."""
        if isinstance(b, ir.Constant):
            return b
        return self.b.select(self.b.icmp_signed("==", b, WORD(0)), WORD(1), b)

    def prefetch(self, address: Any) -> Any:
        """Prefetch the cache line of an address."""
        kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(), *[ir.IntType(32)] * 3])
        known = self.module.globals.get("llvm.prefetch.p0")
        function = known or ir.Function(self.module, kind, name="llvm.prefetch.p0")
        flags = [ir.IntType(32)(n) for n in (0, 3, 1)]  # for reading, kept, data
        self.b.call(function, [self.b.inttoptr(address, ir.PointerType()), *flags])
        return WORD(0)

    def stream_line(self, to: Any, source: Any) -> Any:
        """Copy a cache line past the caches."""
        whole = self.b.load(self.address(source, WORD(0)), typ=ir.VectorType(WORD, 8), align=64)
        stored = self.b.store(whole, self.address(to, WORD(0)), align=64)
        stored.set_metadata("nontemporal", self.module.add_metadata([ir.IntType(32)(1)]))
        return WORD(0)

    def fence(self) -> Any:
        """Memory fence: make all writes visible."""
        self.b.fence("seq_cst")
        return WORD(0)

    def high_product(self, a: Any, b: Any) -> Any:
        """The upper word of a product."""
        product = self.b.mul(self.b.zext(a, WIDE), self.b.zext(b, WIDE))
        return self.b.trunc(self.b.lshr(product, WIDE(64)), WORD)

    def slots(self, bucket: Any, words: list[Any]) -> Any:
        """A bit for each slot of a bucket whose words equal ``words``. The bucket is read as one vector."""
        size, slots = self.constants["WORDS"], self.constants["BUCKET"]
        count = 1 << (slots - 1).bit_length()  # lanes; those after the last slot are masked
        whole = self.b.load(self.address(bucket, WORD(0)), typ=ir.VectorType(WORD, size * count), align=8)
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
        words = [self.b.load(self.address(s, WORD(w)), typ=WORD) for w in range(self.constants["WORDS"])]
        return self.slots(bucket, [self.b.not_(w) for w in words])

    def set_part(self, array: Any, index: Any, value: Any, size: int) -> Any:
        """Write a part of ``size`` bytes of an array of such parts."""
        self.b.store(self.b.trunc(value, ir.IntType(8 * size)), self.part_at(array, index, size), align=size)
        return WORD(0)

    def wide(self, mask: Any, bits: Any) -> Any:
        """A mask extended to the number of words that ``bits`` bits take."""
        return self.as_kind(mask, words_for(bits.constant))

    def word(self, mask: Any, k: Any) -> Any:
        """Word ``k`` of a mask."""
        return self.as_kind(self.shifted(self.b.lshr, mask, WORD(64 * k.constant)), WORD)

    def room(self, count: Any) -> Any:
        """The address of an array of ``count`` words that lives until the function returns."""
        raise NotImplementedError

    def lesser(self, a: Any, b: Any) -> Any:
        """The signed minimum."""
        return self.b.select(self.b.icmp_signed("<", a, b), a, b)

    def greater(self, a: Any, b: Any) -> Any:
        """The signed maximum."""
        return self.b.select(self.b.icmp_signed(">", a, b), a, b)


def signed(number: int) -> int:
    """The word as a signed number, as llvmlite writes it."""
    number &= 2**64 - 1
    return number - 2**64 if number >> 63 else number


def words_for(bits: int) -> Any:
    """The integer type with as many words as ``bits`` bits take."""
    return WORD if bits <= WORD.width else ir.IntType(-(-bits // WORD.width) * WORD.width)


BUILT_IN: dict[str, Callable[..., Any]] = {
    "_out_of_range": lambda f: f.fail(),
    "_in_range": lambda f, at, length: f.in_range(at, length),
    "_divisor": lambda f, number: f.divisor(number),
    "_wide": lambda f, mask, bits: f.wide(mask, bits),
    "_word": lambda f, mask, k: f.word(mask, k),
    "_room": lambda f, count: f.room(count),
    "int": lambda _, number: number,
    "min": lambda f, a, b: f.lesser(a, b),
    "max": lambda f, a, b: f.greater(a, b),
    "prefetch": lambda f, array, index: f.prefetch(f.b.add(array, f.b.shl(index, WORD(3)))),
    "stream_line": lambda f, to, source: f.stream_line(to, source),
    "fence": lambda f: f.fence(),
    "high_product": lambda f, a, b: f.high_product(a, b),
    "at": lambda f, array, index: f.b.add(array, f.b.shl(index, WORD(3))),
    "pointer": lambda _, address: address,
    "byte": lambda f, array, index: f.part(array, index, 1),
    "unaligned": lambda f, array, index: f.unaligned(array, index),
    "set_unaligned": lambda f, array, index, value: f.set_unaligned(array, index, value),
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
