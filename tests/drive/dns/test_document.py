"""The pages about the implementation are true."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from planrace.checker.drive.dns.enactor import Enactor, StepResult
from tests import ROOT
from tests.docs.test_docs import COMMAND, blocks


def test_the_outage_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (code,), (output,) = blocks("docs/dns.md", "python"), blocks("docs/dns.md", "text")
    exec(compile(code, "dns.md", "exec"), {})
    assert capsys.readouterr().out == output


def test_the_outage_on_the_page_about_route_53(capsys: pytest.CaptureFixture[str]) -> None:
    _, code = blocks("docs/route53.md", "python")
    (output,) = blocks("docs/route53.md", "text")
    exec(compile(code, "route53.md", "exec"), {})
    assert capsys.readouterr().out == output


def test_an_enactor_on_a_hosted_zone_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the client is moto's, which cannot do more: it refuses DELETE and CREATE of the same set."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans").mkdir()
    code, _ = blocks("docs/route53.md", "python")
    with mock_aws():
        made = boto3.client("route53").create_hosted_zone(Name="e1.example.com.", CallerReference="1")
        names: dict[str, object] = {}
        exec(compile(code.replace("Z0123456789EXAMPLE", made["HostedZone"]["Id"]), "route53.md", "exec"), names)
        enactor = names["enactor"]
        assert isinstance(enactor, Enactor)
        enactor.plans.publish([["192.0.2.1"]])
        assert [enactor.step() for _ in range(2)] == [StepResult.PICKED_UP, StepResult.TAKEN]


def test_the_console_of_the_page_about_route_53() -> None:
    (console,) = blocks("docs/route53.md", "console")
    command, *shown = console.splitlines()
    done = subprocess.run([*COMMAND, *shlex.split(command)[2:]], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    for line in shown:
        assert line == "…" or line in done.stdout
