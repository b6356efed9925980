"""An endpoint's zone behind the API of Route 53: its record sets, how they are read, and batches of changes.

======================  =======  ==========================================================================
``service``             A alias  the stable name: answers with the addresses of the active tree
``service``             TXT      the plan that it points at (``plan 7``), or ``none``
``rollback``            A alias  the tree that was active before; beside it a TXT record as well
``lock``                TXT      who may change the alias (see ``lease``), or ``free``
``plan-7.trees``        A        the tree of plan 7: its addresses, if the plan has any
``plan-7.trees``        TXT      says that the tree exists (``plan 7``), or that it is ``gone``
======================  =======  ==========================================================================

Route 53 has no prerequisites. A condition is a DELETE of the record exactly as it was read and a CREATE of the same, or
of what takes its place, in the batch that it guards: if the record has changed meanwhile, the whole batch is refused.
It can only ask for a record that is there and that may be created again. So what is not there is written down, too
(``none``, ``free``, ``gone``); and beside each alias a TXT record tells its plan, because an alias whose tree is gone
cannot be created again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

import dns.name
from botocore import exceptions

from planrace.checker.drive.dns.client import NoAnswerError, ZoneError
from planrace.checker.drive.dns.lease import Lease
from planrace.checker.drive.dns.route53 import records
from planrace.checker.drive.dns.route53.records import Change, RecordSet, RecordSets
from planrace.checker.drive.dns.zone import TTL, Batch, Zone, ZoneContents, marker

NONE, FREE, GONE = "none", "free", "gone"
"""Texts of a pointer that nobody has set, of the lock that nobody has, and of a tree that had to be absent."""
MOST_RECORDS, MOST_CHARACTERS = 1000, 32_000
"""Of one batch, counted as ``records.size`` does (Route 53 Developer Guide, "Quotas")."""
ATTEMPTS = 20
"""Times that a batch is made anew because somebody changed what it replaces."""
REFUSALS = re.compile(
    "but it already exists|but it was not found|but the values provided do not match|but that target was not found"
)
"""Messages of ``InvalidChangeBatch`` that say that the zone is not as it was read. All others are mistakes."""
NOT_NOW = {"Throttling", "ThrottlingException", "PriorRequestNotComplete", "ServiceUnavailable", "InternalFailure"}
"""Error codes of requests that may be made again later."""


class BatchRefusedError(Exception):
    """A record is not what the batch says."""


class Route53Zone(Zone):
    """An endpoint's zone in the hosted zone ``zone_id``. ``api`` is a client of boto3: ``boto3.client("route53")``.

    ``heard`` is told every batch that is refused, with the message.

    A zone with more than 300 record sets is listed in pages; a change between two of them may be seen in part. No
    batch is done on such a view: its conditions are asked by Route 53 itself.
    """

    def __init__(self, api: Any, zone_id: str, origin: str | dns.name.Name) -> None:
        super().__init__(origin)
        self._api = api
        self.heard: Callable[[Sequence[Change], str], None] | None = None
        self.zone_id = zone_id.removeprefix("/hostedzone/")

    # Reading -------------------------------------------------------------------------------------------------------
    def record_sets(self) -> RecordSets:
        """All of the zone. The API returns the newest version, also while it is on its way to the name servers."""
        with _requests():
            pages = self._api.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.zone_id)
            return {records.key_of(s): s for page in pages for s in page["ResourceRecordSets"]}

    def _record_set(self, name: dns.name.Name, kind: str) -> RecordSet | None:
        with _requests():
            found = self._api.list_resource_record_sets(
                HostedZoneId=self.zone_id, StartRecordName=name.to_text(), StartRecordType=kind, MaxItems="1"
            )["ResourceRecordSets"]
        return found[0] if found and records.key_of(found[0]) == (name.to_text(), kind) else None

    def active(self) -> int:
        return self.target(self._record_set(self.service, "A"))

    def rollback(self) -> int:
        return self.target(self._record_set(self.rollback_name, "A"))

    def lease(self) -> Lease | None:
        return self.taking(self._record_set(self.lock_name, "TXT"))

    def has_tree(self, generation: int) -> bool:
        """Route 53 asks for addresses: the tree of a plan without any cannot be the target of an alias."""
        return self._record_set(self.tree(generation), "A") is not None

    def tree_addresses(self, generation: int) -> list[str]:
        return sorted(records.values_of(self._record_set(self.tree(generation), "A") or {}))

    def contents(self) -> ZoneContents:
        """By a list of the record sets. The API does not tell how often a zone has changed: ``serial`` is 0."""
        sets = self.record_sets()
        names = {dns.name.from_text(name) for (name, kind), s in sets.items() if kind == "TXT" and text_of(s) != GONE}
        return ZoneContents(
            self.target(sets.get((self.service.to_text(), "A"))),
            self.target(sets.get((self.rollback_name.to_text(), "A"))),
            self.taking(sets.get((self.lock_name.to_text(), "TXT"))),
            frozenset(self.generation(n) for n in names if n.parent() == self._trees),
            serial=0,
        )

    def target(self, pointer: RecordSet | None) -> int:
        """The plan that an alias points at."""
        if pointer is None:
            return 0
        if "AliasTarget" not in pointer:
            raise ZoneError(f"{pointer['Name']} has addresses of its own and is no alias of a tree: repair it by hand")
        return self.generation(dns.name.from_text(pointer["AliasTarget"]["DNSName"]))

    def taking(self, lock: RecordSet | None) -> Lease | None:
        found = text_of(lock) if lock is not None else FREE
        return self.read_lease(found) if found != FREE else None

    # Changing ------------------------------------------------------------------------------------------------------
    def batch(self) -> Route53Batch:
        return Route53Batch(self)

    def prepare(self) -> None:
        for _ in range(ATTEMPTS):
            sets = self.record_sets()
            missing = [
                records.create(text(name, value))
                for name, value in (
                    *((n, self.told(sets, n)) for n in (self.service, self.rollback_name)),
                    (self.lock_name, FREE),
                )
                if (name.to_text(), "TXT") not in sets
            ]
            if not missing or self.change(missing):
                return
        raise ZoneError(f"{self.origin}: somebody deletes the records that tell who has the lock and what is active")

    def told(self, sets: RecordSets, pointer: dns.name.Name) -> str:
        """The text beside an alias."""
        return pointed(self.target(sets.get((pointer.to_text(), "A"))))

    def change(self, changes: Sequence[Change]) -> bool:
        """Sends changes as one batch. Returns whether it was done; if not, a record is not what the batch says.

        Raises ``NoAnswerError`` where the same may be tried again, ``ZoneError`` for every other reason.
        """
        number, characters = records.size(changes)
        if number > MOST_RECORDS or characters > MOST_CHARACTERS:
            raise ZoneError(
                f"{self.origin}: a batch of {number} records with {characters} characters is more than Route 53 takes "
                f"({MOST_RECORDS}, {MOST_CHARACTERS}): keep fewer plans, or plans with fewer addresses"
            )
        try:
            with _requests():
                self._api.change_resource_record_sets(HostedZoneId=self.zone_id, ChangeBatch={"Changes": [*changes]})
        except BatchRefusedError as e:
            if self.heard is not None:
                self.heard(changes, str(e))
            return False
        return True


class Route53Batch(Batch):
    """A batch that is made when it is sent, from the record sets as they are then: a DELETE names every value."""

    def __init__(self, zone: Route53Zone) -> None:
        self._zone = zone
        self._expected: dict[dns.name.Name, str] = {}
        self._texts: dict[dns.name.Name, str] = {}
        self._targets: dict[dns.name.Name, int] = {}
        self._needed: set[int] = set()
        self._unwanted: set[int] = set()
        self._built: dict[int, list[str]] = {}
        self._deleted: set[int] = set()

    # Conditions
    def if_lock(self, lease: Lease | None) -> Self:
        self._expected[self._zone.lock_name] = str(lease) if lease is not None else FREE
        return self

    def if_active(self, generation: int) -> Self:
        self._expected[self._zone.service] = pointed(generation)
        return self

    def if_rollback(self, generation: int) -> Self:
        self._expected[self._zone.rollback_name] = pointed(generation)
        return self

    def if_trees(self, generations: Iterable[int]) -> Self:
        self._needed |= set(generations)
        return self

    def if_no_tree(self, generation: int) -> Self:
        """Leaves a record that says so, until the tree is built or deleted."""
        self._unwanted.add(generation)
        return self

    # Changes
    def point_active(self, generation: int) -> Self:
        return self._point(self._zone.service, generation)

    def point_rollback(self, generation: int) -> Self:
        return self._point(self._zone.rollback_name, generation)

    def _point(self, name: dns.name.Name, generation: int) -> Self:
        self._targets[name] = generation
        self._texts[name] = pointed(generation)
        return self

    def build_tree(self, generation: int, addresses: Iterable[str]) -> Self:
        self._built[generation] = list(addresses)
        return self

    def delete_tree(self, generation: int) -> Self:
        self._deleted.add(generation)
        return self

    def lock(self, lease: Lease) -> Self:
        self._texts[self._zone.lock_name] = str(lease)
        return self

    def release(self) -> Self:
        self._texts[self._zone.lock_name] = FREE
        return self

    # Sending
    def send(self) -> bool:
        before: RecordSets | None = None
        for _ in range(ATTEMPTS):
            sets = self._zone.record_sets()
            if sets == before or not self._holds(sets):
                return False
            changes = list(self._changes(sets))
            if not changes or self._zone.change(changes):
                return True
            before = sets
        raise ZoneError(f"{self._zone.origin}: the records change faster than they can be read")

    def _holds(self, sets: RecordSets) -> bool:
        """Whether every condition holds of what was read. The batch asks again."""
        pointers = (self._zone.service, self._zone.rollback_name)
        return (
            all(_text_at(sets, n) == value for n, value in self._expected.items())
            and all(self._zone.told(sets, n) == self._expected[n] for n in pointers if n in self._expected)
            and all(
                self._address_key(g) in sets and self._is_marked(sets, g) for g in self._needed - self._aimed_at(sets)
            )
            and not any(self._address_key(g) in sets or self._is_marked(sets, g) for g in self._unwanted)
        )

    def _aimed_at(self, sets: RecordSets) -> set[int]:
        """The plans that an alias is moved to: Route 53 itself asks whether their trees exist."""
        return {g for name, g in self._targets.items() if self._zone.told(sets, name) != pointed(g)}

    def _changes(self, sets: RecordSets) -> Iterator[Change]:
        """In an order that Route 53 can follow: a target before its alias, DELETE before CREATE."""
        for generation, addresses in self._built.items():
            yield from self._build(sets, generation, addresses)
        for generation in sorted(g for g in self._needed - self._built.keys() if self._is_marked(sets, g)):
            yield from _replace(sets, sets[self._marker_key(generation)])
        for generation in sorted(self._unwanted):
            yield from _replace(sets, text(self._zone.tree(generation), GONE))
        for name in {**self._expected, **self._texts}:
            if name in self._targets:
                yield from self._repoint(sets, name)
            yield from _replace(sets, text(name, self._texts.get(name) or self._expected[name]))
        for generation in sorted(self._deleted - self._built.keys()):
            for key in (self._address_key(generation), self._marker_key(generation)):
                if key in sets:
                    yield records.delete(sets[key])

    def _build(self, sets: RecordSets, generation: int, addresses: Sequence[str]) -> Iterator[Change]:
        if addresses:
            yield records.upsert(records.plain(self._zone.tree(generation).to_text(), "A", TTL, addresses))
        elif self._address_key(generation) in sets:  # a set cannot be empty
            yield records.delete(sets[self._address_key(generation)])
        yield records.upsert(text(self._zone.tree(generation), marker(generation)))

    def _repoint(self, sets: RecordSets, name: dns.name.Name) -> Iterator[Change]:
        """An alias that points where it shall is left alone: if its tree is gone, it could not be created again."""
        old, generation = sets.get((name.to_text(), "A")), self._targets[name]
        if self._zone.target(old) != generation:
            if old is not None:
                yield records.delete(old)
            if generation:
                target = self._zone.tree(generation).to_text()
                yield records.create(records.alias(name.to_text(), target, self._zone.zone_id))

    def _is_marked(self, sets: RecordSets, generation: int) -> bool:
        return _text_at(sets, self._zone.tree(generation)) == marker(generation)

    def _address_key(self, generation: int) -> records.Key:
        return self._zone.tree(generation).to_text(), "A"

    def _marker_key(self, generation: int) -> records.Key:
        return self._zone.tree(generation).to_text(), "TXT"


def pointed(generation: int) -> str:
    """The text beside an alias of this plan's tree."""
    return marker(generation) if generation else NONE


