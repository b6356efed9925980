"""What the automation needs of a zone, asked of every name server alike: twelve cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from planrace.checker.drive.dns.client import Client, ZoneError
from planrace.checker.drive.dns.nameserver import Nameserver, new_key
from tests.drive.dns.servers import KINDS, server_of

ORIGIN = dns.name.from_text("contract.test.")
LABELS = itertools.count()
OK = "NOERROR"


class Place:
    """A name below the zone that no other test uses, and what is done there."""

    def __init__(self, server: Nameserver) -> None:
        self.server = server
        self.client = server.client()
        self.origin = dns.name.from_text(f"case{next(LABELS)}", ORIGIN)

    def name(self, label: str) -> dns.name.Name:
        return dns.name.from_text(label, self.origin)

    def message(self) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(ORIGIN)

    def send(self, message: dns.update.UpdateMessage) -> str:
        return dns.rcode.to_text(self.client.update(message))

    def add(self, label: str, rdtype: str, value: str) -> None:
        message = self.message()
        message.add(self.name(label), 5, rdtype, value)
        assert self.send(message) == OK

    def values(self, label: str, rdtype: str) -> list[str]:
        found = self.client.records(self.name(label), rdtype)
        return sorted(r.to_text() for r in found) if found is not None else []

    def asked(self, label: str, rdtype: str = "A") -> str:
        return dns.rcode.to_text(self.client.query(self.name(label), rdtype).rcode())

    def serial(self) -> int:
        soa = self.client.records(ORIGIN, "SOA")
        assert soa is not None
        return int(soa[0].serial)


@pytest.fixture(scope="module", params=(*KINDS, "direct"))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nameserver]:
    with server_of(request.param, tmp_path_factory.mktemp("zones")) as running:
        yield running


@pytest.fixture
def at(server: Nameserver) -> Place:
    return Place(server)


def test_one_false_prerequisite_and_nothing_is_done(at: Place) -> None:
    at.add("old", "A", "192.0.2.1")
    message = at.message()
    message.present(at.name("old"), "A")
    message.present(at.name("missing"), "TXT")
    message.add(at.name("new"), 5, "A", "192.0.2.2")
    message.delete(at.name("old"))
    assert at.send(message) == "NXRRSET"
    assert (at.values("old", "A"), at.values("new", "A")) == (["192.0.2.1"], [])


def test_only_the_exact_value_is_deleted(at: Place) -> None:
    at.add("host", "A", "192.0.2.1")
    at.add("host", "A", "192.0.2.2")
    message = at.message()
    message.delete(at.name("host"), "A", "192.0.2.3")
    message.delete(at.name("host"), "A", "192.0.2.2")
    assert at.send(message) == OK
    assert at.values("host", "A") == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("prerequisite", "code"),
    [
        (lambda m, at: m.absent(at.name("used")), "YXDOMAIN"),
        (lambda m, at: m.absent(at.name("used"), "A"), "YXRRSET"),
        (lambda m, at: m.present(at.name("unused")), "NXDOMAIN"),
        (lambda m, at: m.present(at.name("used"), "TXT"), "NXRRSET"),
        (lambda m, at: m.present(at.name("used"), "A", "192.0.2.9"), "NXRRSET"),
        (lambda m, at: m.present(at.name("used"), "A", "192.0.2.1"), "NXRRSET"),  # there is a second address
    ],
)
def test_a_refusal_says_which_kind_of_prerequisite_is_false(prerequisite, code: str, at: Place) -> None:  # type: ignore[no-untyped-def]
    at.add("used", "A", "192.0.2.1")
    at.add("used", "A", "192.0.2.2")
    message = at.message()
    prerequisite(message, at)
    message.add(at.name("new"), 5, "A", "192.0.2.3")
    assert at.send(message) == code
    assert at.values("new", "A") == []


def take(at: Place, holder: str) -> str:
    message = at.message()
    message.absent(at.name("lock"))
    message.add(at.name("lock"), 5, "TXT", holder)
    return at.send(message)


def test_of_two_takers_one_gets_the_lock(at: Place) -> None:
    assert [take(at, "one"), take(at, "two")] == [OK, "YXDOMAIN"]
    assert at.values("lock", "TXT") == ['"one"']


@pytest.mark.parametrize(("holder", "code", "then"), [("one", OK, ['"one-again"']), ("two", "NXRRSET", ['"one"'])])
def test_only_the_holder_renews(holder: str, code: str, then: list[str], at: Place) -> None:
    take(at, "one")
    message = at.message()
    message.present(at.name("lock"), "TXT", holder)
    message.replace(at.name("lock"), 5, "TXT", f"{holder}-again")
    assert at.send(message) == code
    assert at.values("lock", "TXT") == then


def test_a_name_whose_tree_is_gone_answers_without_error_and_without_addresses(at: Place) -> None:
    at.add("tree", "TXT", "here")
    at.add("tree", "A", "192.0.2.1")
    at.add("public", "CNAME", at.name("tree").to_text())
    assert at.client.addresses(at.name("public")) == (dns.rcode.NOERROR, ["192.0.2.1"])
    message = at.message()
    message.delete(at.name("tree"), "A")
    assert at.send(message) == OK
    answer = at.client.query(at.name("public"), "A")
    assert answer.rcode() == dns.rcode.NOERROR
    assert [(r.name, dns.rdatatype.to_text(r.rdtype)) for r in answer.answer] == [(at.name("public"), "CNAME")]
    assert at.client.addresses(at.name("public")) == (dns.rcode.NOERROR, [])


def test_no_error_does_not_mean_done_beside_a_cname(at: Place) -> None:
    at.add("alias", "CNAME", at.name("one").to_text())
    at.add("alias", "TXT", "dropped")
    assert at.values("alias", "TXT") == []
    at.add("text", "TXT", "stays")
    at.add("text", "CNAME", at.name("one").to_text())
    assert (at.values("text", "TXT"), at.values("text", "CNAME")) == (['"stays"'], [])
    at.add("alias", "CNAME", at.name("two").to_text())  # replaces the first
    assert at.values("alias", "CNAME") == [at.name("two").to_text()]


def test_a_text_keeps_the_name(at: Place) -> None:
    at.add("tree", "TXT", "here")
    assert at.asked("tree") == OK
    assert at.asked("gone") == "NXDOMAIN"
    message = at.message()
    message.delete(at.name("tree"))
    assert at.send(message) == OK
    assert at.asked("tree") == "NXDOMAIN"


def test_a_name_with_names_below_it_exists_and_is_empty(at: Place) -> None:
    at.add("leaf.inner", "TXT", "below")
    assert at.asked("inner") == OK
    message = at.message()
    message.absent(at.name("inner"))  # it owns no record, so no prerequisite sees it
    message.delete(at.name("leaf.inner"))
    assert at.send(message) == OK
    assert at.asked("inner") == "NXDOMAIN"


@pytest.mark.parametrize("signed_with", ["nothing", "another secret", "an unknown key"])
def test_an_update_without_the_right_signature_is_refused(signed_with: str, server: Nameserver, at: Place) -> None:
    if server.key is None:
        pytest.skip("it has no key")
    message = at.message()
    message.add(at.name("intruder"), 5, "A", "192.0.2.66")
    wrong = {
        "nothing": None,
        "another secret": dns.tsig.Key(server.key.name, new_key().secret, server.key.algorithm),
        "an unknown key": dns.tsig.Key("unknown.", new_key().secret, server.key.algorithm),
    }[signed_with]
    try:
        code = dns.rcode.to_text(Client(server.address, server.port, wrong).update(message))
    except ZoneError:
        code = "refused by signature"
    assert code in ("REFUSED", "NOTAUTH", "refused by signature")
    assert at.values("intruder", "A") == []


def test_the_serial_grows_with_each_change_and_with_nothing_else(at: Place) -> None:
    before = at.serial()
    at.add("host", "A", "192.0.2.1")
    changed = at.serial()
    assert changed > before
    assert take(at, "one") == OK
    locked = at.serial()
    assert locked > changed
    assert take(at, "two") == "YXDOMAIN"
    assert at.serial() == locked
    message = at.message()
    message.delete(at.name("missing"))
    assert at.send(message) == OK
    assert at.serial() == locked


def test_a_killed_server_comes_back_with_the_last_commit(server: Nameserver, at: Place) -> None:
    at.add("host", "A", "192.0.2.1")
    at.add("host", "A", "192.0.2.2")
    serial = at.serial()
    server.kill()
    server.start()
    assert at.values("host", "A") == ["192.0.2.1", "192.0.2.2"]
    assert at.serial() == serial
    at.add("host", "A", "192.0.2.3")
    assert at.serial() > serial
