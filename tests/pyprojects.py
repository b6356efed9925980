"""A folder with protocols and a ``pyproject.toml`` whose section checks them."""

from __future__ import annotations

from pathlib import Path

from tests import ROOT

SECTION = """
[tool.planrace]
time-limit = 60

[[tool.planrace.check]]
name = "bug"
protocol = "lease.py:protocol"
properties = ["no-write-is-undone"]
expect = "violated"

[[tool.planrace.check]]
name = "fix"
protocol = "lease.py:fixed"
sizes = { workers = 1 }
faults = ["crash"]
expect = "holds"
"""


def make_project(folder: Path, section: str = SECTION) -> Path:
    """Write the protocol and the file, and return its path."""
    (folder / "lease.py").write_text((ROOT / "examples" / "lease.py").read_text())
    path = folder / "pyproject.toml"
    path.write_text(section)
    return path
