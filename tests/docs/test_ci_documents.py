"""The workflows and hooks that the documents show: valid, pinned, and doing what is said of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from planrace.checker.cli.app import app
from tests import ROOT
from tests.pyprojects import SECTION, make_project
from tests.report.test_ci_outputs import BLUE

DOCUMENTS = {name: (ROOT / "docs" / name).read_text() for name in ("ci.md", "ci-review.md")}
SCHEMA: dict[str, Any] = json.loads(
    (files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json").read_text()
)


def blocks(name: str) -> list[Any]:
    """The YAML of a document. PyYAML reads version 1.1, where ``on`` is a truth value."""
    found = re.findall(r"```yaml\n(.*?)```", DOCUMENTS[name], re.DOTALL)
    return [{"on" if key is True else key: value for key, value in yaml.safe_load(block).items()} for block in found]


def workflow(name: str) -> Any:
    (found,) = (b for b in blocks(name) if "jobs" in b)
    return found


FROM_THE_REPOSITORY = '"planrace @ git+<URL of planrace\'s repository>@<commit>"'
"""As long as planrace is not published."""


# Valid and pinned ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_workflows_are_valid(name: str) -> None:
    validator = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
    shown = workflow(name)
    assert [e.message for e in validator.iter_errors(shown)] == []
    (job,) = shown["jobs"].values()
    job["steps"][-1]["conditions"] = "always()"
    assert not validator.is_valid(shown)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_all_that_is_used_is_pinned(name: str) -> None:
    text = DOCUMENTS[name].replace("uses: <planrace's repository>@<a commit of it>", "")
    assert text.count("uses:") == len(re.findall(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n", text)) > 0
    asked = re.findall(r"(?:pip install |additional_dependencies: \[)(.*planrace.*?)\]?\n", text)
    assert set(asked) == {FROM_THE_REPOSITORY}


def test_nothing_installs_what_is_not_published() -> None:
    """Somebody else could publish a package of that name."""
    template = ROOT / "examples" / "template" / ".github" / "workflows" / "planrace.yml"
    for page in (ROOT / "README.md", template, *(ROOT / "docs").glob("*.md")):
        for line in page.read_text().splitlines():
            bare = re.search(r"(pip|uv) (install|add) .*planrace", line) and not re.search(r"git\+|--no-index", line)
            assert not bare, f"{page.name}: {line}"


def test_what_the_documents_run_exists() -> None:
    """Every option in the workflow and the hooks is one of the command's, and the hooks are of the kind they say."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["entry"], hook["language"]) == ("planrace", "check", "python")
    assert hook["pass_filenames"] is False  # or names of files would be names of commands
    (remote,), (local,) = ([h for r in b["repos"] for h in r["hooks"]] for b in blocks("ci.md") if "repos" in b)
    assert remote["id"] == hook["id"]
    commands = [remote["args"], shlex.split(local["entry"])[1:]]
    commands += [shlex.split(c)[1:] for c in re.findall(r"```sh\n(check .*)\n```", DOCUMENTS["ci.md"])]
    assert len(commands) == 4
    for words in commands:
        command = app if words[0].startswith("-") else app.commands[words[0]]
        assert {w for w in words if w.startswith("--")} <= {o for p in command.params for o in p.opts}


