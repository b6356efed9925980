"""Searches that are killed at random moments go on from their last checkpoint."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planrace.checker.engines.native.checkpoint_file import CheckpointReader
from planrace.checker.engines.native.checkpoints import Checkpoints
from planrace.checker.engines.native.search import NativeSearch
from planrace.properties.dns import original
from tests.engines.native.test_native import checkable, shape

pytestmark = pytest.mark.usefixtures("own_cache")
SCRIPT = """
import sys
from pathlib import Path
from planrace.checker.engines.native import checkpoints
checkpoints.RATIO = 0.5
from tests.engines.native.test_killed_searches import killed_search
print("ready", flush=True)
killed_search(Path(sys.argv[1])).run()
print("ended", flush=True)
"""


def killed_search(path: Path) -> NativeSearch:
    instance = original.system(["crash"]).instance(enactors=3, endpoints=1, plans=4, keep=2)
    saved = Checkpoints(path, path)
    return NativeSearch(instance, checkable(instance.system), exhaustive=True, workers=2, checkpoints=saved)


def kill_at_some_moments(times: int, folder: Path) -> None:
    """Each time the search goes on from what the one before has left."""
    path, chosen, lost = folder / "file", random.Random(times), 0
    deepest = -1
    for _ in range(times):
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chosen.uniform(0.0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        lost += b"ended" not in process.stdout.read()
        process.stdout.close()
        if path.exists():
            reader = CheckpointReader(path)
            reader.close()
            assert reader.header["depth"] >= deepest  # nothing that was written is lost
            deepest = reader.header["depth"]
        if path.exists() and lost % 4 == 3:
            path.unlink()
            deepest = -1
    ended = killed_search(path)
    whole = shape(killed_search(folder / "other"))
    assert shape(ended) == whole
    assert whole[1:5] == (175884, 822640, 40, True)
    assert lost


def test_a_killed_search_goes_on(tmp_path: Path) -> None:
    kill_at_some_moments(3, tmp_path)


def test_a_search_goes_on_that_was_killed_at_many_moments(tmp_path: Path) -> None:
    kill_at_some_moments(20, tmp_path)
