"""Builds what the playground loads, into a folder beside its page: Python for browsers, planrace, the editor, examples.

    npm ci --prefix .ci
    python docs/try/build_playground.py site/try --node-modules .ci/node_modules

The interpreter who runs it needs planrace with its extra ``test`` (which has hatchling), and there must be a pip.
Versions of npm's packages are those of ``.ci/package-lock.json``; those of Python's are the newest ones of the package
index for the Python that Pyodide has.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import chdir
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ["index.html", "frame.html", "*.css", "*.js"]
NOT_SERVED = ["third_party.js"]
PYODIDE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]
ON_DEMAND = {"z3-solver": "z3"}
"""Large libraries that few need, each in a file of its own, by the name under which it is imported."""
NOT_IN_BROWSERS = ["llvmlite"]
LEFT_OUT = ("z3/include/", "z3/bin/", "z3/lib/libz3.so.", "networkx/drawing/tests/")
"""Parts of libraries that nothing here reads: headers, a second copy of Z3, tests."""
CHOICES: dict[str, dict[str, Any]] = {
    "dns_processes.py": {
        "protocol": "original",
        "settings": {"enactors": "2", "endpoints": "1", "plans": "3", "keep": "1"},
    },
}
"""What the page chooses for an example, where the defaults would take minutes in a browser."""
FIRST = ["rollout.py", "dns_processes.py", "peterson.py", "lease.py"]


def build(target: Path, node_modules: Path) -> None:
    """The page and everything that it loads, in ``target``, which is made if it is not there."""
    vendor = target / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    (vendor / "pyodide").mkdir(parents=True)
    if target.resolve() != HERE:
        for pattern in PAGE:
            for file in (f for f in HERE.glob(pattern) if f.name not in NOT_SERVED):
                shutil.copy(file, target)
    for name in PYODIDE:
        shutil.copy(node_modules / "pyodide" / name, vendor / "pyodide")
    _bundle(node_modules, vendor / "codemirror.js")
    with tempfile.TemporaryDirectory() as folder:
        wheels = _wheels(Path(folder), json.loads((node_modules / "pyodide" / "pyodide-lock.json").read_text())["info"])
        large = {wheel: ON_DEMAND[name] for name, wheel in wheels.items() if name in ON_DEMAND}
        _pack([w for w in wheels.values() if w not in large], vendor / "core.zip")
        for wheel, name in large.items():
            _pack([wheel], vendor / f"{name}.zip")
        with chdir(folder):
            (vendor / "examples.json").write_text(json.dumps(list(_examples()), ensure_ascii=False), encoding="utf-8")


def _bundle(node_modules: Path, target: Path) -> None:
    """The editor with all its parts, in one file."""
    command = [str(node_modules / ".bin" / "esbuild"), str(HERE / "third_party.js"), f"--outfile={target}"]
    options = ["--bundle", "--format=esm", "--minify", "--legal-comments=none", "--log-level=warning"]
    environment = {**os.environ, "NODE_PATH": str(node_modules.resolve())}
    subprocess.run([*command, *options], env=environment, check=True)


def _wheels(folder: Path, pyodide: dict[str, str]) -> dict[str, Path]:
    """The wheels of planrace and of what it needs in a browser, by the names of the projects."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "planrace")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    wheels = {"planrace": next((folder / "planrace").glob("*.whl"))}
    platform = f"pyemscripten_{pyodide['abi_version']}_wasm32"
    version = pyodide["python"].rpartition(".")[0]
    download = [*_pip(), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"]
    for name, requirement in _requirements():
        into = folder / name
        fits = ["--platform", platform, "--python-version", version, "--implementation", "cp", "--dest", str(into)]
        subprocess.run([*download, *fits, requirement], check=True)
        (wheels[name],) = into.glob("*.whl")
    return wheels


def _pip() -> Sequence[str]:
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip")
    if found is None:
        sys.exit("there is no pip, which downloads what browsers need")
    return [found]


def _requirements() -> Iterator[tuple[str, str]]:
    """The names and requirements of planrace's dependencies, without those that are for some systems only."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        name = requirement.partition(">=")[0]
        if ";" not in requirement and name not in NOT_IN_BROWSERS:
            yield name, requirement


def _pack(wheels: Sequence[Path], target: Path) -> None:
    """The files of these wheels in one archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as found:
                for info in found.infolist():
                    inside = "/tests/" in info.filename or info.filename.startswith(LEFT_OUT)
                    if not inside and not info.is_dir():
                        packed.writestr(info.filename, found.read(info))


def _examples() -> Iterator[dict[str, Any]]:
    """Each example with its text and what can be chosen for its protocols, as the page would ask for it."""
    sys.path.insert(0, str(ROOT))
    from planrace.checker.cli.playground import described

    rank = {name: n for n, name in enumerate(FIRST)}
    for file in sorted((ROOT / "examples").glob("*.py"), key=lambda f: (rank.get(f.name, len(rank)), f.name)):
        source = file.read_text(encoding="utf-8")
        found = json.loads(described(source))
        if "protocols" not in found:
            sys.exit(f"{file}: {found['errors']}")
        title = source.partition('"""')[2].partition("\n")[0].rstrip(".")
        yield {
            "file": file.name,
            "title": f"{file.stem}: {title}",
            "source": source,
            "protocols": found["protocols"],
            "choices": CHOICES.get(file.name, {}),
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", type=Path, help="the folder of the page")
    parser.add_argument("--node-modules", type=Path, required=True, help="where npm has put its packages")
    given = parser.parse_args()
    build(given.target, given.node_modules)
