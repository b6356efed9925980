"""planrace: a modelling language and a model checker for control-plane protocols. Start with ``docs/tutorial.md``.

What authors need is here, by one name: the language, the properties, and the calls that check. A name is loaded when it
is first used, so that a program which only checks loads no language, and ``check --help`` loads neither.

The code lies in the folders ``model``, ``checker`` and ``properties`` beside this one; a wheel has them inside.
"""

import os
from importlib import import_module

_FLAT = ("checker", "model.language", "model.processes", "properties")
"""The packages whose public names are names of this one, too."""

_HERE = os.path.dirname(__file__)  # noqa: PTH120  (nothing large is imported before signals are heard)
if not os.path.isdir(os.path.join(_HERE, "model")):  # noqa: PTH112, PTH118
    # A checkout whose links were unpacked as files, as some archives and systems do it.
    __path__.append(os.path.dirname(_HERE))  # noqa: PTH120


def __getattr__(name: str) -> object:
    if name == "__all__":
        return __dir__()
    if name in ("checker", "model", "properties"):
        return import_module(f"{__name__}.{name}")
    if not name.startswith("_"):
        for room in _FLAT:
            module = import_module(f"{__name__}.{room}")
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(n for room in _FLAT for n in import_module(f"{__name__}.{room}").__all__)
