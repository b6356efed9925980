"""Runs functions that authors write. Their Python exceptions become errors of the model, with the line in the author's
file, Python's message, and a guess at what was meant."""

from __future__ import annotations

import importlib
import inspect
import linecache
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from planrace.model.language.author_output import printing_aside, staying, watching_signals
from planrace.model.language.author_text import is_kept, is_replaced
from planrace.model.language.dropped_calls import noticing
from planrace.model.language.errors import DefinitionError, ModelError, Place, is_authors, near
from planrace.model.language.ledger import accounting
from planrace.model.language.writing import writing

_FLAT = re.compile(r"^from (?:model\.language|properties|checker) import\b")
"""Matches imports of names that ``planrace`` itself exports."""
_BARE = re.compile(r"^(from|import) ((?:model\.(?:language|patterns|dns)|checker|properties)\b)")
"""Matches imports of planrace's packages without the ``planrace.`` prefix."""


@contextmanager
def applying(what: str, function: Callable[..., object]) -> Iterator[None]:
    """While the author's ``function`` runs as a part of ``what``: ``running``, and in addition the function builds
    terms."""
    code = getattr(function, "__code__", None)
    file = "" if code is None else code.co_filename
    with (
        running(f"{what} fails", file),
        writing(),
        accounting(what, code, is_kept, is_replaced),
        noticing(what, function),
    ):
        yield


@contextmanager
def running(what: str, file: str, modules: Iterable[str] = ("planrace.model.language",)) -> Iterator[None]:
    """While code of the author in ``file`` runs. Everything that it raises becomes an error of the model, even what is
    not an ``Exception``: a protocol that calls ``sys.exit`` must not end the command with its exit code. Only
    exceptions caused by a signal, such as Ctrl-C, propagate. What the code prints goes to standard error."""
    with watching_signals() as arrived:
        try:
            with printing_aside(), staying():
                yield
        except ModelError:
            raise
        except BaseException as problem:
            if arrived() and not isinstance(problem, Exception):
                raise
            raise mistaken(what, problem, file, modules) from problem


def mistaken(
    what: str, problem: BaseException, file: str, modules: Iterable[str] = ("planrace.model.language",)
) -> ModelError:
    """The error for an exception in the author's code, at its innermost line; that line is in ``file`` if the traceback
    gets there. ``modules`` are those whose names authors use."""
    frames = [(f, line) for f, line in traceback.walk_tb(problem.__traceback__) if is_authors(f)]
    inside = [x for x in frames if Path(x[0].f_code.co_filename).name == Path(file).name] or frames
    where = Place(inside[-1][0].f_code.co_filename, inside[-1][1]) if inside else None
    message = ": ".join(filter(None, (what, type(problem).__name__, _text(problem))))
    return ModelError(message, where=where, remedy=_renamed(problem, where) or _meant(problem, modules))


def _renamed(problem: BaseException, where: Place | None) -> str | None:
    """The corrected import line for code that imports a package of planrace as if it stood alone."""
    if not isinstance(problem, ImportError) or where is None:
        return None
    line = linecache.getline(where.file, where.line).strip()
    if not _BARE.match(line):
        return None
    return "write " + _BARE.sub(r"\1 planrace.\2", _FLAT.sub("from planrace import", line))


def _text(problem: BaseException) -> str:
    """The exception's message; an exception class of the author may fail to produce one."""
    try:
        return str(problem)
    except BaseException:
        return ""


def _meant(problem: BaseException, modules: Iterable[str]) -> str | None:
    """The remedy for an unknown name: what the author may have meant."""
    if not isinstance(problem, Exception):
        return "remove it: the file of a protocol declares things, and must not end the program"
    if isinstance(problem, UnboundLocalError):
        return "this assigns a Python variable; to assign a variable of the protocol, write update(variable, value)"
    if not isinstance(problem, NameError):
        return None
    public = {m: list(importlib.import_module(m).__all__) for m in modules}
    for names in public.values():
        if problem.name in names:
            return f"from planrace import {problem.name}"
    *_, frame = (f for f, _ in traceback.walk_tb(problem.__traceback__))
    there = {*frame.f_locals, *frame.f_globals, *(n for names in public.values() for n in names)}
    close = near(problem.name or "", sorted(n for n in there if not n.startswith("_")))
    return close if close.startswith("did you") else None


def called(function: object, given: Sequence[object], what: str, form: str) -> object:
    """What the author's ``function``, a part of ``what``, returns for the arguments ``given``. ``form`` shows how it
    should be written; the error quotes it if this is not a function or takes another number of arguments."""
    if not callable(function):
        raise DefinitionError(f"{what}: {shown(function)} is not a function", remedy=f"write {form}")
    if not takes(function, len(given)):
        wanted = "no argument" if not given else f"{len(given)} argument{'s' if len(given) > 1 else ''}"
        raise DefinitionError(f"{what}: the function must take {wanted}", remedy=f"write {form}")
    return function(*given)


def takes(function: Callable[..., object], number: int) -> bool:
    """Whether it can be called with this number of positional arguments."""
    try:
        inspect.signature(function).bind(*range(number))
    except TypeError:
        return False
    except ValueError:  # some built-in functions have no signature
        return True
    return True


def shown(value: object) -> str:
    """A short text for a value that was given where another kind of value is expected."""
    text = value.__name__ if inspect.isroutine(value) else repr(value)
    return text if len(text) < 60 else f"{text[:57]}…"
