"""A server of PostgreSQL for the tests that need one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.drive.postgres import WITH_POSTGRES


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """A database on a server of our own. Without PostgreSQL the test is skipped, but not in CI."""
    programs = WITH_POSTGRES.programs()
    if programs is None:
        reason = "PostgreSQL (Debian's postgresql) not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with WITH_POSTGRES.server(programs) as name:
        yield name