def text(name: dns.name.Name, value: str) -> RecordSet:
    """A TXT record. The texts of this automation need no escapes."""
    return records.plain(name.to_text(), "TXT", TTL, [f'"{value}"'])


def text_of(record_set: RecordSet) -> str:
    return " | ".join(v.strip('"') for v in records.values_of(record_set))


def _text_at(sets: RecordSets, name: dns.name.Name) -> str | None:
    found = sets.get((name.to_text(), "TXT"))
    return text_of(found) if found is not None else None


def _replace(sets: RecordSets, new: RecordSet) -> Iterator[Change]:
    """The set as it was read, and the one that takes its place, even if it is the same."""
    old = sets.get(records.key_of(new))
    if old is not None:
        yield records.delete(old)
    yield records.create(new)


@contextlib.contextmanager
def _requests() -> Iterator[None]:
    """Errors of the API and of the way to it, in the words of the automation."""
    try:
        yield
    except exceptions.ClientError as e:
        code = e.response["Error"]["Code"]
        message = e.response["Error"].get("Message") or " ".join(e.response.get("messages", ()))
        if code == "InvalidChangeBatch" and REFUSALS.search(message):
            raise BatchRefusedError(message) from e
        raise (NoAnswerError if code in NOT_NOW else ZoneError)(f"Route 53: {code}: {message}") from e
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as e:
        raise NoAnswerError(f"Route 53: {e}") from e
    except exceptions.BotoCoreError as e:
        raise ZoneError(f"Route 53: {e}") from e
