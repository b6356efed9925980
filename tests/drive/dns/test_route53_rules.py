"""The rules that stand in front of moto: what Route 53 refuses, and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker.drive.dns.route53 import records
from planrace.checker.drive.dns.route53.records import Change, RecordSet, RecordSets
from planrace.checker.drive.dns.route53.rules import InvalidBatchError, apply_batch

ZONE, ID = "example.com.", "Z1"
SOA = records.plain(ZONE, "SOA", 900, ["ns.example.net. host.example.net. 1 2 3 4 5"])
NS = records.plain(ZONE, "NS", 900, ["ns.example.net."])


def a(name: str, *values: str, ttl: int = 5) -> RecordSet:
    return records.plain(f"{name}.{ZONE}", "A", ttl, values)


def txt(name: str, value: str) -> RecordSet:
    return records.plain(f"{name}.{ZONE}", "TXT", 5, [value])


def cname(name: str, target: str = "b") -> RecordSet:
    return records.plain(f"{name}.{ZONE}".removeprefix("."), "CNAME", 5, [f"{target}.{ZONE}"])


def to(name: str, target: str, zone: str = ID) -> RecordSet:
    return records.alias(f"{name}.{ZONE}", f"{target}.{ZONE}" if "." not in target else target, zone)


OLD = a("old", "192.0.2.1", "192.0.2.2")
BEFORE: RecordSets = {records.key_of(s): s for s in (SOA, NS, OLD, cname("c"))}


def done(*changes: Change) -> RecordSets:
    return apply_batch(ID, ZONE, BEFORE, changes)


def refusal(*changes: Change) -> tuple[str, tuple[str, ...]]:
    before = dict(BEFORE)
    with pytest.raises(InvalidBatchError) as told:
        done(*changes)
    assert before == BEFORE
    return told.value.code, told.value.messages


NEW = records.create(a("new", "192.0.2.9"))
A_OLD = "resource record set [name='old.example.com.', type='A']"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([records.create(OLD)], f"Tried to create {A_OLD} but it already exists"),
        (
            [records.delete(a("old", "192.0.2.1"))],
            f"Tried to delete {A_OLD} but the values provided do not match the current values",
        ),
        (
            [records.delete(a("old", "192.0.2.1", "192.0.2.2", ttl=6))],
            f"Tried to delete {A_OLD} but the values provided do not match the current values",
        ),
        (
            [records.delete(txt("old", '"x"'))],
            "Tried to delete resource record set [name='old.example.com.', type='TXT'] but it was not found",
        ),
        (
            [records.delete(OLD), records.delete(OLD)],
            "The request contains an invalid set of changes for a resource record set 'A old.example.com.'",
        ),
        (
            [records.create(a("x", "192.0.2.1")), records.delete(a("x", "192.0.2.1"))],
            "The request contains an invalid set of changes for a resource record set 'A x.example.com.'",
        ),
        (
            [records.create(to("x", "missing"))],
            "Tried to create an alias that targets missing.example.com., type A in zone Z1, but that target was not "
            "found",
        ),
        (
            [records.create(to("x", "old")), records.upsert(OLD)],
            "Tried to create an alias that targets old.example.com., type A in zone Z1, but that target was not found",
        ),
        (
            [records.delete(OLD), records.create(to("x", "old"))],
            "Tried to create an alias that targets old.example.com., type A in zone Z1, but that target was not found",
        ),
        (
            [records.create(to("x", "x"))],
            "Tried to create an alias that targets x.example.com., type A in zone Z1, but that target was not found",
        ),
        (
            [records.create(to("x", "old", "Z2"))],
            "Tried to create an alias that targets old.example.com., type A in zone Z2, but the alias target name does "
            "not lie within the target zone",
        ),
        (
            [records.create(cname("old"))],
            "RRSet of type CNAME with DNS name old.example.com. is not permitted as it conflicts with other records "
            "with the same DNS name in zone example.com.",
        ),
        (
            [records.create(a("c", "192.0.2.1"))],
            "RRSet of type A with DNS name c.example.com. is not permitted because a conflicting RRSet of type CNAME "
            "with the same DNS name already exists in zone example.com.",
        ),
        (
            [records.create(cname(""))],
            "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.",
        ),
        (
            [records.create(records.plain("x.example.org.", "A", 5, ["192.0.2.1"]))],
            "RRSet with DNS name x.example.org. is not permitted in zone example.com.",
        ),
        (
            [records.create(a("x", "192.0.2.256"))],
            "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) "
            "encountered with '192.0.2.256''",
        ),
        (
            [records.create(records.plain(f"x.{ZONE}", "AAAA", 5, ["192.0.2.1"]))],
            "Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) "
            "encountered with '192.0.2.1''",
        ),
        (
            [records.create(txt("x", "bare"))],
            "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation "
            "marks) encountered with 'bare''",
        ),
        ([records.create(a("x", "192.0.2.1", "192.0.2.1"))], "Duplicate Resource Record: '192.0.2.1'"),
        (
            [records.create(a("x", *(f"10.0.{n // 250}.{n % 250}" for n in range(401))))],
            "Cannot have more than 400 records in a RRSet.",
        ),
        ([records.delete(SOA)], "A HostedZone must contain exactly one SOA record."),
        ([records.delete(NS)], "A HostedZone must contain at least one NS record for the zone itself."),
        (
            [records.upsert(a(f"x{n}", *(f"10.0.{n}.{m}" for m in range(1, 252)))) for n in range(2)],
            "Number of records limit of 1000 exceeded.",
        ),
        (
            [records.create(txt(f"x{n}", f'"{"y" * 254}"')) for n in range(126)],
            "RDATA character limit of 32000 exceeded.",
        ),
    ],
)
def test_a_batch_is_refused_as_a_whole(changes: list[Change], message: str) -> None:
    assert refusal(NEW, *changes) == ("InvalidChangeBatch", (message,))


def test_every_mistake_is_told() -> None:
    code, messages = refusal(records.create(OLD), records.delete(txt("x", '"y"')))
    assert (code, len(messages)) == ("InvalidChangeBatch", 2)


@pytest.mark.parametrize(
    ("changed", "found"),
    [({"AliasTarget": to("x", "old")["AliasTarget"]}, "more than one"), ({"ResourceRecords": []}, "none")],
)
def test_a_set_has_either_values_or_a_target(changed: dict[str, Any], found: str) -> None:
    code, (message,) = refusal(records.create({**OLD, **changed}))
    assert code == "InvalidInput"
    assert f"but found {found} in Change with [Action=CREATE, Name=old.example.com., Type=A" in message


@pytest.mark.parametrize(
    "changes",
    [
        [records.delete(OLD), records.create(OLD)],
        [records.delete(a("OLD", "192.0.2.2", "192.0.2.1")), records.create(cname("old"))],
        [NEW, records.create(to("x", "new")), records.create(to("y", "x"))],
        [records.upsert(OLD), records.upsert(a("new", "192.0.2.9")), records.create(to("x", "old"))],
        [records.create(to("x", "old")), records.delete(OLD)],
        [records.create(a(f"x{n}", *(f"10.0.{n}.{m}" for m in range(1, 251)))) for n in range(4)],
    ],
)
def test_what_route_53_takes_is_done(changes: list[Change]) -> None:
    after = done(*changes)
    for change in changes:
        written = change["Action"] != "DELETE"
        assert (records.key_of(change["ResourceRecordSet"]) in after) == written or len(changes) == 2
    assert after != BEFORE or changes[0]["ResourceRecordSet"] == changes[1]["ResourceRecordSet"]
