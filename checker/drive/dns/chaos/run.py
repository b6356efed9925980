"""Conducts a run of chaos: starts the processes, kills and restarts them, and looks at what comes of it."""

from __future__ import annotations

import base64
import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from planrace.checker.drive.dns.bind import BindServer
from planrace.checker.drive.dns.chaos import roles
from planrace.checker.drive.dns.chaos.findings import Findings, read_findings
from planrace.checker.drive.dns.chaos.options import ChaosOptions, Given, Places, ServerKind
from planrace.checker.drive.dns.chaos.records import record_kill
from planrace.checker.drive.dns.chaos.serials import add_serials
from planrace.checker.drive.dns.client import Client, ZoneError
from planrace.checker.drive.dns.endpoint_zone import EndpointZone
from planrace.checker.drive.dns.journal import Journal
from planrace.checker.drive.dns.knot import KnotServer
from planrace.checker.drive.dns.lifeline import ChildProcess
from planrace.checker.drive.dns.nameserver import Nameserver
from planrace.checker.drive.dns.plans import PlanFolder
from planrace.checker.drive.dns.process import EmbeddedProcess

SERVERS: dict[ServerKind, Callable[[Sequence[str]], Nameserver]] = {
    ServerKind.EMBEDDED: EmbeddedProcess,
    ServerKind.BIND: BindServer,
    ServerKind.KNOT: KnotServer,
}
TICK = 0.02
DOWN = 0.5
"""The longest time, in seconds, for which what was killed stays away."""


def run_chaos(options: ChaosOptions, folder: Path) -> Findings:
    """Performs a run; the journals are in the folder, which must be empty. Nothing of it runs on when this returns or
    raises."""
    return _Run(options, Places(folder)).run()


class _Run:
    def __init__(self, options: ChaosOptions, places: Places) -> None:
        self._options, self._places = options, places
        self._chance = random.Random(options.seed)
        self._server = SERVERS[options.server]([f"e{e}.planrace.test." for e in range(1, options.endpoints + 1)])
        self._children: dict[str, ChildProcess] = {}
        self._given: dict[str, Given] = {}
        self._starts = 0
        places.plans.mkdir()
        places.records("").parent.mkdir()
        self._journal = Journal(places.journal("chaos"), process="chaos")

    def run(self) -> Findings:
        try:
            with self._server:
                self._begin()
                self._disturb()
                settled = self._settle()
                reached = tuple(self._active())
                self._end()
                self._add_serials()
        finally:
            for child in self._children.values():
                child.kill()
            self._journal.close()
        found = read_findings(self._places.folder)
        found.settled, found.reached = settled, reached
        return found

    # Processes -----------------------------------------------------------------------------------------------------
    def _begin(self) -> None:
        for zone in self._zones():
            zone.prepare()
        for e in range(1, self._options.endpoints + 1):
            self._start(f"resolver-{e}", role="resolver", e=e)
        for i in range(1, self._options.enactors + 1):
            self._start(f"enactor-{i}", role="enactor", i=i)
        self._start("planner", role="planner")

    def _start(self, process: str, **more: object) -> None:
        """Starts a process, or starts it again."""
        assert self._server.key is not None
        given = self._given.setdefault(process, dict(more))
        self._starts += 1
        everything = {
            **asdict(self._options),
            **given,
            "process": process,
            "seed": f"{self._options.seed} {self._starts}",
            "address": self._server.address,
            "port": self._server.port,
            "secret": base64.b64encode(self._server.key.secret).decode(),
            "origins": [o.to_text() for o in self._server.origins],
            "folder": str(self._places.folder),
            "plans": str(self._places.plans),
            "journal": str(self._places.journal(f"{process}.{self._starts}")),
            "records": str(self._places.records(process)),
        }
        self._children[process] = ChildProcess(roles.__name__, everything, self._places.output(process))

    def _end(self) -> None:
        for child in self._children.values():
            child.stop()

    def _add_serials(self) -> None:
        """The journal of the server says which change of a zone came first."""
        if isinstance(self._server, BindServer):
            journals = {e: self._server.journal(origin) for e, origin in enumerate(self._server.origins, 1)}
            add_serials(self._places.records("").parent, journals, self._places.folder / "serials")

    def _check(self) -> None:
        """A process that ended by itself is an error of ours."""
        for process, child in self._children.items():
            code = child.ended()
            if code is not None and not (process == "planner" and code == 0):
                output = self._places.output(process).read_text(errors="replace")
                raise ZoneError(f"{process} ended with {code}:\n{output}")

    # Disturbing ----------------------------------------------------------------------------------------------------
    def _disturb(self) -> None:
        end = time.monotonic() + self._options.seconds
        planned = [self._kills(), self._restarts()]
        due = [next(p) for p in planned]
        while time.monotonic() < end:
            for n, at in enumerate(due):
                if time.monotonic() >= at:
                    due[n] = next(planned[n])
            self._check()
            if self._options.until_empty and read_findings(self._places.folder).outages:
                return
            time.sleep(0.5 if self._options.until_empty else TICK)

    def _kills(self) -> Iterator[float]:
        """Kills an Enactor and starts it again, whenever it is asked; says when to ask next."""
        while True:
            yield self._later(self._options.kill_every)
            process = f"enactor-{self._chance.randint(1, self._options.enactors)}"
            begin = time.time()
            self._children[process].kill()
            i = self._given[process]["i"]
            self._journal.write(begin, action="crash", i=i)
            time.sleep(self._chance.uniform(0, DOWN))
            record_kill(self._places.records(process), process, i, begin)  # now what it has sent has arrived
            self._start(process)

    def _restarts(self) -> Iterator[float]:
        """The same with the server."""
        while True:
            yield self._later(self._options.restart_every)
            begin = time.time()
            self._server.kill()
            time.sleep(self._chance.uniform(0, DOWN))
            self._server.start()
            self._journal.write(begin, event="server-kill")

    def _later(self, every: float) -> float:
        return time.monotonic() + self._chance.uniform(0.5, 1.5) * every if every else float("inf")

    # Settling ------------------------------------------------------------------------------------------------------
    def _settle(self) -> float | None:
        """Lets the Enactors work in peace. Returns the seconds until every endpoint had the newest plan. A name that
        has lost its addresses has lost them for good: nothing is waited for then.
        """
        if any(outage.end is None for outage in read_findings(self._places.folder).outages):
            return None
        self._places.quiet.touch()
        self._children["planner"].stop()
        begin, newest = time.monotonic(), PlanFolder(self._places.plans).latest()
        while (passed := time.monotonic() - begin) < self._options.quiet_seconds:
            self._check()
            if newest is not None and all(a == newest.generation for a in self._active()):
                return passed
            time.sleep(5 * TICK)
        return None

    def _active(self) -> Iterator[int]:
        for zone in self._zones():
            active = -1
            with contextlib.suppress(ZoneError):
                active = zone.active()
            yield active

    def _zones(self) -> list[EndpointZone]:
        client = Client(self._server.address, self._server.port, self._server.key)
        return [EndpointZone(client, origin) for origin in self._server.origins]
