"""The serial numbers of a zone's changes, as the name server's journal has them, in the records of the steps that made
them: they order the steps of all Enactors in a zone, however wrong their clocks are.

Who takes the lock of a zone writes a mark of its own into it, and only who has the lock builds a tree or flips. So the
change that begins a hold, those during it and the one that ends it are those of one Enactor.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LINE = re.compile(r'(?P<what>add|del) (?P<name>\S+)\s+\d+\s+IN\s+(?P<type>\S+)\s+"?(?P<data>[^"\n]*)"?')


@dataclass
class _Hold:
    """The serials of what happened under one taking of the lock: ``built`` by the generation of the tree."""

    taken: int
    built: dict[int, int] = field(default_factory=dict)
    freed: int | None = None


def holds(journal: str) -> dict[str, _Hold]:
    """The holds of a zone's lock, by the text of its record; ``journal`` is what ``named-journalprint`` prints."""
    found: dict[str, _Hold] = {}
    holder, serial = "", 0
    for what, name, kind, data in LINE.findall(journal):
        label = name.partition(".")[0]
        if (what, kind) == ("add", "SOA"):
            serial = int(data.split()[2])
        elif kind == "TXT" and label == "lock" and what == "add":
            holder, found[data] = data, _Hold(serial)
        elif kind == "TXT" and data.startswith("plan ") and what == "add" and holder:
            found[holder].built[int(data.removeprefix("plan "))] = serial
        elif kind == "TXT" and label == "lock" and data in found:
            # Deletions stand before the new serial number, which is the next one; a new lock replaces the old one.
            found[data].freed, holder = serial + 1, ""
    return found


def add_serials(records: Path, journals: Mapping[int, str], into: Path) -> int:
    """Copy the records of a folder, whose notes say the endpoint and the lock, with serials into another folder.
    ``journals`` are those of the zones, by endpoint. Returns how many records have a serial."""
    zones = {e: holds(text) for e, text in journals.items()}
    into.mkdir()
    count = 0
    for file in sorted(records.glob("*.jsonl")):
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for record in lines:
            serial = _serial(record, zones)
            if serial is not None:
                record["serials"] = {f"e{record['note']['endpoint']}": serial}
                count += 1
        (into / file.name).write_text("".join(json.dumps(r) + "\n" for r in lines), encoding="utf-8")
    return count


def _serial(record: Mapping[str, Any], zones: Mapping[int, Mapping[str, _Hold]]) -> int | None:
    """The serial of the change that a step made, if it made one."""
    note = record.get("note")
    hold = None if note is None or "refused" in record else zones.get(note["endpoint"], {}).get(note["lock"])
    if note is None or hold is None:
        return None
    match record["action"]:
        case "take_lock":
            return hold.taken
        case "build_tree":
            return hold.built.get(note["plan"])
        case "flip_alias":
            return hold.freed
    return None
