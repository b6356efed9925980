"""If a second solver is requested, nothing counts as proved that it does not confirm."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from planrace.checker import find, matrix, prove
from planrace.checker.cli.main import run
from planrace.checker.engines.proof import smtlib as export
from planrace.checker.results.extras import install_command
from planrace.model.language import ModelError
from tests import ROOT

EXAMPLE = str(ROOT / "examples" / "blue_green.py")
PROOFS = [["-p", f"{EXAMPLE}:fixed"], ["-p", f"{EXAMPLE}:protocol", "--all"]]
ANSWERS = {"sat": "(set-logic UFLIA)\n(check-sat)\n", "nothing": "(set-logic UFLIA)\n"}
"""Scripts for which cvc5 has another answer than that they are unsatisfiable."""


@pytest.mark.parametrize("arguments", PROOFS)
def test_without_it_nothing_is_confirmed(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cvc5", None)
    assert run(["prove", *arguments, "--confirm"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"cvc5 is not installed ({install_command('cvc5')})" in err
    for call in (prove, matrix):
        with pytest.raises(ModelError, match="cvc5 is not installed"):
            call(find(f"{EXAMPLE}:fixed"), confirm=True)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("arguments", PROOFS)
def test_what_it_does_not_confirm_is_undecided(
    arguments: list[str],
    answer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    monkeypatch.setattr(export, "script", lambda *_: ANSWERS[answer])
    forms = ["json"] if "--all" in arguments else ["json", "junit"]
    files = [f"{form}:{tmp_path / form}" for form in forms]
    assert run(["prove", *arguments, "--confirm", *(x for f in files for x in ("-o", f))]) == 3
    out, err = capsys.readouterr()
    assert out.endswith("(exit 3)\n")
    assert "0 of " in err
    assert "not confirmed: " in err
    assert json.loads((tmp_path / "json").read_text())["confirmation"]["doubted"]
    if "junit" in forms:
        assert ET.parse(tmp_path / "junit").getroot().findall(".//error")
    if "--all" not in arguments:
        assert run(["prove", *arguments, "--confirm", "--expect", "holds"]) == 3
