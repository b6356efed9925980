"""Whether others than this user can write to a file or a folder, or put another one in its place.

Who may write to a folder may rename what is in it. So a private folder below one that everybody may write to can be
exchanged for another one: a folder that the user has unpacked from an archive, for example, which belongs to the user,
too. The same holds for whoever owns a link on the way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

OTHERS = stat.S_IWGRP | stat.S_IWOTH
"""Write permission for others than the owner."""
LINKS = 40
"""The number of links on a way that Linux follows, too."""
PERMITTED = "may be written by other users (chmod go-w takes that away)"
FOREIGN = "belongs to another user"


def made(folder: Path) -> None:
    """Create a folder with what is missing above it, for this user alone. Raises ``OSError``."""
    for missing in reversed([p for p in (folder, *folder.parents) if not p.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def doubt(found: os.stat_result, kind: Callable[[int], bool], expected: str) -> str | None:
    """Why somebody else may have written a file or into a folder; None if nobody can have."""
    if not kind(found.st_mode):
        return f"is not {expected}"
    if not hasattr(os, "getuid"):
        return None
    if found.st_uid != os.getuid():
        return FOREIGN
    return PERMITTED if found.st_mode & OTHERS else None


def private_folder(folder: Path) -> tuple[Path | None, str | None]:
    """The folder, created if missing, or None; and why it cannot be trusted, if others than this user can write to it
    or exchange it."""
    try:
        made(folder)
        refused = exchangeable(folder)
        if refused is None and (why := doubt(folder.stat(), stat.S_ISDIR, "a folder")) is not None:
            refused = f"{folder} {why}"
    except OSError:
        return None, None
    return (folder if refused is None and os.access(folder, os.W_OK) else None), refused


def exchangeable(folder: Path) -> str | None:
    """The place above a folder, or the link to it, with which somebody else can exchange it, and why; None if nobody
    can. The administrator is trusted. Raises ``OSError``."""
    if not hasattr(os, "getuid"):
        return None
    for place, found in _way(folder):
        if found.st_uid not in (0, os.getuid()):
            return f"{place} {FOREIGN}"
        if place != folder and not stat.S_ISLNK(found.st_mode) and _shared(found):
            return f"{place} {PERMITTED}"
    return None


def _shared(found: os.stat_result) -> bool:
    """Whether others may rename what is in a folder. In a sticky one (``/tmp``) only owners may."""
    if found.st_mode & stat.S_ISVTX:
        return False
    return bool(found.st_mode & stat.S_IWOTH) or bool(found.st_mode & stat.S_IWGRP and not _private(found.st_gid))


def _private(group: int) -> bool:
    """Whether the group is this user's alone, as on systems that give each user a group of the same name: there
    folders are mostly writable by the group."""
    import grp
    import pwd

    try:
        user, entry = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return entry.gr_gid == user.pw_gid and entry.gr_name == user.pw_name and set(entry.gr_mem) <= {user.pw_name}


def _way(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every folder and link that the system looks at on the way to a folder, which is the last one."""
    rest, at, links = list(reversed(folder.absolute().parts)), Path(), 0
    while rest:
        at = at.parent if (part := rest.pop()) == ".." else at / part
        found = at.lstat()
        yield at, found
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > LINKS:
                raise OSError(f"{folder}: too many links")
            target = at.readlink()
            at = Path() if target.is_absolute() else at.parent
            rest += reversed(target.parts)
