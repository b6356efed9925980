"""The table of long tests is true."""

from __future__ import annotations

from itertools import chain

import pytest

from tests import HERE
from tests.long import EARLY, LONG, ON_REQUEST


@pytest.mark.parametrize("name", [*EARLY, *chain(*LONG.values(), *ON_REQUEST.values())])
def test_it_names_tests_that_are_there(name: str) -> None:
    """A test under a new name would become part of the usual run."""
    file, _, test = name.partition("::")
    assert f"def {test.partition('[')[0]}" in (HERE / file).read_text()
