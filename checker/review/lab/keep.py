"""Answers of the fix lab on disk, so that a run that was cut goes on where it was, and a second one takes no time.

Each answer is a file of its own, named by a hash of all that decides it, and written at once when it is known. Files
are read only where nobody but this user can have written them, as with machine code; a digest detects damage.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from planrace.checker.engines.native.cache import cache_folder
from planrace.checker.engines.native.folders import private_folder
from planrace.checker.report.output import OutputError, write_whole

SCHEMA = "planrace/point/1"


class LabCache:
    """Answers in a folder, by default in ``matrix`` in the folder of machine code. Without a folder that is the user's
    alone nothing is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        base = cache_folder()
        wanted = folder or (None if base is None else base / "matrix")
        self.folder = None if wanted is None else private_folder(wanted)[0]

    def kept(self, key: str) -> dict[str, Any] | None:
        """The answer under a key; None if there is none that is intact."""
        if self.folder is None:
            return None
        try:
            data = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("answer"), dict):
            return None
        answer: dict[str, Any] = data["answer"]
        return answer if data.get("digest") == _digest(key, answer) else None

    def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Keep an answer; if that fails, it is decided anew next time."""
        if self.folder is None:
            return
        data = {"schema": SCHEMA, "digest": _digest(key, answer), "answer": answer}
        try:
            write_whole(self.folder / f"{key}.json", json.dumps(data, ensure_ascii=False) + "\n")
        except OutputError:
            return


def _digest(key: str, answer: dict[str, Any]) -> str:
    text = json.dumps(answer, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{key}\0{text}".encode()).hexdigest()