def test_the_hook_runs_the_checks_of_the_repository(tmp_path: Path) -> None:
    """As pre-commit does: the entry and the arguments, in the top of the repository."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    ((remote,), _) = ([h for r in b["repos"] for h in r["hooks"]] for b in blocks("ci.md") if "repos" in b)
    make_project(tmp_path, SECTION)
    command = [sys.executable, "-m", "planrace", *shlex.split(hook["entry"])[1:], *remote["args"]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("verdict: 2 of 2 checks as expected (exit 0)\n")


# Run -------------------------------------------------------------------------------------------------------------
class Job:
    """The shell steps of a workflow, run as GitHub does, with a ``pip`` that installs nothing and a ``gh`` that writes
    down what it is asked for."""

    def __init__(self, name: str, folder: Path) -> None:
        (self._job,) = workflow(name)["jobs"].values()
        self.folder, self.summary, self.asked = folder / "work", folder / "summary.md", folder / "gh"
        tools = folder / "bin"
        for path in (self.folder, tools):
            path.mkdir()
        self.summary.touch()
        self._tool(tools / "check", f'exec {sys.executable} -c "from planrace.checker.cli import main; main()" "$@"')
        self._tool(tools / "pip", 'exit "${PIP:-0}"')
        self._tool(tools / "gh", f'echo "$@" >> {self.asked}')
        self.environment = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_BASE_REF": "main",
            "GITHUB_REPOSITORY": "somebody/something",
        }

    @staticmethod
    def _tool(path: Path, script: str) -> None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, **more: str) -> tuple[dict[str, int], str]:
        """The exit codes of the steps that were run, by name, and all that they print."""
        codes: dict[str, int] = {}
        out = ""
        for step in (s for s in self._job["steps"] if "run" in s):
            if any(codes.values()) and step.get("if") != "always()":
                continue
            named = {k: v for k, v in step.get("env", {}).items() if not v.startswith("${{")}
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=self.folder,
                env={**self.environment, **named, **more},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            codes[step.get("name", "install")] = done.returncode
            out += done.stdout
        return codes, out


@pytest.mark.parametrize(
    ("text", "code", "sign", "annotation"),
    [
        (lambda t: t, 0, "✅", ""),
        (lambda t: t.replace("fixed =", "unused =") + "\nfixed = protocol\n", 1, "❌", "::error file=deploy.py,line="),
        (lambda t: t + "\nfixed = 1 +\n", 2, "❌", "::error file=deploy.py,line="),
    ],
    ids=["holds", "violated", "wrong"],
)
def test_the_workflow_reports_every_outcome(tmp_path: Path, text: Any, code: int, sign: str, annotation: str) -> None:
    job = Job("ci.md", tmp_path)
    (job.folder / "deploy.py").write_text(text(Path(BLUE).read_text()))
    (job.folder / ".git").mkdir()
    codes, out = job.run()
    assert codes == {"install": 0, "Search every interleaving": code, "Tell": 0}
    assert sign in job.summary.read_text().splitlines()[0]
    assert annotation in out
    assert ("::error" in out) == bool(annotation)
    assert (job.folder / "planrace.sarif").is_file()
    assert (job.folder / "planrace.html").is_file() == (code != 2)


def test_a_search_goes_on_in_the_next_job(tmp_path: Path) -> None:
    """The command between the steps of the cache, in one job and the next, where the cache has put the file back."""
    (steps,) = (b["steps"] for b in blocks("ci.md") if "actions/cache" in json.dumps(b))
    restore, search, save = steps
    assert restore["with"]["path"] == save["with"]["path"]
    assert restore["with"]["key"] == save["with"]["key"]
    assert restore["with"]["key"].startswith(restore["with"]["restore-keys"])
    words = shlex.split(search["run"].replace("deploy.py:fixed", "original"))[1:]
    assert {w for w in words if w.startswith("--")} <= {o for p in app.params for o in p.opts}
    words += ["-s", "plans=3", "--property", "cleanup-deletes", "--exhaustive", "--format", "json"]
    jobs = []
    for number, cut in enumerate((["--depth", "9"], ["--depth", "20"], [])):
        folder, cached = tmp_path / str(number), tmp_path / "cached"
        folder.mkdir()
        if cached.exists():
            (folder / restore["with"]["path"]).write_bytes(cached.read_bytes())
        command = [sys.executable, "-m", "planrace", *words, *cut]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        cached.write_bytes((folder / save["with"]["path"]).read_bytes())
        covered = json.loads(done.stdout)["exploration"]
        jobs.append((done.returncode, covered["complete"], covered.get("resumed", {}).get("depth")))
    assert jobs == [(3, False, None), (0, False, 9), (0, True, 20)]


def test_the_workflow_reports_nothing_if_nothing_was_done(tmp_path: Path) -> None:
    job = Job("ci.md", tmp_path)
    codes, out = job.run(PIP="1")
    assert codes == {"install": 1, "Tell": 0}
    assert out == ""


@pytest.fixture
def review(tmp_path: Path) -> Job:
    """A pull request whose target has a baseline."""
    job = Job("ci-review.md", tmp_path)
    job.environment |= {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    (job.folder / "deploy.py").write_text(Path(BLUE).read_text())
    script = "git init -q . && check baseline save -p deploy.py:protocol && git add -A && git commit -q -m it"
    for command in (script, "git update-ref refs/remotes/origin/main HEAD"):
        subprocess.run(["bash", "-c", command], cwd=job.folder, env=job.environment, capture_output=True, check=True)
    return job


UP_TO_DATE, CHANGES = "The file is up to date", "What the change changes"


def test_a_change_becomes_a_comment(review: Job) -> None:
    deploy = review.folder / "deploy.py"
    deploy.write_text(deploy.read_text().replace("newest > live, ", ""))
    codes, _ = review.run(PULL="7", FORK="false")
    assert codes == {"install": 0, UP_TO_DATE: 1, CHANGES: 0, "Tell": 0}
    assert review.asked.read_text() == "pr comment 7 --repo somebody/something --body-file review.md\n"
    assert review.summary.read_text() == (review.folder / "review.md").read_text() != ""


def test_a_fork_has_the_summary_alone(review: Job) -> None:
    codes, _ = review.run(PULL="7", FORK="true")
    assert set(codes.values()) == {0}
    assert not review.asked.exists()
    assert review.summary.read_text()


def test_a_target_without_a_baseline(review: Job) -> None:
    """Where the file is new there is nothing to compare with, and nothing to comment."""
    script = (
        "git rm -q --cached planrace.baseline && git commit -q -m none && git update-ref refs/remotes/origin/main HEAD"
    )
    subprocess.run(["bash", "-c", script], cwd=review.folder, env=review.environment, check=True)
    codes, out = review.run(PULL="7", FORK="false")
    assert set(codes.values()) == {0}
    assert "There is no planrace.baseline in main to compare with." in out
    assert not review.asked.exists()
    assert not (review.folder / "review.md").exists()
