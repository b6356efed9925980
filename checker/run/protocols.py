"""Finds protocols: built-in ones by name, a user's by ``file.py:attribute`` or ``package.module:attribute``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType

from planrace.checker.run.author_files import loaded
from planrace.checker.run.call_site import public
from planrace.checker.run.ranges import shortened
from planrace.checker.run.request import variant_of
from planrace.model.language import ModelError, Place, Protocol, Variant
from planrace.model.language.author_code import running
from planrace.model.language.author_text import refuse_vain_lines
from planrace.model.language.errors import known, near
from planrace.model.language.ledger import begin_file

BUILT_IN = {
    "original": "planrace.properties.dns:original",
    "fixed": "planrace.properties.dns:fixed",
    "design": "planrace.properties.dns:design",
    "register": "planrace.properties.dns:register",
    "prefixes": "planrace.properties.outages.prefixes:protocol",
    "prefixes-fixed": "planrace.properties.outages.prefixes:fixed",
    "snapshot": "planrace.properties.outages.snapshot:protocol",
    "snapshot-fixed": "planrace.properties.outages.snapshot:fixed",
}
"""The built-in protocols and where they are defined."""
LONGEST = 255
"""The most characters that a module's name may have."""
WRITTEN_WITH = ("planrace.model.language", "planrace.properties")
"""The modules that authors import from; their names are suggested in errors."""


@public
def find(name: str) -> Variant:
    """The protocol called ``name``. Raises ``ModelError`` with suggestions if there is none."""
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
    raise ModelError(f"{name} is not a protocol, but of type {kind}", remedy="name a Protocol or a variant of one")


def attribute_of(name: str, what: str, form: str) -> object:
    """The attribute called ``name`` (``file.py:attribute`` or ``package.module:attribute``), which is no protocol but
    ``what`` (a driver); ``form`` shows how its name is written. Raises ``ModelError`` if there is none."""
    place, sign, attribute = name.rpartition(":")
    if not sign or not place:
        raise ModelError(f"{name} names no {what}", remedy=f"write {form}")
    module = _module(place)
    there = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__]
    if attribute not in vars(module):
        raise ModelError(f"{place} has no attribute {attribute!r}", remedy=near(attribute, there))
    return vars(module)[attribute]


def module_of(name: str) -> ModuleType:
    """The module in which the protocol called ``name`` is defined. Raises ``ModelError``."""
    return _module(_apart(name)[0])


def find_variant(name: str, other: str) -> Variant:
    """The protocol called ``other``, to compare with the one called ``name``: the name is looked up in the file or
    module of ``name`` first, then as in ``find``."""
    if ":" in other:
        return find(other)
    place, _ = _apart(name)
    there = _protocols(_module(place))
    if other in there:
        return find(f"{place}:{other}")
    return find(known(other, dict.fromkeys([*there, *BUILT_IN]), f"protocol of {place} or built-in protocol"))


def names_in(file: str) -> list[str]:
    """The names of all protocols in a file. Raises ``ModelError``."""
    return [f"{file}:{n}" for n in _protocols(_from_file(file))]


class Siblings(tuple[Variant, ...]):
    """Variants to compare traces with that were found automatically, not named by the user."""

    __slots__ = ()


def siblings(name: str) -> Siblings:
    """The variants with more protections than the one called ``name``, as in ``siblings_of``."""
    place, _ = _apart(name)
    return siblings_of(find(name), _module(place))


def siblings_of(here: Protocol | Variant, module: ModuleType | None = None) -> Siblings:
    """The variants of the same protocol with more protections, the most protected first. They are searched for in
    ``module``, by default in every module that contains ``here``."""
    loaded = [m for m in list(sys.modules.values()) if isinstance(m, ModuleType)]  # some put other things there
    modules = [m for m in loaded if any(v is here for v in list(vars(m).values()))]
    here = variant_of(here)
    others = [v for m in ([module] if module else modules) for v in list(vars(m).values()) if isinstance(v, Variant)]
    alike = [v for v in others if v.protocol is here.protocol and len(v.protections) > len(here.protections)]
    return Siblings(sorted({id(v): v for v in alike}.values(), key=lambda v: -len(v.protections)))


def _apart(name: str) -> tuple[str, str]:
    """The file or module in which ``name`` is defined, and its attribute there."""
    name = BUILT_IN.get(name, name)
    if ":" not in name:
        if name.endswith(".py"):
            there = names_in(name)
            remedy = f"write {' or '.join(there)}" if there else "it defines no protocol"
            raise ModelError(f"{name} names no attribute", remedy=remedy)
        if _is_file(Path(f"{name}.py")) and name not in BUILT_IN:
            raise ModelError(
                f"no protocol is called {name!r}", remedy=f"for a protocol in that file write {name}.py:protocol"
            )
        dotted, _, last = name.rpartition(".")
        if dotted and _is_file(file := Path(f"{dotted.replace('.', '/')}.py")):
            raise ModelError(f"no protocol is called {name!r}", remedy=f"for the one in that file write {file}:{last}")
        known(name, BUILT_IN, "protocol")
    place, _, attribute = name.rpartition(":")
    return place, attribute


def _is_file(path: Path) -> bool:
    """Whether there is such a file; False for a path that is not possible."""
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
        reason = getattr(problem, "strerror", None) or problem
        raise ModelError(f"cannot read {file}: {reason}", remedy="check the path") from problem
    return loaded(path, lambda: _run(file, path))


class _TextLoader(SourceFileLoader):
    """Compiles the text that is there. Python takes compiled code on disk for that of any file of the same size and
    second, and what a program edits can have both."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _text_finder(folder: str) -> FileFinder:
    """Finds what Python finds in a folder; the text of modules is compiled."""
    compiled = (ExtensionFileLoader, EXTENSION_SUFFIXES), (SourcelessFileLoader, BYTECODE_SUFFIXES)
    return FileFinder(folder, compiled[0], (_TextLoader, SOURCE_SUFFIXES), compiled[1])


def _run(file: str, path: Path) -> ModuleType:
    """Execute a file of the author as a module."""
    name = f"planrace_user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_TextLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ModelError(f"cannot load {file} as Python", remedy="name a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    begin_file(str(path))
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    finder = sys.path_importer_cache.get(folder)
    sys.path_importer_cache[folder] = _text_finder(folder)  # for the modules beside it
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
        if folder in sys.path:
            sys.path.remove(folder)
        if finder is None:
            sys.path_importer_cache.pop(folder, None)
        else:
            sys.path_importer_cache[folder] = finder
    return module


def _not_python(problem: SyntaxError, file: str) -> ModelError:
    return ModelError(f"not valid Python: {problem.msg}", where=Place(problem.filename or file, problem.lineno or 1))


def _from_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")) or len(name) > LONGEST:
        what = f"{shortened(name)} cannot be the name of a module"
        raise ModelError(what, remedy="write package.module:attribute, or file.py:attribute")
    try:
        with running(f"{name} fails while it is loaded", name, WRITTEN_WITH):
            return importlib.import_module(name)
    except ModelError as problem:
        missing = problem.__cause__
        if isinstance(missing, ModuleNotFoundError):
            file = Path(f"{name.replace('.', '/')}.py")
            remedy = (
                f"for the one in that file write {file}:…"
                if _is_file(file)
                else "install it, or write file.py:attribute if it is a file"
            )
            raise ModelError(f"there is no module {missing.name}", remedy=remedy) from None
        raise
