"""Places of reports: files whole or not at all, devices and pipes written to, all of them tried before the search."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from planrace.checker.cli.main import run
from planrace.checker.report.output import OutputError, OutputPlace, write_whole
from tests.cli.test_streams import COMMAND, FULL
from tests.counter import PROTOCOL

CHECK = ["-p", "counter.py:protocol"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("counter.py").write_text(PROTOCOL, encoding="utf-8")


@pytest.fixture
def unsearched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search would be an error."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a search was begun")

    for module in (
        "check",
        "forecast",
        "lint",
        "graph",
        "mutate",
        "baseline",
        "prove",
        "compare",
        "explain",
        "establish",
        "driving",
    ):
        for name in ("cover", "replay", "find", "check", "establish", "wanted", "take", "read_report"):
            monkeypatch.setattr(f"planrace.checker.cli.{module}.{name}", never, raising=False)


def verdict(path: str | Path) -> str:
    return str(json.loads(Path(path).read_text(encoding="utf-8"))["verdict"])


# What is no file --------------------------------------------------------------------------------------------------
def test_devices_stay_what_they_are(tmp_path: Path) -> None:
    for name in ("/dev/null", str(tmp_path / "link")):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("/dev/null")
        assert run([*CHECK, "-o", f"json:{name}", "-o", f"html:{name}"]) == 1
        assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
        assert (tmp_path / "link").is_symlink()
    assert not list(tmp_path.glob(".planrace*"))


def test_a_pipe_with_a_name_is_written_to(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text(encoding="utf-8")))
    reader.start()
    assert run([*CHECK, "-o", "json:pipe"]) == 1
    reader.join(60)
    assert json.loads(read[0])["verdict"] == "violated"
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


def test_a_pipe_without_a_reader_is_waited_for_and_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    monkeypatch.setattr("planrace.checker.report.output.PATIENCE", 0.2)
    assert run([*CHECK, "-o", "json:pipe", "-o", "html:page.html"]) == 2
    out, err = capsys.readouterr()
    assert "cannot write pipe: nobody has opened it for reading in 0.2 seconds" in err
    assert "verdict: violated" in out
    assert Path("page.html").exists()
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


@pytest.mark.parametrize("command", ["", "prove", "lint", "graph", "mutate --property in-range --action read"])
def test_a_time_limit_holds_for_the_reader_of_a_pipe(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    monkeypatch.setattr("planrace.checker.report.output.SPARE", -60.0)
    assert run([*command.split(), *CHECK, "--time-limit", "60", "-o", "pipe"]) == 2
    err = capsys.readouterr().err
    assert "cannot write pipe: nobody has opened it for reading before the time limit was reached (begin" in err


def test_a_reader_that_does_not_read_on_ends_with_the_time_limit() -> None:
    os.mkfifo("pipe")
    place = OutputPlace("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OutputError, match="its reader did not read on before the time limit"):
        place.write("x" * 2**20, within=-0.9)
    assert os.read(reader, 4) == b"xxxx"
    os.close(reader)


def test_an_unknown_format_is_not_taken_for_a_part_of_a_file_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A file of that name got the text."""
    assert run([*CHECK, "-o", "markdown:r.md"]) == 2
    assert "'markdown' is not a format of this report" in capsys.readouterr().err
    assert run([*CHECK, "-o", "./markdown:r.md", "-o", "c:r.txt", "-o", "12:30.txt"]) == 1
    assert {"markdown:r.md", "c:r.txt", "12:30.txt"} <= {p.name for p in Path().iterdir()}


