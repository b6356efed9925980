"""Properties and other parts of a protocol that the author made but never added to it: they are never checked."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.results.report import NOT_DECLARED, ModelWarning
from planrace.model.language import Op, Protocol, System, Variant
from planrace.model.language.author_text import forgotten_in
from planrace.model.language.ledger import Made
from planrace.model.language.terms import subterms

NOTHING = "not part of the protocol"


def forgotten(subject: Protocol | Variant | System) -> Iterator[ModelWarning]:
    """The warnings of ``check``."""
    for made in not_declared(subject):
        yield ModelWarning(NOT_DECLARED, made.words, f"was made at {made.where} and is {NOTHING}: {remedy(made)}")


def not_declared(subject: Protocol | Variant | System) -> Iterator[Made]:
    """What the files that declare the protocol make, but nothing uses, and that reads only its variables. What reads
    other variables may belong to another protocol in the same file."""
    protocol = subject.protocol if isinstance(subject, Variant) else subject
    declared = [*protocol.properties, *(subject.properties if isinstance(subject, Variant) else ())]
    places = [protocol.where, *(getattr(p, "where", None) for p in declared)]
    files = {p.file for p in places if p is not None}
    known = protocol.variables.values() if isinstance(protocol, Protocol) else protocol.variables
    sorts = {v.name: v.sort for v in known}
    for made in forgotten_in(files):
        if all(sorts.get(t.data) == t.sort for t in subterms(*made.terms) if t.op is Op.VARIABLE):
            yield made


def remedy(made: Made) -> str:
    """What to do about it."""
    return f"hand it to {made.belongs}, or remove it"
