"""What several files of tests want."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.counter import PROTOCOL


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of machine code that nothing else has written to."""
    old = os.environ.get("PLANRACE_CACHE")
    os.environ["PLANRACE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("PLANRACE_CACHE") if old is None else os.environ.update(PLANRACE_CACHE=old)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory with the protocol of ``counter.py``, for runs of pytest within tests."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")  # each run would take a second to import it
    pytester.makepyfile(counter=PROTOCOL)
    pytester.syspathinsert()
    return pytester
