"""The same attempts on every kind of zone: as dynamic updates (RFC 2136), and as batches of changes of Route 53."""

from __future__ import annotations

import abc
import itertools
import re
from typing import Any, Self

import dns.message
import dns.name
import dns.rcode
import dns.update
import pytest

from planrace.checker.drive.dns.nameserver import Nameserver
from planrace.checker.drive.dns.route53 import records
from planrace.checker.drive.dns.route53.mock import MockRoute53
from planrace.checker.drive.dns.route53.mock import record_sets as sets_of
from tests.drive.dns.servers import CONTRACT

ORIGIN = dns.name.from_text(CONTRACT)
LABELS = itertools.count()
OK = "NOERROR"


class Attempt(abc.ABC):
    """Conditions and changes that are sent as one. A value of a TXT record has its quotation marks."""

    @abc.abstractmethod
    def unused(self, label: str) -> Self:
        """The name has no records."""

    @abc.abstractmethod
    def used(self, label: str) -> Self: ...

    @abc.abstractmethod
    def absent(self, label: str, rdtype: str) -> Self:
        """The name has no records of the type. They are added by the same attempt."""

    @abc.abstractmethod
    def present(self, label: str, rdtype: str) -> Self: ...

    @abc.abstractmethod
    def exactly(self, label: str, rdtype: str, *values: str) -> Self:
        """These are the records of the type."""

    @abc.abstractmethod
    def add(self, label: str, rdtype: str, *values: str) -> Self: ...

    @abc.abstractmethod
    def replace(self, label: str, rdtype: str, value: str) -> Self: ...

    @abc.abstractmethod
    def delete(self, label: str, rdtype: str, *values: str) -> Self: ...

    @abc.abstractmethod
    def delete_all(self, label: str) -> Self: ...

    @abc.abstractmethod
    def send(self) -> str:
        """``NOERROR``, or how it was refused."""


class Place(abc.ABC):
    """A name below the zone that no other test uses, and what is done there."""

    counts_changes: bool
    deleted, left = ["192.0.2.2"], ["192.0.2.1"]
    """Of two addresses: those that one change deletes, and those that stay."""
    not_there: str
    """The answer to a deletion of what is not there."""
    chain: list[str]
    """The types of the records that lead from an alias to its target, as a client sees them."""
    beside_a_cname: tuple[str, str, str]
    """The answers to: other data beside a CNAME, a CNAME beside other data, a second CNAME."""
    cnames: list[str]
    """The CNAMEs that are left of two."""

    def __init__(self, server: Nameserver) -> None:
        self.server = server
        self.client = server.client()
        self.origin = dns.name.from_text(f"case{next(LABELS)}", ORIGIN)

    def name(self, label: str) -> dns.name.Name:
        return dns.name.from_text(label, self.origin)

    @abc.abstractmethod
    def attempt(self) -> Attempt: ...

    @abc.abstractmethod
    def alias(self, label: str, target: str) -> None:
        """Makes a name that answers with the addresses of another one."""

    @abc.abstractmethod
    def values(self, label: str, rdtype: str) -> list[str]: ...

    @abc.abstractmethod
    def begin_anew(self) -> None:
        """The server is killed and starts again; who asks afterwards knows nothing of before."""

    def add(self, label: str, rdtype: str, *values: str) -> None:
        assert self.attempt().add(label, rdtype, *values).send() == OK

    def asked(self, label: str, rdtype: str = "A") -> str:
        return dns.rcode.to_text(self.client.query(self.name(label), rdtype).rcode())

    def serial(self) -> int:
        soa = self.client.records(ORIGIN, "SOA")
        assert soa is not None
        return int(soa[0].serial)


def place_at(server: Nameserver) -> Place:
    return Route53Place(server) if isinstance(server, MockRoute53) else UpdatedPlace(server)


# Dynamic updates ---------------------------------------------------------------------------------------------------
class UpdatedPlace(Place):
    counts_changes = True
    not_there = OK
    chain = ["CNAME"]
    beside_a_cname = (OK, OK, OK)
    cnames = ["two"]

    def attempt(self) -> Update:
        return Update(self)

    def alias(self, label: str, target: str) -> None:
        self.add(label, "CNAME", self.name(target).to_text())

    def values(self, label: str, rdtype: str) -> list[str]:
        found = self.client.records(self.name(label), rdtype)
        return sorted(r.to_text() for r in found) if found is not None else []

    def begin_anew(self) -> None:
        self.server.kill()
        self.server.start()


