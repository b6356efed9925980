"""The pages about the implementation are true."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from planrace.checker.drive.dns.enactor import Enactor, StepResult
from planrace.checker.drive.dns.journal import NO_ANSWER
from tests import ROOT
from tests.docs.test_docs import COMMAND, NAME_SERVER, blocks
from tests.docs.test_site import shows
from tests.drive.dns.servers import DAEMONS, require
from tests.long import COMMANDS


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


def commands(page: str) -> list[tuple[str, str]]:
    """The commands of a page and what they print: of the README those that need a name server."""
    text = (ROOT / page).read_text()
    if page == "README.md":
        text = "\n".join(m[0] for m in re.finditer(NAME_SERVER, text, re.DOTALL | re.MULTILINE))
    found = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    parts = (p.partition("\n") for block in found for p in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:])
    return [(command, output) for command, _, output in parts]


@pytest.mark.long(COMMANDS)
@pytest.mark.parametrize("page", ["README.md", "docs/dns.md"])
def test_the_commands_on_the_page(page: str, tmp_path: Path) -> None:
    """One after another, in a folder with the examples."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = commands(page)
    assert len(done) >= 2
    for kind in DAEMONS:
        if any(f"dns:{kind}" in command for command, _ in done):
            require(kind)
    for command, output in done:
        shows(command, output, tmp_path)


def test_the_page_explains_every_result_of_a_step() -> None:
    """Whoever reads journals finds there which of them are steps of the model."""
    text = (ROOT / "docs/dns.md").read_text()
    assert [r for r in (*StepResult, NO_ANSWER) if f"`{r}`" not in text] == []
