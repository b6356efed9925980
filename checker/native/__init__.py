"""Exploring in machine code: the same step functions, through LLVM, on all cores."""

from .emit import UnsupportedError
from .search import NativeSearch

__all__ = ["NativeSearch", "UnsupportedError"]