class Update(Attempt):
    def __init__(self, at: UpdatedPlace) -> None:
        self._at = at
        self.message = dns.update.UpdateMessage(ORIGIN)

    def unused(self, label: str) -> Self:
        self.message.absent(self._at.name(label))
        return self

    def used(self, label: str) -> Self:
        self.message.present(self._at.name(label))
        return self

    def absent(self, label: str, rdtype: str) -> Self:
        self.message.absent(self._at.name(label), rdtype)
        return self

    def present(self, label: str, rdtype: str) -> Self:
        self.message.present(self._at.name(label), rdtype)
        return self

    def exactly(self, label: str, rdtype: str, *values: str) -> Self:
        for value in values:
            self.message.present(self._at.name(label), rdtype, value)
        return self

    def add(self, label: str, rdtype: str, *values: str) -> Self:
        for value in values:
            self.message.add(self._at.name(label), 5, rdtype, value)
        return self

    def replace(self, label: str, rdtype: str, value: str) -> Self:
        self.message.replace(self._at.name(label), 5, rdtype, value)
        return self

    def delete(self, label: str, rdtype: str, *values: str) -> Self:
        for value in values:
            self.message.delete(self._at.name(label), rdtype, value)
        return self

    def delete_all(self, label: str) -> Self:
        self.message.delete(self._at.name(label))
        return self

    def send(self) -> str:
        return dns.rcode.to_text(self._at.client.update(self.message))


# Route 53 ----------------------------------------------------------------------------------------------------------
EXISTS, MISSING, DIFFERS = "already exists", "not found", "other values"
MESSAGES = {
    r"Tried to create resource record set \[.*\] but it already exists": EXISTS,
    r"Tried to delete resource record set \[.*\] but it was not found": MISSING,
    r"Tried to delete resource record set \[.*\] but the values provided do not match the current values": DIFFERS,
    r"RRSet of type .* is not permitted because a conflicting RRSet of type CNAME .*": "beside a CNAME",
    r"RRSet of type CNAME .* is not permitted as it conflicts with other records .*": "CNAME beside others",
}
ONLY_WHAT_IS_THERE = "Route 53 can only ask for a record set that is there, with all its values"


class Route53Place(Place):
    counts_changes = False
    deleted, left = ["192.0.2.1", "192.0.2.2"], []
    not_there = DIFFERS
    chain = []
    beside_a_cname = ("beside a CNAME", "CNAME beside others", EXISTS)
    cnames = ["one"]

    def __init__(self, server: MockRoute53) -> None:
        super().__init__(server)
        self.api = server.api
        self.zone_id = server.zone(ORIGIN).zone_id

    def attempt(self) -> Changes:
        return Changes(self)

    def alias(self, label: str, target: str) -> None:
        changes = self.attempt()
        changes.changes.append(
            records.create(records.alias(self.name(label).to_text(), self.name(target).to_text(), self.zone_id))
        )
        assert changes.send() == OK

    def record_set(self, label: str, rdtype: str) -> records.RecordSet | None:
        return sets_of(self.api, self.zone_id).get((self.name(label).to_text(), rdtype))

    def values(self, label: str, rdtype: str) -> list[str]:
        return sorted(records.values_of(self.record_set(label, rdtype) or {}))

    def begin_anew(self) -> None:
        assert isinstance(self.server, MockRoute53)
        self.server.kill()
        self.server.start()
        self.api = self.server.session()


class Changes(Attempt):
    def __init__(self, at: Route53Place) -> None:
        self._at = at
        self._conditions: dict[records.Key, records.RecordSet] = {}
        self.changes: list[records.Change] = []

    def _set(self, label: str, rdtype: str, values: tuple[str, ...]) -> records.RecordSet:
        return records.plain(self._at.name(label).to_text(), rdtype, 5, values)

    def unused(self, label: str) -> Self:
        pytest.skip(ONLY_WHAT_IS_THERE)

    def used(self, label: str) -> Self:
        pytest.skip(ONLY_WHAT_IS_THERE)

    def absent(self, label: str, rdtype: str) -> Self:
        return self  # says CREATE

    def present(self, label: str, rdtype: str) -> Self:
        pytest.skip(ONLY_WHAT_IS_THERE)

    def exactly(self, label: str, rdtype: str, *values: str) -> Self:
        found = self._set(label, rdtype, values)
        self._conditions[records.key_of(found)] = found
        return self

    def add(self, label: str, rdtype: str, *values: str) -> Self:
        self.changes.append(records.create(self._set(label, rdtype, values)))
        return self

    def replace(self, label: str, rdtype: str, value: str) -> Self:
        new = self._set(label, rdtype, (value,))
        old = self._conditions.pop(records.key_of(new), None)
        self.changes += [records.delete(old), records.create(new)] if old is not None else [records.upsert(new)]
        return self

    def delete(self, label: str, rdtype: str, *values: str) -> Self:
        old = self._set(label, rdtype, values)
        self._conditions.pop(records.key_of(old), None)
        self.changes.append(records.delete(old))
        return self

    def delete_all(self, label: str) -> Self:
        name = self._at.name(label).to_text()
        self.changes += [
            records.delete(s) for (n, _), s in sets_of(self._at.api, self._at.zone_id).items() if n == name
        ]
        return self

    def send(self) -> str:
        asked = [f(s) for s in self._conditions.values() for f in (records.delete, records.create)]
        batch: dict[str, Any] = {"Changes": [*asked, *self.changes]}
        try:
            self._at.api.change_resource_record_sets(HostedZoneId=self._at.zone_id, ChangeBatch=batch)
        except self._at.api.exceptions.InvalidChangeBatch as e:
            refusal = e.response
        else:
            return OK
        (message,) = refusal["messages"]
        return next(kind for pattern, kind in MESSAGES.items() if re.fullmatch(pattern, message))
