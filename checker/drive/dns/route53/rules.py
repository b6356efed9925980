"""What Route 53 asks of a batch of changes: rules of ours, after its documentation and its error messages.

They stand in front of moto, which takes batches that Route 53 refuses: CREATE of a set that exists, DELETE with other
values, an alias without a target, a CNAME beside other records. Nobody has compared them with Route 53 itself.

Sources: API Reference, ``ChangeResourceRecordSets`` and ``InvalidChangeBatch``; Developer Guide, "Quotas". The messages
are those of Route 53, as users of other tools have reported them. They report, too, that changes are checked one after
the other: the target of an alias comes before it, and a target that the batch writes only later is not found. A set may
be in a batch once, or as DELETE and then CREATE.

Without: routing policies, health checks, types of records other than A, AAAA, CNAME and TXT, aliases of other services.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Sequence

from planrace.checker.drive.dns.route53.records import (
    Change,
    Key,
    RecordSet,
    RecordSets,
    full_name,
    key_of,
    size,
    values_of,
)

MOST_RECORDS, MOST_CHARACTERS, MOST_VALUES = 1000, 32_000, 400
"""Of one batch, values of an UPSERT counted twice; values of one record set."""
AT_APEX = {"SOA": "exactly one SOA record", "NS": "at least one NS record for the zone itself"}
ORDERS = (["CREATE"], ["DELETE"], ["UPSERT"], ["DELETE", "CREATE"])
"""What one batch may do to one record set."""


class InvalidBatchError(Exception):
    """The batch is refused as a whole. ``code`` is that of the API; there is a message for each mistake."""

    def __init__(self, code: str, messages: Sequence[str]) -> None:
        super().__init__(f"{code}: {', '.join(messages)}")
        self.code = code
        self.messages = tuple(messages)


def apply_batch(zone_id: str, zone_name: str, before: RecordSets, changes: Sequence[Change]) -> RecordSets:
    """The record sets of the hosted zone after the whole batch. Raises ``InvalidBatchError``."""
    if malformed := [m for c in changes for m in _malformed(c)]:
        raise InvalidBatchError("InvalidInput", malformed[:1])
    batch = _Batch(zone_id, full_name(zone_name), before, changes)
    if messages := batch.messages():
        raise InvalidBatchError("InvalidChangeBatch", messages)
    return batch.sets


def _malformed(change: Change) -> Iterator[str]:
    record_set = change["ResourceRecordSet"]
    plain = "TTL" in record_set and bool(values_of(record_set))
    found = "none" if not plain and "AliasTarget" not in record_set else "more than one"
    if plain == ("AliasTarget" in record_set):
        yield (
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            f"TrafficPolicyInstanceId], but found {found} in Change with [Action={change['Action']}, "
            f"Name={record_set['Name']}, Type={record_set['Type']}, SetIdentifier=null]"
        )


class _Batch:
    """The changes one after the other, on a copy of the record sets."""

    def __init__(self, zone_id: str, zone_name: str, before: RecordSets, changes: Sequence[Change]) -> None:
        self.sets: dict[Key, RecordSet] = dict(before)
        self._zone_id, self._zone_name, self._changes = zone_id, zone_name, changes

    def messages(self) -> list[str]:
        found = [*self._limits(), *self._orders()]
        if not found:  # the copy means nothing if a set is changed twice
            for position, change in enumerate(self._changes):
                found += self._do(change, self._changes[position + 1 :])
            found += self._apex()
        return found

    def _limits(self) -> Iterator[str]:
        number, characters = size(self._changes)
        if number > MOST_RECORDS:
            yield f"Number of records limit of {MOST_RECORDS} exceeded."
        if characters > MOST_CHARACTERS:
            yield f"RDATA character limit of {MOST_CHARACTERS} exceeded."

    def _orders(self) -> Iterator[str]:
        actions: dict[Key, list[str]] = defaultdict(list)
        for change in self._changes:
            actions[key_of(change["ResourceRecordSet"])].append(change["Action"])
        for (name, kind), order in actions.items():
            if order not in ORDERS:
                yield f"The request contains an invalid set of changes for a resource record set '{kind} {name}'"

    def _do(self, change: Change, later: Sequence[Change]) -> Iterator[str]:
        record_set = change["ResourceRecordSet"]
        key, action = key_of(record_set), change["Action"]
        called, there = f"resource record set [name='{key[0]}', type='{key[1]}']", self.sets.get(key)
        if action == "DELETE":
            if there is None:
                yield f"Tried to delete {called} but it was not found"
            elif not same(there, record_set):
                yield f"Tried to delete {called} but the values provided do not match the current values"
            self.sets.pop(key, None)
            return
        if action == "CREATE" and there is not None:
            yield f"Tried to create {called} but it already exists"
        yield from self._place(key)
        yield from self._values(key, values_of(record_set))
        if "AliasTarget" in record_set:
            yield from self._target(key, record_set["AliasTarget"], later)
        self.sets[key] = {**record_set, "Name": key[0]}

    def _place(self, key: Key) -> Iterator[str]:
        """Whether the set may have its name."""
        name, kind = key
        if not f".{name}".endswith(f".{self._zone_name}"):
            yield f"RRSet with DNS name {name} is not permitted in zone {self._zone_name}"
        if kind == "CNAME" and name == self._zone_name:
            yield f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {self._zone_name}"
        elif kind == "CNAME" and any(n == name and k != kind for n, k in self.sets):
            yield (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with "
                f"the same DNS name in zone {self._zone_name}"
            )
        elif kind != "CNAME" and (name, "CNAME") in self.sets:
            yield (
                f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type "
                f"CNAME with the same DNS name already exists in zone {self._zone_name}"
            )

    def _values(self, key: Key, values: Sequence[str]) -> Iterator[str]:
        for value in values:
            if problem := _problem(key[1], value):
                yield f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield f"Duplicate Resource Record: '{value}'"
        if len(values) > MOST_VALUES:
            yield f"Cannot have more than {MOST_VALUES} records in a RRSet."

    def _target(self, key: Key, target: RecordSet, later: Sequence[Change]) -> Iterator[str]:
        name = full_name(target["DNSName"])
        called = f"Tried to create an alias that targets {name}, type {key[1]} in zone {target['HostedZoneId']}, but"
        if target["HostedZoneId"] != self._zone_id or not f".{name}".endswith(f".{self._zone_name}"):
            yield f"{called} the alias target name does not lie within the target zone"
        written_later = any(key_of(c["ResourceRecordSet"]) == (name, key[1]) for c in later if c["Action"] != "DELETE")
        if (name, key[1]) not in self.sets or written_later or (name, key[1]) == key:
            yield f"{called} that target was not found"

    def _apex(self) -> Iterator[str]:
        for kind, wanted in AT_APEX.items():
            if (self._zone_name, kind) not in self.sets:
                yield f"A HostedZone must contain {wanted}."


def same(one: RecordSet, other: RecordSet) -> bool:
    """Whether two sets have the same time to live, values (in any order) and target of an alias."""
    return (
        one.get("TTL") == other.get("TTL")
        and sorted(values_of(one)) == sorted(values_of(other))
        and _target_of(one) == _target_of(other)
    )


def _target_of(record_set: RecordSet) -> tuple[str, str, bool] | None:
    target = record_set.get("AliasTarget")
    return target and (target["HostedZoneId"], full_name(target["DNSName"]), target["EvaluateTargetHealth"])


def _problem(kind: str, value: str) -> str | None:
    if kind == "TXT" and not (len(value) >= 2 and value.startswith('"') and value.endswith('"')):
        return "InvalidCharacterString (Value should be enclosed in quotation marks)"
    version = {"A": 4, "AAAA": 6}.get(kind)
    if version is not None and not _is_address(value, version):
        return f"{kind}RRDATAIllegalIPv{version}Address (Value is not a valid IPv{version} address)"
    return None


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False
