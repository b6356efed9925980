"""Limits on the size of what an author writes. Larger input would take too long or fail: engines walk terms level by
level, write them out, and keep a number for every place of a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planrace.model.language.errors import DefinitionError, Place, so_many

if TYPE_CHECKING:
    from planrace.model.language.terms import Term

GREATEST = 2**64
"""The greatest number in a protocol; its negative is the least."""
AT_MOST = "numbers go from -2**64 to 2**64"
DEEPEST = 100
"""The deepest nesting of a term."""
LARGEST = 200_000
"""The greatest number of subterms of a term; a shared one counts every time it occurs."""
READABLE = 20_000
"""The greatest number of subterms of a term that is shown to people."""


def in_few_words(number: int) -> str:
    """A number as text; for a very long one, its number of digits."""
    if abs(number) < 10**40:
        return str(number)
    digits = int(number.bit_length() * 0.30103)  # decimal digits of a bit; Python refuses to write very long numbers
    return f"a number of about {digits:,} digits"


def check_term_size(term: Term, what: str, where: Place | None) -> None:
    """Refuse a term that is nested too deeply, or too large. Raises ``DefinitionError``."""
    if term.depth > DEEPEST:
        raise DefinitionError(
            f"{what}: a term is nested {so_many(term.depth, 'level')} deep; the limit is {DEEPEST}",
            where=where,
            remedy="let a variable hold a part of it; both(…), either(…) and count(…) take many at one level",
        )
    if term.parts > LARGEST:
        parts = f"{term.parts:,}" if term.parts < 10**15 else f"more than {10**15:,}"
        raise DefinitionError(
            f"{what}: a term that is written out has {parts} parts; the limit is {LARGEST:,}",
            where=where,
            remedy="let a variable hold a part that it has more than once",
        )
