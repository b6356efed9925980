"""Route 53 inside this process, for tests and trials: moto keeps the record sets, the rest is ours.

* Batches go through the rules of ``rules`` before moto gets them: moto takes some that Route 53 refuses.
* moto answers no DNS queries. Those are answered here from the record sets: an alias answers with the addresses of its
  target, without error and without addresses if the target is gone.

No request leaves the process: the client has made-up credentials, and one that moto does not take fails.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import boto3
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.update
import dns.zone
from botocore.config import Config
from botocore.exceptions import ClientError

from planrace.checker.drive.dns.client import Client
from planrace.checker.drive.dns.embedded import EmbeddedServer
from planrace.checker.drive.dns.route53 import records
from planrace.checker.drive.dns.route53.records import Key, RecordSet, RecordSets
from planrace.checker.drive.dns.route53.rules import InvalidBatchError, apply_batch
from planrace.checker.drive.dns.route53.zone import Route53Zone
from planrace.checker.drive.dns.updating import UpdateRefusedError
from planrace.model.language import ModelError

try:
    from moto import mock_aws
except ImportError as e:
    raise ModelError("moto, which imitates Route 53, is not installed", remedy="pip install moto") from e

NOWHERE = "http://127.0.0.1:9"
"""Where requests go that moto does not take: to the discard port, where nobody listens."""
LONGEST_CHAIN = 16
"""Aliases that are followed for one answer."""
NEGATIVE_TTL = 5
"""Seconds that resolvers may keep the answer that there is nothing."""


class _Moto:
    """moto, switched on while a mock is in use: where one is switched on within another, it would leave made-up
    credentials in the environment."""

    def __init__(self) -> None:
        self._switch = mock_aws()
        self._users = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            if self._users == 0:
                self._switch.start(reset=False)
            self._users += 1

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._switch.stop(remove_data=False)


MOTO = _Moto()


class StrictRoute53:
    """A client of boto3 whose batches are checked by our rules before moto gets them. One batch at a time."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._changing = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def change_resource_record_sets(self, HostedZoneId: str, ChangeBatch: dict[str, Any]) -> Any:  # noqa: N803
        """As that of boto3. Raises the same errors as Route 53, with ``messages`` one by one."""
        zone_id, changes = HostedZoneId.removeprefix("/hostedzone/"), ChangeBatch["Changes"]
        with self._changing:
            name = self._api.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"]
            before = record_sets(self._api, zone_id)
            try:
                after = apply_batch(zone_id, name, before, changes)
            except InvalidBatchError as e:
                raise self._refusal(e) from e
            # What moto does with a batch depends on all batches before it. So it gets the result.
            touched = {records.key_of(c["ResourceRecordSet"]) for c in changes}
            result = [records.delete(before[k]) for k in sorted(touched) if k in before and k not in after]
            result += [records.upsert(after[k]) for k in sorted(touched) if k in after]
            return self._api.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": result})

    def _refusal(self, error: InvalidBatchError) -> ClientError:
        text = f"[{', '.join(error.messages)}]" if error.code == "InvalidChangeBatch" else error.messages[0]
        kind = getattr(self._api.exceptions, error.code, ClientError)
        response = {"Error": {"Type": "Sender", "Code": error.code, "Message": text}, "messages": [*error.messages]}
        found = kind(response, "ChangeResourceRecordSets")
        assert isinstance(found, ClientError)
        return found


