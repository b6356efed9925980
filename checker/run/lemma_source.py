"""Inferred lemmas as Python source, to be pasted into the file of their protocol."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from planrace.checker.results.wording import counted
from planrace.model.language import Protocol, Term
from planrace.model.language.python_source import PythonSource, UnnamedError
from planrace.properties.proof import Lemma

FUNCTIONS = "planrace"
"""The module that exports what the source calls."""


@dataclass
class ModuleNames:
    """The names at the top of a module, and of other modules for what it does not name itself."""

    module: ModuleType
    imported: dict[str, set[str]] = field(default_factory=dict)
    """Names that other modules give, by their module."""

    def of(self, thing: object) -> str | None:
        """The name of a variable (its term), parameter, sort or protocol; None if it has none."""
        here = _name_in(self.module, thing)
        if here is not None:
            return here
        for module in list(sys.modules.values()):
            name = _name_in(module, thing) if isinstance(module, ModuleType) else None
            if name is not None and not name.startswith("_"):
                self.imported.setdefault(module.__name__, set()).add(name)
                return name
        return None


def _name_in(module: ModuleType, thing: object) -> str | None:
    return next((n for n, v in list(vars(module).items()) if type(v) is type(thing) and _same(v, thing)), None)


def _same(a: Any, b: Any) -> bool:
    return a is b or (not isinstance(a, Term | Protocol) and bool(a == b))


def lemma_source(lemmas: Sequence[Lemma], protocol: Protocol, module: ModuleType) -> str:
    """Source that declares the lemmas, for the end of the file that ``module`` was made from. A lemma about something
    that has no name there becomes a comment."""
    names = ModuleNames(module)
    taken = {x.name for p in protocol.proofs for x in p.lemmas}
    source = PythonSource(names.of, vars(module), {"lemma", "proof"})
    blocks, failed = [], []
    for name, x in zip(_fresh_names(taken), lemmas, strict=False):
        try:
            blocks.append(_lemma(name, source.source(x.holds), f"found by inference: {x.holds}"))
        except UnnamedError as problem:
            failed.append(f"# Not written: {x.holds}: {problem.what}.\n")
    if not blocks:
        return "".join(failed) or "# No lemma was needed, or none was found.\n"
    owner = names.of(protocol)
    where = f"{owner}.argue(" if owner else "found = ("
    hint = "" if owner else "# Hand it to the variant: .declaring(proofs=[found]).\n"
    imports = [f"from {FUNCTIONS} import {', '.join(sorted(source.used))}"]
    imports += [f"from {m} import {', '.join(sorted(n))}" for m, n in sorted(names.imported.items())]
    body = "".join(blocks)
    head = f"# {counted(len(blocks), 'lemma')} found by `check prove --infer`: add a meaning to each that you keep.\n"
    return (
        head
        + "\n".join(imports)
        + f"\n\n{''.join(failed)}{hint}{where}\n    proof(\n        [\n{body}        ]\n    )\n)\n"
    )


def _lemma(name: str, expression: str, meaning: str) -> str:
    lines = (f'"{name}",', f"{expression},", f'"{meaning}",')
    inside = "".join(f"                {line}\n" for line in lines)
    return f"            lemma(\n{inside}            ),\n"


def _fresh_names(taken: Collection[str]) -> Iterator[str]:
    """inferred-1, inferred-2, …, without those that the file has already."""
    number = 0
    while True:
        number += 1
        if f"inferred-{number}" not in taken:
            yield f"inferred-{number}"
