"""What every name server of ours offers: start and stop, an address, the key that signs updates.

A name server serves one or more zones, here named by their origins. It listens on the loopback address only.
"""

from __future__ import annotations

import abc
import base64
import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import dns.message
import dns.name
import dns.rdatatype
import dns.tsig

from planrace.checker.drive.dns.client import Client
from planrace.checker.drive.dns.endpoint_zone import EndpointZone
from planrace.checker.drive.dns.zone import TTL, Zone

KEY_NAME = "planrace."
ALGORITHM = "hmac-sha256"


def zone_text(origin: dns.name.Name) -> str:
    """A new zone in the master file format: SOA, NS and the address of the name server, nothing else."""
    return (
        f"$ORIGIN {origin}\n$TTL {TTL}\n@ IN SOA ns hostmaster 1 3600 600 86400 {TTL}\n@ IN NS ns\nns IN A 127.0.0.1\n"
    )


def new_key() -> dns.tsig.Key:
    """A key of 256 random bits for the signatures of updates and transfers (TSIG, RFC 8945)."""
    return dns.tsig.Key(KEY_NAME, base64.b64encode(secrets.token_bytes(32)).decode(), ALGORITHM)


class Nameserver(abc.ABC):
    """An authoritative name server for ``origins``. Without ``key`` anybody who reaches the port may update.

    As a context it starts and stops. ``port`` is 0 until it has started, then stays the same over restarts.
    """

    address = "127.0.0.1"

    def __init__(self, origins: Sequence[str], key: dns.tsig.Key | None) -> None:
        self.origins = tuple(dns.name.from_text(o) for o in origins)
        self.key = key
        self.port = 0

    @abc.abstractmethod
    def start(self) -> None:
        """Starts to answer. Returns when the first zone is answered for, or raises ``ZoneError`` at the deadline."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Ends in order, and removes what was written. Harmless when it does not run."""

    @abc.abstractmethod
    def kill(self) -> None:
        """Ends at once, as in a power failure. What was written stays; ``start`` goes on from it."""

    def client(self) -> Client:
        """A client with this server's key."""
        return Client(self.address, self.port, self.key)

    def zone(self, origin: dns.name.Name, client: Client | None = None) -> Zone:
        """A zone of this server, as the automation uses it. ``client`` speaks to the server (default: a new one)."""
        return EndpointZone(client or self.client(), origin)

    def update(self, message: dns.message.Message) -> dns.message.Message:
        """Sends an update as it is; signing it is the caller's (``client().update`` signs)."""
        return self.client().send(message)

    def query(self, name: str | dns.name.Name, rdtype: str) -> dns.message.Message:
        """Asks for a record as a resolver does."""
        return self.client().query(name, rdtype)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