class MockRoute53(EmbeddedServer):
    """A hosted zone for each origin, behind ``api``, and a name server on the loopback address that answers for them.

    ``kill`` and ``start`` are of the name server; they leave the hosted zones as they are.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        super().__init__(origins)
        self._ids: dict[dns.name.Name, str] = {}
        self._api: StrictRoute53 | None = None

    @property
    def api(self) -> StrictRoute53:
        """Looks like a client of boto3 for Route 53."""
        assert self._api is not None, "start comes first"
        return self._api

    def start(self) -> None:
        if self._api is None:
            MOTO.begin()
            self._api = self.session()
            for origin in self.origins:
                made = self._api.create_hosted_zone(Name=origin.to_text(), CallerReference=os.urandom(8).hex())
                self._ids[origin] = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
        super().start()

    def stop(self) -> None:
        super().stop()
        if self._api is not None:
            for zone_id in self._ids.values():
                _delete_zone(self._api, zone_id)
            self._api, self._ids = None, {}
            MOTO.end()

    def session(self) -> StrictRoute53:
        """A new client that shares nothing with another one."""
        made_up = {"aws_access_key_id": "mock", "aws_secret_access_key": "mock", "region_name": "us-east-1"}
        never_leaves = Config(proxies={"https": NOWHERE}, retries={"total_max_attempts": 1})
        return StrictRoute53(boto3.session.Session(**made_up).client("route53", config=never_leaves))

    def zone(self, origin: dns.name.Name, client: Client | None = None) -> Route53Zone:
        """The zone behind the API. ``client`` is for name servers that take updates, and is not used."""
        return Route53Zone(self.api, self._ids[origin], origin)

    # Answers -------------------------------------------------------------------------------------------------------
    def _load(self) -> None:
        """Nothing: the record sets are read for each answer."""

    def _fill(self, message: dns.message.Message, response: dns.message.Message, tcp: bool) -> None:
        if isinstance(message, dns.update.UpdateMessage):
            raise UpdateRefusedError(dns.rcode.REFUSED)
        if any(q.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR) for q in message.question):
            raise UpdateRefusedError(dns.rcode.REFUSED)
        super()._fill(message, response, tcp)

    def _zone_of(self, name: dns.name.Name) -> dns.zone.Zone | None:
        inside = [o for o in self._ids if name.is_subdomain(o)]
        if not inside:
            return None
        origin = max(inside, key=len)
        return answered(origin, record_sets(self.api, self._ids[origin]))


def record_sets(api: Any, zone_id: str) -> RecordSets:
    pages = api.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return {records.key_of(s): s for page in pages for s in page["ResourceRecordSets"]}


def answered(origin: dns.name.Name, sets: RecordSets) -> dns.zone.Zone:
    """The zone as it is answered from: aliases with the records of their targets, and the target's time to live."""
    zone = dns.zone.Zone(origin, relativize=False)
    for key, record_set in sets.items():
        if key[1] == "SOA":
            continue
        found = _resolved(sets, record_set)
        node = zone.find_node(dns.name.from_text(key[0]), create=True)  # an alias without a target has a name, too
        if found is not None:
            values = [_as_in_a_zone(key[1], v) for v in records.values_of(found)]
            node.replace_rdataset(dns.rdataset.from_text("IN", key[1], found["TTL"], *values))
    soa = f"ns.{origin} hostmaster.{origin} 1 7200 900 1209600 {NEGATIVE_TTL}"  # that of moto is no valid record
    zone.find_node(origin, create=True).replace_rdataset(dns.rdataset.from_text("IN", "SOA", NEGATIVE_TTL, soa))
    return zone


def _resolved(sets: RecordSets, record_set: RecordSet) -> RecordSet | None:
    """What an alias answers with; ``None`` if nothing is there."""
    found: RecordSet | None = record_set
    for _ in range(LONGEST_CHAIN):
        if found is None or "AliasTarget" not in found:
            return found
        key: Key = (records.full_name(found["AliasTarget"]["DNSName"]), record_set["Type"])
        found = sets.get(key)
    return None


def _as_in_a_zone(kind: str, value: str) -> str:
    """Names in values are complete, with or without a dot at the end."""
    return records.full_name(value) if kind in ("CNAME", "NS") else value


def _delete_zone(api: StrictRoute53, zone_id: str) -> None:
    """The records first: a hosted zone that has any cannot be deleted."""
    sets = record_sets(api, zone_id)
    if changes := [records.delete(s) for (_, kind), s in sets.items() if kind not in ("SOA", "NS")]:
        api.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    api.delete_hosted_zone(Id=zone_id)
