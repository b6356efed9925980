"""The command works where something that only Linux has is missing, and where machine code cannot be made."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

HIDDEN = {
    "what other Unixes lack": """
        sys.platform = "darwin"
        for name in ("sched_getaffinity", "sched_setaffinity", "memfd_create", "posix_fadvise"):
            hide(os, name)
        for name in [n for n in vars(mmap) if n.startswith("MADV_") or n in ("MAP_NORESERVE", "MAP_POPULATE")]:
            hide(mmap, name)
        no_proc()
    """,
    "what Windows lacks": """
        sys.platform = "win32"
        for name in ("resource", "fcntl", "termios", "pwd", "grp"):
            sys.modules[name] = None
        for name in ("fork", "getuid", "geteuid", "sched_getaffinity", "sysconf", "getpgid", "killpg", "mkfifo"):
            hide(os, name)
        for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "setitimer", "alarm"):
            hide(signal, name)
        no_proc()
    """,
    "any word of how much memory is used": """
        sys.modules["resource"] = None
        sys.modules["psutil"] = None
        no_proc()
    """,
    "what executes memory": """
        import llvmlite.binding
        def refused(*_): raise RuntimeError("memory cannot be made executable")
        llvmlite.binding.create_mcjit_compiler = refused
    """,
    "the library of machine code": """
        sys.modules["llvmlite"] = None
    """,
}
"""What a run does without, and the code that takes it away."""

START = """
    import mmap, os, pathlib, signal, sys
    import click, rich.console, networkx, z3, llvmlite.binding  # what others do with these is their own affair
    def hide(owner, name):
        if hasattr(owner, name):
            delattr(owner, name)
    def no_proc():
        def without_proc(read):
            def reading(path, *arguments, **keywords):
                if str(path).startswith("/proc"):
                    raise FileNotFoundError(str(path))
                return read(path, *arguments, **keywords)
            return reading
        pathlib.Path.read_text, os.open = without_proc(pathlib.Path.read_text), without_proc(os.open)
"""

WANTED = "active-plan-never-deleted"
SLOW = "This search ran in Python, which is slower than machine code"


def _run(hidden: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = textwrap.dedent(START) + textwrap.dedent(hidden) + "\nfrom planrace.checker.cli import main\nmain()\n"
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_first_command_works_without(hidden: str) -> None:
    run = _run(HIDDEN[hidden], "--protocol", "original", "--fail-fast")
    assert run.returncode == 1, run.stderr
    assert WANTED in run.stdout
    assert not run.stderr


@pytest.mark.parametrize("hidden", HIDDEN)
def test_large_searches_work_without(hidden: str) -> None:
    """In Python or in machine code: address space that is not reserved is given by some systems and not by others."""
    smaller = ("-s", "enactors=2", "-s", "endpoints=2", "-s", "plans=3", "-s", "keep=2", "--fault", "crash")
    run = _run(HIDDEN[hidden], "--protocol", "fixed", *smaller, "--no-symmetry", "--property", WANTED)
    assert run.returncode == 0, run.stderr + run.stdout
    assert "21,174 states" in run.stdout
    told = SLOW in " ".join(run.stdout.split())
    assert told != ("in machine code by" in run.stdout)
    assert told or hidden not in ("what executes memory", "the library of machine code")


def test_machine_code_that_was_asked_for_and_cannot_be_made_is_replaced_and_the_report_says_so() -> None:
    run = _run(HIDDEN["what executes memory"], "--protocol", "original", "--engine", "native", "--fail-fast")
    told = " ".join(run.stdout.split())
    assert run.returncode == 1, run.stderr
    assert f"{SLOW}: RuntimeError: memory cannot be made executable." in told
    assert "in machine code by" not in told


def test_a_memory_limit_that_cannot_be_held_is_refused() -> None:
    run = _run(HIDDEN["what Windows lacks"], "--protocol", "original", "--fail-fast", "--max-memory", "1G")
    assert run.returncode == 2
    assert "install psutil" in run.stderr


def test_no_library_has_anything_to_say_when_it_is_imported() -> None:
    """Z3 lists all that it knows where it is told of a parameter that it does not: such a version is too old."""
    names = (
        "engines.symbolic.bmc",
        "engines.proof.decide",
        "engines.native.search",
        "run.state_graph",
        "report.json.decode",
    )
    modules = ", ".join(f"planrace.checker.{name}" for name in names)
    done = subprocess.run([sys.executable, "-c", f"import {modules}"], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
