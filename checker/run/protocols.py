"""Finding protocols: ours by name, a user's by ``file.py:attribute`` or ``package.module:attribute``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from planrace.checker.run.author_files import loaded
from planrace.checker.run.call_site import public
from planrace.checker.run.ranges import shortened
from planrace.checker.run.request import variant_of
from planrace.model.language import ModelError, Place, Protocol, Variant
from planrace.model.language.author_code import running
from planrace.model.language.author_text import refuse_vain_lines
from planrace.model.language.errors import known
from planrace.model.language.ledger import begin_file

BUILT_IN = {"original": "planrace.properties.dns:original", "fixed": "planrace.properties.dns:fixed"}
"""Protocols of ours and where they stand."""
LONGEST = 255
"""Characters of a module's name."""
WRITTEN_WITH = ("planrace.model.language", "planrace.properties")
"""Modules whose names authors use."""


@public
def find(name: str) -> Variant:
    """The protocol that ``name`` means, or an error that suggests what was meant."""
    place, attribute = _apart(name)
    module = _module(place)
    with running(f"{place} fails", _file_of(module), WRITTEN_WITH):
        found = getattr(module, attribute, None)
    if found is None and attribute not in vars(module):
        there = _protocols(module)
        raise ModelError(
            f"{place} has no attribute {attribute!r}",
            remedy=f"protocols in it: {', '.join(there)}" if there else "it defines no protocol",
        )
    if isinstance(found, Protocol | Variant):
        return variant_of(found)
    kind = type(found).__name__
    raise ModelError(f"{name} is of type {kind}, no protocol", remedy="name a Protocol or a variant of one")


def find_beside(name: str, other: str) -> Variant:
    """The protocol that ``other`` means beside the one called ``name``: one of the same file or module, if that has one
    of this name, else as ``find`` has it."""
    if ":" in other:
        return find(other)
    place, _ = _apart(name)
    there = _protocols(_module(place))
    if other in there:
        return find(f"{place}:{other}")
    return find(known(other, dict.fromkeys([*there, *BUILT_IN]), f"protocol of {place}, or of ours,"))


def names_in(file: str) -> list[str]:
    """What protocols of a file are called. Raises ``ModelError``."""
    return [f"{file}:{n}" for n in _protocols(_from_file(file))]


class Siblings(tuple[Variant, ...]):
    """Variants that may be laid beside traces, though nobody named one."""

    __slots__ = ()


def siblings(name: str) -> Siblings:
    """The more protected variants beside the one that ``name`` means, as ``siblings_of`` has them."""
    place, _ = _apart(name)
    return siblings_of(find(name), _module(place))


def siblings_of(here: Protocol | Variant, module: ModuleType | None = None) -> Siblings:
    """The variants of the same protocol in the module (where one is not named: any that has this one) that have more
    protections than it, the most protected first."""
    modules = [m for m in list(sys.modules.values()) if any(v is here for v in list(vars(m).values()))]
    here = variant_of(here)
    others = [v for m in ([module] if module else modules) for v in list(vars(m).values()) if isinstance(v, Variant)]
    alike = [v for v in others if v.protocol is here.protocol and len(v.protections) > len(here.protections)]
    return Siblings(sorted({id(v): v for v in alike}.values(), key=lambda v: -len(v.protections)))


def _apart(name: str) -> tuple[str, str]:
    """The file or module that ``name`` means, and what in it."""
    name = BUILT_IN.get(name, name)
    if ":" not in name:
        if name.endswith(".py"):
            there = names_in(name)
            remedy = f"write {' or '.join(there)}" if there else "it defines no protocol"
            raise ModelError(f"{name} names no attribute", remedy=remedy)
        if _is_file(Path(f"{name}.py")) and name not in BUILT_IN:
            raise ModelError(f"no protocol is called {name!r}", remedy=f"for one of that file write {name}.py:protocol")
        dotted, _, last = name.rpartition(".")
        if dotted and _is_file(file := Path(f"{dotted.replace('.', '/')}.py")):
            raise ModelError(f"no protocol is called {name!r}", remedy=f"for that of the file write {file}:{last}")
        known(name, BUILT_IN, "protocol")
    place, _, attribute = name.rpartition(":")
    return place, attribute


def _is_file(path: Path) -> bool:
    """There is such a file. What cannot be the name of one is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _protocols(module: ModuleType) -> list[str]:
    return [n for n, v in vars(module).items() if isinstance(v, Protocol | Variant)]


def _module(place: str) -> ModuleType:
    return _from_file(place) if place.endswith(".py") else _from_module(place)


def _file_of(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or module.__name__


def _from_file(file: str) -> ModuleType:
    path = Path(file)
    try:
        path.read_bytes()
    except (OSError, ValueError) as problem:
        told = getattr(problem, "strerror", None) or problem
        raise ModelError(f"cannot read {file}: {told}", remedy="check the path") from problem
    return loaded(path, lambda: _run(file, path))


def _run(file: str, path: Path) -> ModuleType:
    """Run a file of the author."""
    spec = importlib.util.spec_from_file_location(f"planrace_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"cannot load {file} as Python", remedy="name a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    begin_file(str(path))
    beside = str(path.resolve().parent)
    sys.path.insert(0, beside)
    try:
        with running(f"{file} fails while it is loaded", file, WRITTEN_WITH):
            spec.loader.exec_module(module)
            refuse_vain_lines(str(path), vars(module))
    except ModelError as problem:
        del sys.modules[spec.name]
        if isinstance(problem.__cause__, SyntaxError):
            raise _not_python(problem.__cause__, file) from problem.__cause__
        raise
    finally:
        if beside in sys.path:
            sys.path.remove(beside)
    return module


def _not_python(problem: SyntaxError, file: str) -> ModelError:
    return ModelError(f"not valid Python: {problem.msg}", where=Place(problem.filename or file, problem.lineno or 1))


def _from_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")) or len(name) > LONGEST:
        what = f"{shortened(name)} is no name of a module"
        raise ModelError(what, remedy="write package.module:attribute, or file.py:attribute")
    try:
        with running(f"{name} fails while it is loaded", name, WRITTEN_WITH):
            return importlib.import_module(name)
    except ModelError as problem:
        missing = problem.__cause__
        if isinstance(missing, ModuleNotFoundError):
            file = Path(f"{name.replace('.', '/')}.py")
            remedy = (
                f"for that of the file write {file}:…" if _is_file(file) else "is it installed, or a file.py:attribute?"
            )
            raise ModelError(f"there is no module {missing.name}", remedy=remedy) from None
        raise
