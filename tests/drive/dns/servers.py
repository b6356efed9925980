"""The name servers that tests are run on. A missing program skips its tests, but not in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from planrace.checker.drive.dns.bind import BindServer
from planrace.checker.drive.dns.daemon import DaemonServer, installed
from planrace.checker.drive.dns.embedded import DirectClient, EmbeddedServer
from planrace.checker.drive.dns.knot import KnotServer
from planrace.checker.drive.dns.nameserver import Nameserver, new_key
from planrace.checker.drive.dns.process import EmbeddedProcess
from planrace.checker.drive.dns.route53.mock import MockRoute53


class DirectServer(EmbeddedServer):
    """Its clients do not use the network."""

    def client(self) -> DirectClient:
        return DirectClient(self)


UPDATED = ("embedded", "bind", "knot")
"""Servers that take dynamic updates."""
KINDS = (*UPDATED, "route53")
DAEMONS: dict[str, type[DaemonServer]] = {"bind": BindServer, "knot": KnotServer}
CONTRACT = "contract.test."
ORIGINS = ("e1.planrace.test.", "e2.planrace.test.", CONTRACT)


def require(kind: str) -> None:
    """Skips the test if the program of a kind is missing; in CI it fails."""
    daemon = DAEMONS.get(kind)
    if daemon is not None and installed(daemon.program) is None:
        reason = f"{daemon.program} (Debian's {daemon.package}) not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def server_of(kind: str, folder: Path) -> Nameserver:
    """A server that has not started yet; the embedded one keeps its zones in the folder. ``direct`` is the embedded one
    without the network, and without signatures, which it handles as the network does; ``process`` is a process.
    """
    if kind == "process":
        return EmbeddedProcess(ORIGINS)
    if kind == "direct":
        return DirectServer(ORIGINS)
    if kind == "route53":
        return MockRoute53(ORIGINS)
    if kind not in DAEMONS:
        return EmbeddedServer(ORIGINS, new_key(), folder)
    require(kind)
    return DAEMONS[kind](ORIGINS)
