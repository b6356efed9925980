"""What the automation asks of an endpoint's zone, wherever it is kept: reads, and batches of changes under conditions.

``endpoint_zone`` keeps it on a name server that takes dynamic updates, ``route53`` behind the API of Route 53.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import dns.name

from planrace.checker.drive.dns.client import ZoneError
from planrace.checker.drive.dns.lease import Lease

TTL = 5
"""Seconds that resolvers may keep a record."""


@dataclass(frozen=True)
class ZoneContents:
    """A zone at one moment, in the words of the protocol. Generation 0: no record. ``serial`` is the SOA's."""

    alias: int
    rollback: int
    lock: Lease | None
    trees: frozenset[int]
    serial: int


class Zone(abc.ABC):
    """An endpoint's zone. Generations are 1, 2, …; 0 stands for no record."""

    def __init__(self, origin: str | dns.name.Name) -> None:
        self.origin = dns.name.from_text(origin) if isinstance(origin, str) else origin
        self.service, self.rollback_name, self.lock_name, self._trees = (
            dns.name.from_text(label, self.origin) for label in ("service", "rollback", "lock", "trees")
        )

    def tree(self, generation: int) -> dns.name.Name:
        return dns.name.Name((b"plan-%d" % generation, *self._trees.labels))

    def generation(self, tree: dns.name.Name) -> int:
        """The generation of a tree's name."""
        number = re.fullmatch(rb"plan-([1-9]\d*)", tree.labels[0])
        if number is None or tree.parent() != self._trees:
            raise ZoneError(f"{tree} is not the tree of a plan")
        return int(number[1])

    def read_lease(self, text: str) -> Lease:
        """The lock from the text of its record."""
        lease = Lease.read(text)
        if lease is None:
            raise ZoneError(f"{self.lock_name} holds {text!r}, which names no owner: delete the record by hand")
        return lease

    @abc.abstractmethod
    def active(self) -> int:
        """The plan that the stable name points at."""

    @abc.abstractmethod
    def rollback(self) -> int:
        """The plan that the rollback record points at."""

    @abc.abstractmethod
    def lease(self) -> Lease | None:
        """Who has the lock."""

    @abc.abstractmethod
    def has_tree(self, generation: int) -> bool:
        """Whether the tree is there for an alias to point at."""

    @abc.abstractmethod
    def tree_addresses(self, generation: int) -> list[str]:
        """The IPv4 addresses of a tree, sorted; none if it does not exist."""

    @abc.abstractmethod
    def contents(self) -> ZoneContents:
        """The whole zone as of one moment."""

    @abc.abstractmethod
    def batch(self) -> Batch:
        """A new batch of changes, to be sent as one message."""

    @abc.abstractmethod
    def prepare(self) -> None:
        """Makes the zone what a zone of this automation is before the first plan. Harmless on one that is in use."""

    def clear(self) -> None:
        """Deletes every plan, alias and lock, in one message."""
        batch = self.batch().point_active(0).point_rollback(0).release()
        for generation in self.contents().trees:
            batch.delete_tree(generation)
        batch.send()


class Batch(abc.ABC):
    """Conditions and changes of one zone. All is done if every condition holds, else nothing.

    A condition can only say that a record is as it was read: comparing generations is the reader's.
    """

    # Conditions
    @abc.abstractmethod
    def if_lock(self, lease: Lease | None) -> Self:
        """The lock is this taking; ``None``: nobody has it."""

    @abc.abstractmethod
    def if_active(self, generation: int) -> Self:
        """The stable name points at this plan."""

    @abc.abstractmethod
    def if_rollback(self, generation: int) -> Self:
        """The rollback record points at this plan."""

    @abc.abstractmethod
    def if_trees(self, generations: Iterable[int]) -> Self:
        """These trees exist."""

    @abc.abstractmethod
    def if_no_tree(self, generation: int) -> Self:
        """This tree does not exist."""

    # Changes
    @abc.abstractmethod
    def point_active(self, generation: int) -> Self:
        """Points the stable name at a tree."""

    @abc.abstractmethod
    def point_rollback(self, generation: int) -> Self:
        """Points the rollback record at a tree."""

    @abc.abstractmethod
    def build_tree(self, generation: int, addresses: Iterable[str]) -> Self:
        """Puts the tree in place of whatever its name had."""

    @abc.abstractmethod
    def delete_tree(self, generation: int) -> Self:
        """Deletes whatever the name of the tree has."""

    @abc.abstractmethod
    def lock(self, lease: Lease) -> Self:
        """Puts the taking in place of an earlier one."""

    @abc.abstractmethod
    def release(self) -> Self:
        """Frees the lock."""

    @abc.abstractmethod
    def send(self) -> bool:
        """Sends the batch. Returns whether every condition held; raises ``ZoneError`` if it failed otherwise.

        ``NoAnswerError``: whether it was done is unknown.
        """


def marker(generation: int) -> str:
    """The text that says that the tree of a plan exists."""
    return f"plan {generation}"
