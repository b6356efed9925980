"""``examples/driving/with_postgres.py`` and ``rollout_database.py``, as modules."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests import ROOT


def _example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / "driving" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WITH_POSTGRES = _example("with_postgres")
ROLLOUT_DATABASE = _example("rollout_database")
