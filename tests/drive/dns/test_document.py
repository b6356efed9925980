"""The page about the implementation is true."""

from __future__ import annotations

import pytest

from tests.docs.test_docs import blocks


def test_the_outage_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (code,), (output,) = blocks("docs/dns.md", "python"), blocks("docs/dns.md", "text")
    exec(compile(code, "dns.md", "exec"), {})
    assert capsys.readouterr().out == output
