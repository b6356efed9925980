"""The same search in machine code: the same step functions, through LLVM, on all cores."""
