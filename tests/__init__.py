"""Tests of planrace, in folders as its rooms are."""

from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
