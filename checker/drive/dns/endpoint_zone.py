"""An endpoint's zone on a name server: its records, how they are read, and batches as dynamic updates (RFC 2136).

======================  =====  ==========================================================
``service``             CNAME  the stable name: an alias of the active tree
``rollback``            CNAME  the tree that was active before
``lock``                TXT    who may change the alias: see ``lease``
``plan-7.trees``        A      the tree of plan 7: its addresses, if the plan has any
``plan-7.trees``        TXT    says that the tree exists
``*.trees``             TXT    a deleted tree is an answer without addresses, and no error
======================  =====  ==========================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CNAME
import dns.rdtypes.ANY.SOA
import dns.rdtypes.ANY.TXT
import dns.update

from planrace.checker.drive.dns.client import Client, ZoneError
from planrace.checker.drive.dns.lease import Lease
from planrace.checker.drive.dns.zone import TTL, Batch, Zone, ZoneContents, marker

NO_TREE = "no such plan"
FALSE_PREREQUISITE = (dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN, dns.rcode.NXRRSET, dns.rcode.YXRRSET)


class EndpointZone(Zone):
    """An endpoint's zone at a name server."""

    def __init__(self, client: Client, origin: str | dns.name.Name) -> None:
        self.client = client
        super().__init__(origin)

    # Reading -------------------------------------------------------------------------------------------------------
    def active(self) -> int:
        return self._target(self.service)

    def rollback(self) -> int:
        return self._target(self.rollback_name)

    def lease(self) -> Lease | None:
        found = self.client.records(self.lock_name, "TXT")
        return self.read_lease(_text(found)) if found is not None else None

    def has_tree(self, generation: int) -> bool:
        found = self.client.records(self.tree(generation), "TXT")
        return found is not None and _text(found) == marker(generation)

    def tree_addresses(self, generation: int) -> list[str]:
        found = self.client.records(self.tree(generation), "A")
        return sorted(r.to_text() for r in found) if found is not None else []

    def contents(self) -> ZoneContents:
        """By a transfer."""
        zone = self.client.transfer(self.origin)
        alias, rollback = (zone.get_rdataset(n, "CNAME") for n in (self.service, self.rollback_name))
        lock, soa = zone.get_rdataset(self.lock_name, "TXT"), zone.get_rdataset(self.origin, "SOA")
        depth = len(self._trees.labels) + 1
        below = [n for n in zone.nodes if len(n.labels) == depth and n.parent() == self._trees and not n.is_wild()]
        return ZoneContents(
            self.generation(alias[0].target) if alias is not None else 0,
            self.generation(rollback[0].target) if rollback is not None else 0,
            self.read_lease(_text(lock)) if lock is not None else None,
            frozenset(self.generation(n) for n in below if zone.get_rdataset(n, "TXT") is not None),
            int(soa[0].serial) if soa is not None else 0,
        )

    def _target(self, name: dns.name.Name) -> int:
        found = self.client.records(name, "CNAME")
        return self.generation(found[0].target) if found is not None else 0

    # Changing ------------------------------------------------------------------------------------------------------
    def batch(self) -> UpdateBatch:
        return UpdateBatch(self)

    def prepare(self) -> None:
        message = dns.update.UpdateMessage(self.origin)
        message.replace(dns.name.from_text("*", self._trees), TTL, "TXT", f'"{NO_TREE}"')
        self.client.update(message)
        found = self.client.records(self.tree(0), "TXT")
        if found is None or _text(found) != NO_TREE:
            raise ZoneError(f"{self.origin} does not keep the record *.trees: is the zone there, and the key right?")


class UpdateBatch(Batch):
    """A batch as an update message: its conditions are the message's prerequisites."""

    def __init__(self, zone: EndpointZone) -> None:
        self._zone = zone
        self._message = dns.update.UpdateMessage(zone.origin)

    # Conditions
    def if_lock(self, lease: Lease | None) -> Self:
        if lease is None:
            self._message.absent(self._zone.lock_name)
        else:
            self._message.present(self._zone.lock_name, _record(str(lease)))
        return self

    def if_active(self, generation: int) -> Self:
        return self._if_target(self._zone.service, generation)

    def if_rollback(self, generation: int) -> Self:
        return self._if_target(self._zone.rollback_name, generation)

    def _if_target(self, name: dns.name.Name, generation: int) -> Self:
        # A name that is not in use at all, or has a CNAME, has no other data: the new CNAME cannot be dropped.
        if generation:
            self._message.present(name, _alias(self._zone.tree(generation)))
        else:
            self._message.absent(name)
        return self

    def if_trees(self, generations: Iterable[int]) -> Self:
        for g in sorted(set(generations)):
            self._message.present(self._zone.tree(g), _record(marker(g)))
        return self

    def if_no_tree(self, generation: int) -> Self:
        self._message.absent(self._zone.tree(generation), "TXT")
        return self

    # Changes
    def point_active(self, generation: int) -> Self:
        return self._point(self._zone.service, generation)

    def point_rollback(self, generation: int) -> Self:
        return self._point(self._zone.rollback_name, generation)

    def _point(self, name: dns.name.Name, generation: int) -> Self:
        self._message.delete(name)
        if generation:
            self._message.add(name, TTL, _alias(self._zone.tree(generation)))
        return self

    def build_tree(self, generation: int, addresses: Iterable[str]) -> Self:
        name = self._zone.tree(generation)
        self._message.delete(name)
        self._message.add(name, TTL, _record(marker(generation)))
        for address in addresses:
            self._message.add(name, TTL, "A", address)
        return self

    def delete_tree(self, generation: int) -> Self:
        self._message.delete(self._zone.tree(generation))
        return self

    def lock(self, lease: Lease) -> Self:
        self._message.delete(self._zone.lock_name)
        self._message.add(self._zone.lock_name, TTL, _record(str(lease)))
        return self

    def release(self) -> Self:
        self._message.delete(self._zone.lock_name)
        return self

    def send(self) -> bool:
        """Even ``True`` only says that the server has taken it: see ``Client.update``."""
        code = self._zone.client.update(self._message)
        if code in FALSE_PREREQUISITE:
            return False
        if code != dns.rcode.NOERROR:
            raise ZoneError(f"{self._zone.origin}: the update is answered with {dns.rcode.to_text(code)}")
        return True


def _record(text: str) -> dns.rdtypes.ANY.TXT.TXT:
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, [text])


def _alias(tree: dns.name.Name) -> dns.rdtypes.ANY.CNAME.CNAME:
    return dns.rdtypes.ANY.CNAME.CNAME(dns.rdataclass.IN, dns.rdatatype.CNAME, tree)  # type: ignore[no-untyped-call]


def _text(records: Iterable[dns.rdtypes.ANY.TXT.TXT]) -> str:
    return " | ".join(b"".join(r.strings).decode(errors="replace") for r in records)
