"""The explicit search in machine code: the same step functions, compiled by LLVM, on all cores."""
