"""A driver of the DNS protocol: the implementation on a name server, in the words of the model.

``named`` gives these drivers the names that ``--on`` takes: ``dns:bind``.
"""

from __future__ import annotations

from typing import Any

import dns.rcode
import dns.rdatatype
import dns.update

from planrace.checker.drive.dns.bind import BindServer
from planrace.checker.drive.dns.client import Client, as_dig, as_nsupdate
from planrace.checker.drive.dns.daemon import DaemonServer
from planrace.checker.drive.dns.deployment import Deployment, deploy, expire_lock, install_by_hand, stray_delete
from planrace.checker.drive.dns.embedded import DirectClient, EmbeddedServer
from planrace.checker.drive.dns.enactor import WAITING, Enactor, EnactorPhase, StepResult
from planrace.checker.drive.dns.endpoint_zone import FALSE_PREREQUISITE
from planrace.checker.drive.dns.knot import KnotServer
from planrace.checker.drive.dns.nameserver import Nameserver
from planrace.checker.drive.dns.safeguards import Safeguards
from planrace.checker.drive.refusal import Refused

BETWEEN = {StepResult.HELD, StepResult.LOST}
"""Results of attempts that are no step of the model: the Enactor tries again, or goes on with ``lose_lock``."""


class DnsRegion:
    """Planner, Enactors and the zones of a region on an embedded server, by the network.

    ``safeguards`` are those of the code (default: those with the names of the run's ``protections``). ``server`` is
    the class of the name server, ``enactor`` that of the Enactors. ``direct``: messages to the embedded server do not
    use the network, which is faster.
    """

    server: type[EmbeddedServer | DaemonServer] = EmbeddedServer
    enactor: type[Enactor] = Enactor
    safeguards: Safeguards | None = None
    direct: bool = False

    def __init__(
        self, enactors: int, endpoints: int, keep: int, protections: tuple[str, ...] = (), operator: str = "off"
    ) -> None:
        self._enactors, self._endpoints, self._keep = enactors, endpoints, keep
        self._safeguards = self.safeguards if self.safeguards is not None else Safeguards.named(protections)
        self._operator = operator == "on"
        self._frozen = False
        origins = [f"e{e}.planrace.test." for e in range(1, endpoints + 1)]
        self._server: Nameserver = self.server(origins)
        if isinstance(self._server, DaemonServer):
            self._server.check_installed()
        self._running = False
        self._identity: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._region: Deployment | None = None

    def close(self) -> None:
        self._server.stop()
        self._running = False

    def reset(self) -> None:
        if not self._running:
            self._server.start()
            self._running = True
            self._identity = self._asked_who()
        for zone in self._region.zones if self._region is not None else ():
            zone.clear()
        self._frozen = False
        self._refused = {}
        client = self._client()
        client.heard = self._note_refusal
        self._region = deploy(
            self._server,
            client=client,
            enactors=self._enactors,
            endpoints=self._endpoints,
            keep=self._keep,
            safeguards=self._safeguards,
            enactor=self.enactor,
        )

    def _client(self) -> Client:
        if self.direct and isinstance(self._server, EmbeddedServer):
            return DirectClient(self._server)
        return self._server.client()

    def _asked_who(self) -> dict[str, str]:
        """What a server that is a program of its own says of itself."""
        if isinstance(self._server, EmbeddedServer):
            return {}
        answer = self._server.client().query("version.bind.", "TXT", "CH")
        return {"dig version.bind. CH TXT": as_dig(answer)}

    def _note_refusal(self, message: dns.update.UpdateMessage, code: dns.rcode.Rcode) -> None:
        """Keep a flip that the server refuses, until it is shown."""
        if code in FALSE_PREREQUISITE and any(r.rdtype == dns.rdatatype.CNAME for r in message.update):
            self._refused = {"nsupdate": as_nsupdate(message, code)}

    @property
    def _now(self) -> Deployment:
        assert self._region is not None, "reset comes first"
        return self._region

    # Planner and Enactors ------------------------------------------------------------------------------------------
    def publish(self) -> None:
        self._check_running()
        self._now.planner.publish()

    def publish_empty(self) -> None:
        self._now.plans.publish([[] for _ in self._now.zones])

    def pick_up(self, i: int) -> None:
        self._do(i, EnactorPhase.IDLE, "pick_up")

    def take_lock(self, i: int) -> None:
        self._do(i, EnactorPhase.LOCK, "take_lock")

    def build_tree(self, i: int) -> None:
        self._do(i, EnactorPhase.BUILD, "build_tree")

    def flip_alias(self, i: int) -> str:
        return self._do(i, EnactorPhase.FLIP, "flip_alias")

    def lose_lock(self, i: int) -> None:
        self._do(i, self._now.enactors[i - 1].phase, "lose_lock")

    def list_old_plans(self, i: int) -> str:
        return self._do(i, EnactorPhase.LIST, "list_old_plans")

    def delete_old_plans(self, i: int) -> str:
        return self._do(i, EnactorPhase.DELETE, "delete_old_plans")

    def _do(self, i: int, phase: EnactorPhase, name: str) -> str:
        """The step of an Enactor; returns the outcome."""
        self._check_running()
        enactor = self._now.enactors[i - 1]
        if enactor.phase != phase:
            raise Refused(f"{enactor.name} is in phase {enactor.phase}")
        result: StepResult = getattr(enactor, name)()
        if result in WAITING | BETWEEN:
            raise Refused(str(result))
        return str(result)

    def _check_running(self) -> None:
        if self._frozen:
            raise Refused("an operator holds the automation")

    # Environment and operator --------------------------------------------------------------------------------------
    def crash(self, i: int) -> None:
        self._now.enactors[i - 1].crash()

    def expire_lock(self, e: int) -> None:
        expire_lock(self._now.zones[e - 1])

    def stray_delete(self, e: int, g: int) -> None:
        stray_delete(self._now.zones[e - 1], g)

    def freeze(self) -> None:
        self._frozen = True

    def unfreeze(self) -> None:
        self._frozen = False

    def install(self, e: int) -> None:
        newest = self._now.plans.latest()
        if newest is None or not self._frozen:
            raise Refused("there is no plan" if newest is None else "the automation is not held")
        if not install_by_hand(self._now.zones[e - 1], newest.generation, newest.addresses[e - 1]):
            raise Refused("the zone has changed meanwhile")

    # What is seen --------------------------------------------------------------------------------------------------
    def observe(self) -> dict[str, Any]:
        """The zones as they are now, each by a transfer, and where the Enactors are."""
        newest = self._now.plans.latest()
        latest = newest.generation if newest is not None else 0
        zones = [z.contents() for z in self._now.zones]
        enactors = self._now.enactors
        numbers = {e.name: n for n, e in enumerate(enactors, 1)}
        found = {
            "latest": latest,
            "empty": {g for g in range(1, latest + 1) if not self._now.plans.plan(g).valid},
            "trees": [set(z.trees) for z in zones],
            "alias": [z.alias for z in zones],
            "rollback": [z.rollback for z in zones],
            "lock": [numbers[z.lock.owner] if z.lock is not None else None for z in zones],
            "phase": [str(e.phase) for e in enactors],
            "plan": [e.plan for e in enactors],
            "cursor": [e.cursor + 1 for e in enactors],
            "doomed": [set(e.doomed) for e in enactors],
        }
        return {**found, "frozen": self._frozen} if self._operator else found

    def show(self) -> dict[str, str]:
        """What a client gets who asks for the addresses of each endpoint, by the network; what the server is; and
        the flip that it has refused since this was asked before."""
        found = {**self._identity, **self._refused}
        self._refused = {}
        client = self._server.client()
        for zone in self._now.zones:
            found[f"dig {zone.service} A"] = as_dig(client.query(zone.service, "A"))
        return found


class BindRegion(DnsRegion):
    """The same on BIND 9."""

    server = BindServer


class KnotRegion(DnsRegion):
    """The same on Knot DNS."""

    server = KnotServer
