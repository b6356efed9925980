"""A driver of the DNS protocol: the implementation on the mock of Route 53, in the words of the model."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.drive.dns.region import DnsRegion
from planrace.checker.drive.dns.route53.mock import MockRoute53
from planrace.checker.drive.dns.route53.records import Change
from planrace.checker.drive.dns.route53.zone import Route53Zone

COMMAND = "aws route53 change-resource-record-sets"


class Route53Region(DnsRegion):
    """The zones are hosted zones of a mock; their contents are listed by the API."""

    server = MockRoute53

    def reset(self) -> None:
        super().reset()
        for zone in self._now.zones:
            assert isinstance(zone, Route53Zone)
            zone.heard = self._note_refused_batch

    def _note_refused_batch(self, changes: Sequence[Change], message: str) -> None:
        """Keep a flip that Route 53 refuses, until it is shown."""
        aliases = [
            c["ResourceRecordSet"]
            for c in changes
            if c["Action"] == "CREATE" and "AliasTarget" in c["ResourceRecordSet"]
        ]
        if aliases:
            lines = [f"> CREATE {s['Name']} A, alias of {s['AliasTarget']['DNSName']}" for s in aliases]
            self._refused = {COMMAND: "\n".join([*lines, f"InvalidChangeBatch: {message}"])}
