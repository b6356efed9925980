"""LLVM IR → machine code in this process, kept on disk between runs.

The cache is a folder of object files named by the content that made them (sources, translator, library, processor),
each written whole and renamed, so that runs at the same time do not disturb each other. Where it cannot be written
nothing is kept. What is found there is used only if it is whole.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

LEVEL = 2
"""How hard LLVM optimises."""
DIGEST = 32
"""Bytes before an object in the cache: its SHA-256."""
KEPT = 64
"""Objects that stay in the cache; the oldest go first."""


class Machine:
    """The functions of a module, callable; parameters and results are 64-bit words. Calls release the interpreter
    lock. ``content`` says all that ``text``, the IR, is made of; ``functions`` the number of parameters of each."""

    def __init__(self, content: str, text: Callable[[], str], functions: Mapping[str, int]) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple()
        features = llvm.get_host_cpu_features().flatten()
        self._target = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=LEVEL)
        key = hashlib.sha256("\0".join([content, *_environment(features)]).encode()).hexdigest()
        self.cached = False
        self._cache = _folder()
        self._engine = self._load(text, key)
        self._functions = {name: self._function(name, count) for name, count in functions.items()}

    def __getitem__(self, name: str) -> Any:
        return self._functions[name]

    def _function(self, name: str, count: int) -> Any:
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_uint64] * count)
        function: Any = kind(self._engine.get_function_address(name))
        function.engine = self._engine  # its code goes when the engine does
        return function

    def _load(self, text: Callable[[], str], key: str) -> Any:
        known = self._cache / f"{key}.o" if self._cache is not None else None
        blob = _kept(known) if known is not None else None
        self.cached = blob is not None
        if blob is None:
            module = llvm.parse_assembly(text())
            module.verify()
            self._optimise(module)
            blob = self._target.emit_object(module)
            if known is not None:
                _keep(known, blob)
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
    """What else decides the machine code."""
    version = ".".join(map(str, llvm.llvm_version_info))
    code = [Path(__file__).parent.joinpath(name).read_text(encoding="utf-8") for name in ("dialect.py", "machine.py")]
    return [llvmlite.__version__, version, llvm.get_host_cpu_name(), features, sys.platform, *code]


def _folder() -> Path | None:
    """The folder of the cache, if there can be one that only this user writes."""
    chosen = os.environ.get("PLANRACE_CACHE")
    base = Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "planrace"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(base, os.W_OK):
            return None
        if hasattr(os, "getuid") and base.stat().st_uid != os.getuid():
            return None
    except OSError:
        return None
    return base


def _kept(path: Path) -> bytes | None:
    """The object that is kept there, if it is whole: LLVM does not survive one that is not."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, blob = content[:DIGEST], content[DIGEST:]
    return blob if hashlib.sha256(blob).digest() == digest else None


def _keep(target: Path, blob: bytes) -> None:
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(blob).digest() + blob)
            Path(name).replace(target)
        except OSError:
            Path(name).unlink(missing_ok=True)
        old = sorted(target.parent.glob("*.o"), key=lambda p: p.stat().st_mtime)[:-KEPT]
        for path in old:
            path.unlink(missing_ok=True)
