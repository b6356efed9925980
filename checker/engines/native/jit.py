"""LLVM IR → machine code in this process, cached on disk under a hash of everything that determines it (sources,
translator, library, processor)."""

from __future__ import annotations

import ctypes
import hashlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from planrace.checker.engines.limits import afford, worth
from planrace.checker.engines.native.cache import CodeCache
from planrace.checker.engines.native.effort import TRANSLATING, effort

LEVEL = 2
"""LLVM's optimisation level."""
WORK = "making machine code"


class Machine:
    """The functions of a module, callable; parameters and results are 64-bit words. Calls release the interpreter
    lock. ``content`` says all that ``text``, the IR, is made of; ``functions`` the number of parameters of each.

    Raises ``CostlyError`` where it takes more than ``most`` seconds to make, whether it is kept on disk or not: what a
    search does must not depend on what ran before. So it does where the deadline leaves no time to make it.
    """

    def __init__(
        self, content: str, text: Callable[[], str], functions: Mapping[str, int], most: float | None = None
    ) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple()
        features = llvm.get_host_cpu_features().flatten()
        self._target = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=LEVEL)
        self.key = hashlib.sha256("\0".join([content, *_environment(features)]).encode()).hexdigest()
        """The name under which the code is kept on disk."""
        self.cached = False
        self._cache = CodeCache()
        self._engine = self._load(text, self.key, effort(len(content)), most)
        self._functions = {name: self._function(name, count) for name, count in functions.items()}

    @property
    def refused(self) -> str | None:
        """Why code in the cache was not loaded, if it cannot be trusted."""
        return self._cache.refused

    def __getitem__(self, name: str) -> Any:
        return self._functions[name]

    def _function(self, name: str, count: int) -> Any:
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_uint64] * count)
        function: Any = kind(self._engine.get_function_address(name))
        function.engine = self._engine  # the code lives as long as the engine
        return function

    def _load(self, text: Callable[[], str], key: str, seconds: float, most: float | None) -> Any:
        worth(WORK, seconds, most)
        blob = self._cache.kept(key)
        self.cached = blob is not None
        if blob is None:
            afford(WORK, seconds)
            written = text()
            afford(WORK, seconds * (1 - TRANSLATING))
            module = llvm.parse_assembly(written)
            module.verify()
            self._optimise(module)
            blob = self._target.emit_object(module)
            self._cache.keep(key, blob)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(blob))
        engine.finalize_object()
        return engine

    def _optimise(self, module: Any) -> None:
        options = llvm.create_pipeline_tuning_options(speed_level=LEVEL)
        options.loop_vectorization = options.slp_vectorization = False
        passes = llvm.create_pass_builder(self._target, options)
        passes.getModulePassManager().run(module, passes)


def _environment(features: str) -> list[str]:
    """Everything else that determines the machine code."""
    version = ".".join(map(str, llvm.llvm_version_info))
    writers = ("translate.py", "instructions.py", "jit.py")
    code = [Path(__file__).parent.joinpath(name).read_text(encoding="utf-8") for name in writers]
    return [llvmlite.__version__, version, llvm.get_host_cpu_name(), features, sys.platform, str(LEVEL), *code]
