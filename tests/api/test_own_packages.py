"""Repositories with packages of their own that are called like folders of ours: they use all of planrace."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from planrace.checker.api.project.template import FILES as TEMPLATE
from tests import ROOT

FORMS = {"pytest": ["-P", "-m", "pytest"], "python -m pytest": ["-m", "pytest"]}
"""With -P the directory is not on the path, as where the script runs."""
PACKAGES = ("model", "checker", "properties")

TEST_OWN = """
import checker
import model
import properties
import pytest
from planrace import Protocol, check, invariant, step, update, when, boolean
from planrace.checker.plugin import checked

def test_own():
    assert checker.MINE and model.MINE and properties.MINE

@checked("fixed", "plans-never-regress", sizes=[{"enactors": 1, "plans": 2}])
def test_decorated(report):
    assert report

def test_fixture(model_check):
    model_check("fixed", "plans-never-regress", enactors=1, plans=2)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that was made from the source distribution."""
    pytest.importorskip("hatchling", reason="wheels are built with hatchling: pip install '.[test]'")
    made, unpacked = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("source")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", made], cwd=ROOT, check=True)
    (source,) = made.glob("*.tar.gz")
    subprocess.run(["tar", "xzf", source, "-C", unpacked], check=True)
    (folder,) = unpacked.iterdir()
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", made], cwd=folder, check=True)
    (found,) = made.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies where it is installed."""
    where = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(where)
    return where


def test_a_wheel_has_one_import_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
        metadata = content.read(next(n for n in names if n.endswith("METADATA"))).decode()
    assert {n.partition("/")[0].partition("-")[0] for n in names} == {"planrace"}
    assert {"planrace/model/language/terms.py", "planrace/py.typed", "planrace/checker/__init__.pyi"} <= set(names)
    assert "planrace/checker/report/html/assets/base.css" in names
    assert {f"planrace/template/{name}" for name in (*TEMPLATE, "pyproject.toml")} <= set(names)
    assert "\nImport-Name: planrace\n" in metadata


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["editable", "wheel"])
def test_they_use_everything(kind: str, form: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True\n")
    (tmp_path / "test_own.py").write_text(TEST_OWN)
    (tmp_path / "conftest.py").write_text(
        "import planrace\n\ndef pytest_report_header():\n    return planrace.__file__\n"
    )
    path = [str(request.getfixturevalue("installed"))] if kind == "wheel" else []
    if form == "pytest":  # the script has the folder of the tests on its path, and not the current one
        path.append(str(tmp_path))
    done = subprocess.run(
        [sys.executable, *FORMS[form], "-p", "no:cacheprovider", "-p", "no:hypothesispytest"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert ("site" if kind == "wheel" else str(ROOT)) in done.stdout
    assert "model checks" in done.stdout


@pytest.mark.parametrize("kind", ["wheel", "zip"])
def test_init_works_wherever_it_is_installed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue("installed" if kind == "wheel" else "wheel")  # a wheel is a zip
    done = subprocess.run(
        [sys.executable, "-c", "from planrace.checker.cli import main; main(['init', 'new'])"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (*TEMPLATE, "pyproject.toml"):
        assert (tmp_path / "new" / name).read_text() == (ROOT / "examples" / "template" / name).read_text()


def test_a_checkout_without_links_works(tmp_path: Path) -> None:
    """Archives and systems that have no links unpack each of ours as a file with the name of its target."""
    for name in (*PACKAGES, "planrace", "examples"):
        subprocess.run(["cp", "-r", ROOT / name, tmp_path], check=True)
    for name in PACKAGES:
        link = tmp_path / "planrace" / name
        link.unlink()
        link.write_text(f"../{name}")
    code = "import planrace.model, sys; print(planrace.model.__file__)"
    clean = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=clean, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == str(tmp_path / "model" / "__init__.py")
    command = [sys.executable, "-m", "planrace", "-p", "original", "-x", "--engine", "explicit"]
    done = subprocess.run(command, cwd="/", env=clean, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("original: violated\n")
    command = [sys.executable, "-m", "planrace", "init", str(tmp_path / "new")]
    subprocess.run(command, cwd="/", env=clean, capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("name", PACKAGES)
def test_bare_names_are_refused_with_the_remedy(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"ImportError: {name!r} is a package of planrace, and it is imported as planrace.{name}" in done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from model.language import Protocol", "from planrace import Protocol"),
        ("from properties import invariant", "from planrace import invariant"),
        ("from checker import check", "from planrace import check"),
        ("from model.patterns import crash", "from planrace.model.patterns import crash"),
        ("from checker.plugin import checked", "from planrace.checker.plugin import checked"),
        ("import properties", "import planrace.properties"),
    ],
)
@pytest.mark.parametrize("place", ["checkout", "elsewhere"])
def test_an_old_import_is_an_error_with_the_new_line(old: str, new: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(f"\n{old}\n")
    done = subprocess.run(
        [sys.executable, "-m", "planrace", "-p", str(tmp_path / "m.py")],
        cwd=ROOT if place == "checkout" else tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    told = " ".join(done.stderr.split())
    assert "m.py:2: " in told
    assert f"(write {new})" in told
