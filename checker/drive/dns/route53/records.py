"""Record sets as the API of Route 53 writes them, and changes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

RecordSet = dict[str, Any]
"""``Name``, ``Type``, and either ``TTL`` and ``ResourceRecords`` or ``AliasTarget``. Names end with a dot."""
Key = tuple[str, str]
"""Name and type of a record set: a hosted zone has one of each (without routing policies, which nothing here uses)."""
RecordSets = Mapping[Key, RecordSet]
Change = dict[str, Any]


def key_of(record_set: RecordSet) -> Key:
    return full_name(record_set["Name"]), record_set["Type"]


def full_name(name: str) -> str:
    """In lower case and with the dot at the end, as the API returns it."""
    return name.lower().rstrip(".") + "."


def plain(name: str, kind: str, ttl: int, values: Iterable[str]) -> RecordSet:
    """A set of ordinary records."""
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": v} for v in values]}


def alias(name: str, target: str, zone_id: str) -> RecordSet:
    """A name that answers with the addresses of another one in the same hosted zone."""
    to = {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": "A", "AliasTarget": to}


def values_of(record_set: RecordSet) -> list[str]:
    """The values of ordinary records; none of an alias."""
    return [r["Value"] for r in record_set.get("ResourceRecords") or []]


def create(record_set: RecordSet) -> Change:
    return {"Action": "CREATE", "ResourceRecordSet": record_set}


def delete(record_set: RecordSet) -> Change:
    """Done only if the set is exactly this one."""
    return {"Action": "DELETE", "ResourceRecordSet": record_set}


def upsert(record_set: RecordSet) -> Change:
    return {"Action": "UPSERT", "ResourceRecordSet": record_set}


def size(changes: Iterable[Change]) -> tuple[int, int]:
    """Records and characters of values, as the limits of a batch count them: those of an UPSERT twice."""
    counted = [(2 if c["Action"] == "UPSERT" else 1, values_of(c["ResourceRecordSet"])) for c in changes]
    return sum(times * len(v) for times, v in counted), sum(times * sum(map(len, v)) for times, v in counted)
