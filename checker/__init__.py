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


def __getattr__(name: str) -> object:
    """Find the names of ``__init__.pyi``. The library is imported here and not above, because the command must hear
    signals before anything large is imported."""
    import lazy_loader

    found, listing, names = lazy_loader.attach_stub(__name__, __file__)
    globals().update(__getattr__=found, __dir__=listing, __all__=names)
    return names if name == "__all__" else found(name)


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
