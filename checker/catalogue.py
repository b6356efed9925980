"""Finding protocols: ours by name, a user's by ``file.py:attribute`` or ``package.module:attribute``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from model.language import ModelError, Place, Protocol, Variant
from model.language.mistakes import mistaken
from model.language.protocol import known

from .placing import public

BUILT_IN = {"original": "properties.dns:original", "fixed": "properties.dns:fixed"}
"""Protocols of ours and where they stand."""
WRITTEN_WITH = ("model.language", "properties")
"""Modules whose names authors use."""


@public
def find(name: str) -> Variant:
    """The protocol that ``name`` means, or an error that suggests what was meant."""
    if name in BUILT_IN:
        name = BUILT_IN[name]
    if ":" not in name:
        if name.endswith(".py"):
            there = names_in(name)
            remedy = f"write {' or '.join(there)}" if there else "it defines no protocol"
            raise ModelError(f"{name} names no attribute", remedy=remedy)
        if Path(f"{name}.py").is_file() and name not in BUILT_IN:
            raise ModelError(f"no protocol is called {name!r}", remedy=f"for one of that file write {name}.py:protocol")
        dotted, _, last = name.rpartition(".")
        if dotted and (file := Path(f"{dotted.replace('.', '/')}.py")).is_file():
            raise ModelError(f"no protocol is called {name!r}", remedy=f"for that of the file write {file}:{last}")
        known(name, BUILT_IN, "protocol")
    place, _, attribute = name.rpartition(":")
    module = _from_file(place) if place.endswith(".py") else _from_module(place)
    if not hasattr(module, attribute):
        there = _protocols(module)
        raise ModelError(
            f"{place} has no attribute {attribute!r}",
            remedy=f"protocols in it: {', '.join(there)}" if there else "it defines no protocol",
        )
    found = getattr(module, attribute)
    if isinstance(found, Protocol):
        return found.variant(found.name)
    if isinstance(found, Variant):
        return found
    kind = type(found).__name__
    raise ModelError(f"{name} is of type {kind}, no protocol", remedy="name a Protocol or a variant of one")


def names_in(file: str) -> list[str]:
    """What protocols of a file are called. Raises ``ModelError``."""
    return [f"{file}:{n}" for n in _protocols(_from_file(file))]


def _protocols(module: ModuleType) -> list[str]:
    return [n for n, v in vars(module).items() if isinstance(v, Protocol | Variant)]


def siblings(name: str) -> tuple[Variant, ...]:
    """The more protected variants beside the one that ``name`` means, as ``siblings_of`` has them."""
    here = find(name)
    place, _, _ = BUILT_IN.get(name, name).rpartition(":")
    return siblings_of(here, sys.modules[f"planrace_user_{Path(place).stem}" if place.endswith(".py") else place])


def siblings_of(here: Protocol | Variant, module: ModuleType | None = None) -> tuple[Variant, ...]:
    """The variants of the same protocol in the module (where one is not named: any that has this one) that have more
    protections than it, the most protected first."""
    modules = [m for m in list(sys.modules.values()) if any(v is here for v in list(vars(m).values()))]
    here = here.variant(here.name) if isinstance(here, Protocol) else here
    others = [v for m in ([module] if module else modules) for v in list(vars(m).values()) if isinstance(v, Variant)]
    alike = [v for v in others if v.protocol is here.protocol and len(v.protections) > len(here.protections)]
    return tuple(sorted({id(v): v for v in alike}.values(), key=lambda v: -len(v.protections)))


def _from_file(file: str) -> ModuleType:
    path = Path(file)
    try:
        path.read_bytes()
    except OSError as problem:
        raise ModelError(f"cannot read {file}: {problem.strerror}", remedy="check the path") from problem
    spec = importlib.util.spec_from_file_location(f"planrace_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ModelError(f"cannot load {file} as Python", remedy="name a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    beside = str(path.resolve().parent)
    sys.path.insert(0, beside)
    try:
        spec.loader.exec_module(module)
    except ModelError:
        raise
    except SyntaxError as problem:
        place = Place(problem.filename or file, problem.lineno or 1)
        raise ModelError(f"not valid Python: {problem.msg}", where=place) from problem
    except (Exception, SystemExit) as problem:
        raise mistaken(f"{file} fails while it is loaded", problem, file, WRITTEN_WITH) from problem
    finally:
        sys.path.remove(beside)
    return module


def _from_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModelError:
        raise
    except ModuleNotFoundError as problem:
        file = Path(f"{name.replace('.', '/')}.py")
        remedy = (
            f"for that of the file write {file}:…" if file.is_file() else "is it installed, or a file.py:attribute?"
        )
        raise ModelError(f"there is no module {problem.name}", remedy=remedy) from None
    except (Exception, SystemExit) as problem:
        raise mistaken(f"{name} fails while it is loaded", problem, name, WRITTEN_WITH) from problem
