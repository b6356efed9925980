"""The normal form of generations (``semantics/normal_form.py``) of packed states, as source text in the dialect that
both engines run.

Live values are the bits of one word, ``m``. Where bit v is set and none of the D bits below it, there is a gap that may
be smaller: all values below it, but those in ``k``, move up.
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.engines.symbols import identifier
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.packing import WORD, Field, Layout
from planrace.model.language import ModelError

MOST = WORD - 2
"""The greatest generation: live values are bits of a word whose highest is not used."""
ALL = 2**WORD - 1


def changes_nothing(form: NormalForm) -> bool:
    """Whether every state of the instance is its own normal form: then no gap between live values can be too large."""
    return _greatest(form) - 1 <= form.distance


def normalising(form: NormalForm, layout: Layout, name: str) -> str:
    """The function ``name(s)`` that replaces a state, given in words, by its normal form. Raises ``ModelError`` if
    there are too many generations."""
    fields = [f for (variable, _), f in layout.fields.items() if variable in form.variables and f.width]
    most = max(_greatest(form), *(f.high for f in fields if f.is_set), 0)
    if most > MOST:
        raise ModelError(
            f"normal form: generations are numbered up to {most:,} here, and it is made of {MOST} at most",
            where=next(v.where for v in form.instance.system.variables if v.name == form.counter),
            remedy="take smaller sizes, or leave out --normalise",
        )
    return "\n".join([f"def {name}(s):", *(f" {line}" for line in _lines(form, fields))]) + "\n"


def _greatest(form: NormalForm) -> int:
    """The greatest number that the counter can have."""
    found: int = form.instance.bounds(form.instance.system.sort_of(form.counter))[1]  # type: ignore[arg-type]
    return found


def _lines(form: NormalForm, fields: list[Field]) -> Iterator[str]:
    for f in fields:
        yield f"{_name(f)} = s[{f.word}] >> {f.shift} & {f.mask}"
    yield f"m = ({' | '.join(map(_live, fields))}) & {ALL - 1}"
    yield "k = 1"
    yield "f = m & -m"
    if form.least > 1:
        # The smallest value is told apart: what is below the first gap that may be larger stays where it is.
        yield f"if f < {1 << form.least}:"
        yield f" f = m & ~({_within(form.distance - 1)}) & ~f"
        yield " f = f & -f"
        yield " if f == 0:"
        yield "  return 0"
        yield " k = f - 1"
    yield f"b = m & ~({_within(form.distance)}) & ~f & ~k"
    yield "if b == 0:"
    yield " return 0"
    yield "while b:"
    yield " v = b & -b"
    yield " l = v - 1 & ~k"
    yield " t = m & l"
    yield f" x = v >> {form.distance}"
    yield " e = 0"
    yield " while t < x:"
    yield "  t = t + t"
    yield "  e += 1"
    for f in fields:
        yield f" {_moved(f)}"
    yield " m = m & ~l | (m & l) << e"
    yield " f = m & ~k"
    yield " f = f & -f"
    yield f" b = m & ~({_within(form.distance)}) & ~f & ~k"
    yield from _written(fields)
    yield "return 1"


def _within(distance: int) -> str:
    """The bits at most so far above one of m."""
    return " | ".join(f"m << {d}" for d in range(1, distance + 1))


def _live(f: Field) -> str:
    """The values of a field as bits."""
    if f.is_set:
        return f"{_name(f)} << {f.low}" if f.low else _name(f)
    return f"1 << {_value(f)}"


def _value(f: Field) -> str:
    return f"({_name(f)} + {f.low})" if f.low else _name(f)


def _moved(f: Field) -> str:
    """Values of a field that are bits of l grow by e."""
    name = _name(f)
    if f.is_set:
        moving = f"(l >> {f.low})" if f.low else "l"
        return f"{name} = {name} & ~{moving} | ({name} & {moving}) << e"
    return f"{name} = {name} + e * (l >> {_value(f)} & 1)"


def _written(fields: list[Field]) -> Iterator[str]:
    """Rewrite the words that have changed."""
    for word in dict.fromkeys(f.word for f in fields):
        inside = [f for f in fields if f.word == word]
        kept = ALL & ~sum(f.mask << f.shift for f in inside)
        texts = (f"({_name(f)} << {f.shift})" if f.shift else _name(f) for f in inside)
        yield f"s[{word}] = {' | '.join([f's[{word}] & {kept}', *texts])}"


def _name(f: Field) -> str:
    return identifier("v", f.variable, *f.path)
