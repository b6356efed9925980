"""Exploring in machine code: the same step functions, through LLVM, on all cores."""

from .emit import UnsupportedError
from .graph import native_graph
from .search import NativeSearch

__all__ = ["NativeSearch", "UnsupportedError", "native_graph"]