def test_a_baseline_is_a_regular_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Reading a pipe waits for ever."""
    os.mkfifo("pipe")
    assert run(["baseline", "save", *CHECK, "-o", "pipe"]) == 2
    assert "cannot write pipe: a baseline must be a regular file" in capsys.readouterr().err


def test_waiting_for_the_reader_of_a_pipe_is_interrupted(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    waits = "import planrace.checker.report.output as o; o.time.sleep = lambda _: os.kill(os.getpid(), signal.SIGINT)"
    code = f"import os; {hear}; {waits}; from planrace.checker.cli import main; main()"
    command = [sys.executable, "-c", code, *CHECK, "-o", "json:pipe"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_a_pipe_gets_all_of_a_report_though_its_reader_comes_late_and_is_slow(tmp_path: Path) -> None:
    os.mkfifo("pipe")
    done = shell("check -o html:pipe & sleep 2; (sleep 1; cat) < pipe > page; wait; tail -1 page")
    assert done.stdout.strip().endswith("</html>"), done.stderr


def shell(words: str) -> subprocess.CompletedProcess[str]:
    """In a shell, where ``check`` is the command on the small protocol."""
    called = " ".join(f"'{w}'" for w in [*COMMAND, *CHECK])
    script = f'check() {{ {called} "$@"; }}; {words}'
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_by_name_is_neither_replaced_nor_begun_anew(name: str) -> None:
    done = shell(f"{{ echo before; check -o json:{name} -x; echo code $?; }} > all; cat all")
    first, *rest = done.stdout.splitlines()
    assert first == "before"
    assert rest[-2:] == ["verdict: violated (exit 1)", "code 1"]
    assert json.loads("\n".join(rest[: rest.index("}") + 1]))["verdict"] == "violated"
    assert done.stderr == ""
    piped = shell(f"check -o json:{name} | cat; echo ${{PIPESTATUS[0]}}")
    assert piped.stdout.startswith("{")
    assert piped.stdout.endswith("(exit 1)\n1\n")
    gone = shell(f"check -o json:{name} | true; echo ${{PIPESTATUS[0]}}")
    assert (gone.stdout, gone.stderr) == ("1\n", "")


def test_descriptors_of_a_shell_are_written_to() -> None:
    done = shell("check -o json:>(cat > inner) > outer; echo $?; while [ ! -s inner ]; do sleep 0.05; done")
    assert done.stdout == "1\n"
    assert shell("check -o json:/dev/stderr 2> other >/dev/null; echo $?").stdout == "1\n"
    assert verdict("other") == "violated"
    assert shell("exec 7> seven; check -o json:/dev/fd/7; echo $?").stdout.endswith("\n1\n")
    assert verdict("seven") == "violated"


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("json:missing/r.json", "there is no directory"),
        ("json:.", "it is a directory"),
        ("json:", "names no file"),
        ("json:counter.py/r.json", "directory"),
        (f"json:{'x' * 256}", "name too long"),
        (f"json:{'x/' * 3000}r.json", "name too long"),
        ("json:loop", "symbolic links"),
        ("json:socket", "it is a socket"),
        ("json:/dev/fd/999", "Bad file descriptor"),
        ("json:/dev/fd/0", "open for reading only"),
        ("json:counter.py", "is a file that the command reads"),
        ("json:./a/../counter.py", "is a file that the command reads"),
    ],
)
def test_places_are_tried_before_the_search(
    place: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("loop").symlink_to("loop")
    Path("a").mkdir()
    with socket.socket(socket.AF_UNIX) as there, Path(os.devnull).open(encoding="utf-8") as nothing:
        there.bind("socket")
        kept = os.dup(0)
        os.dup2(nothing.fileno(), 0)
        try:
            assert run([*CHECK, "-o", place]) == 2
        finally:
            os.dup2(kept, 0)
            os.close(kept)
    assert said in " ".join(capsys.readouterr().err.split())


COMMANDS = {
    "check": CHECK,
    "prove": ["prove", *CHECK],
    "explain": ["explain", "r.json"],
    "compare": ["compare", "r.json", "s.json"],
    "graph": ["graph", *CHECK],
    "lint": ["lint", *CHECK],
    "forecast": ["forecast", *CHECK],
    "mutate": ["mutate", *CHECK],
    "establish": ["establish", *CHECK],
    "cover": ["cover", *CHECK, "--on", "driver.py:Driver"],
    "replay": ["replay", "r.json", *CHECK, "--on", "driver.py:Driver"],
    "baseline compare": ["baseline", "compare"],
}


@pytest.mark.usefixtures("unsearched")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tries_its_places(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    form = "dot" if command == "graph" else "json"
    more = {"check": ["--dump-ir"], "prove": ["--dump-smt"]}
    for option in ["-o", *more.get(command, [])]:
        there = "counter.py/x" if option == "--dump-smt" else "no/where"
        assert run([*COMMANDS[command], option, there]) == 2
        assert "cannot write" in capsys.readouterr().err
    assert run([*COMMANDS[command], "-o", f"{form}:a", "-o", f"{form}:./a"]) == 2
    assert "named twice" in capsys.readouterr().err


@pytest.mark.usefixtures("unsearched")
@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_permissions_are_looked_at_first(capsys: pytest.CaptureFixture[str]) -> None:
    Path("closed").mkdir(mode=0o500)
    assert run([*CHECK, "-o", "json:closed/r.json"]) == 2
    assert "is not writable" in capsys.readouterr().err


@pytest.mark.usefixtures("unsearched")
def test_a_report_is_not_written_over_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.json").write_text("{}", encoding="utf-8")
    Path("link").symlink_to("r.json")
    for arguments in (["explain", "r.json", "-o", "json:link"], ["compare", "x", "link", "-o", "json:r.json"]):
        assert run(arguments) == 2
        assert "is a file that the command reads" in capsys.readouterr().err
    assert Path("r.json").read_text(encoding="utf-8") == "{}"


# Files that cannot be written -------------------------------------------------------------------------------------
@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_the_other_files_are_written_and_nothing_old_stays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = OutputPlace._replace

    def full_in_between(self: OutputPlace, content: bytes) -> None:
        if self.path == "page.html":
            raise OSError(28, "No space left on device")
        write(self, content)

    monkeypatch.setattr(OutputPlace, "_replace", full_in_between)
    Path("page.html").write_text("of yesterday", encoding="utf-8")
    outputs = ["-o", "json:/dev/full", "-o", "html:page.html", "-o", "json:r.json", "-o", "junit:r.xml"]
    assert run([*CHECK, *outputs]) == 2
    out, err = capsys.readouterr()
    assert out.endswith("verdict: violated (exit 1)\n")
    assert "cannot write /dev/full: No space left on device" in err
    assert "cannot write page.html: No space left on device" in err
    assert "the older report there is removed" in err
    assert verdict("r.json") == "violated"
    assert Path("r.xml").exists()
    assert not Path("page.html").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [*CHECK, "--property", "no-such"],
        ["-p", "counter.py:fixed"],
        ["explain", "broken.json"],
        ["compare", "broken.json", "broken.json"],
        ["lint", *CHECK, "--fault", "no-such"],
        ["graph", *CHECK, "--max-states", "2"],
        ["forecast", *CHECK, "--property", "no-such"],
        ["mutate", *CHECK, "--max-states", "2"],
        ["prove", *CHECK, "--property", "no-such"],
        ["establish", *CHECK, "--violated", "no-such"],
        ["cover", *CHECK, "--on", "no-such.py:Driver"],
        ["replay", "broken.json", *CHECK, "--on", "no-such.py:Driver"],
    ],
    ids=lambda arguments: arguments[0] if arguments[0] != "-p" else " ".join(arguments[1:]),
)
def test_without_a_report_no_older_one_stays(arguments: list[str]) -> None:
    form = {
        "graph": "dot",
        **dict.fromkeys(("compare", "lint", "forecast", "mutate", "establish", "cover", "replay"), "json"),
    }
    Path("broken.json").write_text("{", encoding="utf-8")
    Path("report").write_text("of yesterday", encoding="utf-8")
    code = run([*arguments, "-o", f"{form.get(arguments[0], 'itf')}:report"])
    assert code == (0 if "counter.py:fixed" in arguments else 3 if arguments[0] == "mutate" else 2)
    assert not Path("report").exists()


def test_a_limit_of_file_sizes_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    Path("page.html").write_text("of yesterday", encoding="utf-8")
    done = shell("ulimit -f 8; check -o html:page.html -o text:r.txt; echo $?")
    assert done.stdout.endswith("\n2\n")
    assert "cannot write page.html: File too large" in done.stderr
    assert "verdict: violated" in Path("r.txt").read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "__pycache__") == ["counter.py", "r.txt"]


def test_what_is_more_than_a_report_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["baseline", "save", *CHECK]) == 0
    before = Path("planrace.baseline").read_text(encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run(["baseline", "save", *CHECK, "-s", "workers=3"]) == 2
    assert Path("planrace.baseline").read_text(encoding="utf-8") == before
    with pytest.raises(OutputError, match="No space left"):
        write_whole("planrace.baseline", "other")
    assert Path("planrace.baseline").read_text(encoding="utf-8") == before


def test_a_form_that_fails_leaves_no_older_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("planrace.checker.report.formats.render_trace", broken)
    Path("r.md").write_text("of yesterday", encoding="utf-8")
    assert run([*CHECK, "-o", "mermaid:r.md", "-o", "json:r.json"]) == 1
    out, err = capsys.readouterr()
    assert "verdict: violated (exit 1)" in out
    assert "ZeroDivisionError" in err
    assert verdict("r.json") == "violated"
    assert not Path("r.md").exists()


def test_a_file_in_a_directory_that_takes_no_others_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("r.json").write_text("older", encoding="utf-8")

    def access(path: object, mode: int) -> bool:
        return Path(str(path)).name == "r.json"

    monkeypatch.setattr(os, "access", access)
    place = OutputPlace("r.json")
    place.attempt()
    place.write("new")
    assert Path("r.json").read_text(encoding="utf-8") == "new"
    with pytest.raises(OutputError, match="is not writable"):
        OutputPlace("other.json").attempt()


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 256])
def test_what_is_no_path_is_an_error(path: str) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        write_whole(path, "text")


# Where nothing can be kept ----------------------------------------------------------------------------------------
GONE = "mkdir gone; cd gone; rmdir ../gone; cd() { :; }; "


@pytest.mark.parametrize(
    "arguments",
    [
        "-p {}:protocol",
        "-p {}:protocol --format sarif",
        "-p {}:protocol --format html -o json:{}.json",
        "lint -p {}:protocol",
        "mutate -p {}:fixed --action read --property in-range",
        "prove -p {}:protocol --property in-range",
        "graph -p {}:protocol",
    ],
)
def test_a_working_directory_that_is_gone(arguments: str, tmp_path: Path) -> None:
    file = tmp_path / "counter.py"
    called = " ".join(f"'{w}'" for w in COMMAND)
    there, away = (
        subprocess.run(
            ["bash", "-c", f"{before} {called} {arguments.format(file, file)}"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for before in ("", GONE)
    )
    assert away.returncode == there.returncode, away.stderr
    assert "Traceback" not in away.stderr
    assert away.returncode in (0, 1, 3)


def test_a_file_below_a_working_directory_that_is_gone() -> None:
    called = " ".join(f"'{w}'" for w in COMMAND)
    for words in ("-p counter.py:protocol", "-p original -o json:r.json"):
        done = subprocess.run(
            ["bash", "-c", f"{GONE} {called} {words}"], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 2
        assert done.stderr.startswith("Error: cannot ")


HOMELESS = """
import os, pwd
os.environ.pop("HOME", None)
os.environ.pop("XDG_CACHE_HOME", None)
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
"""


@pytest.mark.parametrize("chosen", [None, "counter.py", "no/such/place", "/proc/none", "closed"])
def test_a_run_needs_neither_home_nor_cache(chosen: str | None) -> None:
    Path("closed").mkdir(mode=0o500)
    environment = {n: v for n, v in os.environ.items() if n != "PLANRACE_CACHE"}
    if chosen is not None:
        environment["PLANRACE_CACHE"] = chosen
    code = f"{HOMELESS}\nfrom planrace.checker.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code, *CHECK, "--engine", "native"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (1, "")
