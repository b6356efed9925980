"""Exploring in machine code: the same step functions, through LLVM, on all cores."""

from planrace.checker.engines.native.emit import UnsupportedError
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch

__all__ = ["NativeSearch", "UnsupportedError", "native_graph"]
