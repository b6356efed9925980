"""The checker: engines that read terms, and the calls that run them. ``docs/architecture.md`` says where to start.

The public names are listed in ``__init__.pyi``, once for type checkers and for Python.
"""

if __name__ == "checker":  # a second copy would have terms and errors of its own
    raise ImportError(
        "'checker' is a package of planrace, and it is imported as planrace.checker: "
        "write `from planrace import …` for the language, the properties and the checker, "
        "and `from planrace.checker import …` for everything else",
        name="checker",
    )

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
