"""What the automation needs of a zone, asked of every name server and of Route 53 alike: twelve cases."""

from __future__ import annotations

from collections.abc import Iterator

import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import pytest

from planrace.checker.drive.dns.client import Client, ZoneError
from planrace.checker.drive.dns.nameserver import Nameserver, new_key
from tests.drive.dns.places import DIFFERS, EXISTS, MISSING, OK, ORIGIN, Attempt, Place, place_at
from tests.drive.dns.servers import KINDS, server_of


@pytest.fixture(scope="module", params=(*KINDS, "direct", "process"))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nameserver]:
    with server_of(request.param, tmp_path_factory.mktemp("zones")) as running:
        yield running


@pytest.fixture
def at(server: Nameserver) -> Place:
    return place_at(server)


def test_one_false_condition_and_nothing_is_done(at: Place) -> None:
    at.add("old", "A", "192.0.2.1")
    attempt = at.attempt().exactly("old", "A", "192.0.2.1").exactly("missing", "TXT", '"here"')
    attempt.add("new", "A", "192.0.2.2").delete("old", "A", "192.0.2.1")
    assert attempt.send() in ("NXRRSET", MISSING)
    assert (at.values("old", "A"), at.values("new", "A")) == (["192.0.2.1"], [])


def test_only_the_exact_value_is_deleted(at: Place) -> None:
    at.add("host", "A", "192.0.2.1", "192.0.2.2")
    assert at.attempt().delete("host", "A", "192.0.2.3").send() == at.not_there
    assert at.values("host", "A") == ["192.0.2.1", "192.0.2.2"]
    assert at.attempt().delete("host", "A", *at.deleted).send() == OK
    assert at.values("host", "A") == at.left


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        (lambda a: a.unused("used"), ["YXDOMAIN"]),
        (lambda a: a.absent("used", "A").add("used", "A", "192.0.2.1"), ["YXRRSET", EXISTS]),
        (lambda a: a.used("unused"), ["NXDOMAIN"]),
        (lambda a: a.present("used", "TXT"), ["NXRRSET"]),
        (lambda a: a.exactly("used", "TXT", '"here"'), ["NXRRSET", MISSING]),
        (lambda a: a.exactly("used", "A", "192.0.2.9"), ["NXRRSET", DIFFERS]),
        (lambda a: a.exactly("used", "A", "192.0.2.1"), ["NXRRSET", DIFFERS]),  # there is a second address
    ],
)
def test_a_refusal_says_which_kind_of_condition_is_false(condition, codes: list[str], at: Place) -> None:  # type: ignore[no-untyped-def]
    at.add("used", "A", "192.0.2.1", "192.0.2.2")
    attempt: Attempt = condition(at.attempt())
    assert attempt.add("new", "A", "192.0.2.3").send() in codes
    assert at.values("new", "A") == []


def take(at: Place, holder: str) -> str:
    return at.attempt().absent("lock", "TXT").add("lock", "TXT", f'"{holder}"').send()


def test_of_two_takers_one_gets_the_lock(at: Place) -> None:
    assert take(at, "one") == OK
    assert take(at, "two") in ("YXRRSET", EXISTS)
    assert at.values("lock", "TXT") == ['"one"']


@pytest.mark.parametrize(
    ("holder", "codes", "then"), [("one", [OK], ['"one-again"']), ("two", ["NXRRSET", DIFFERS], ['"one"'])]
)
def test_only_the_holder_renews(holder: str, codes: list[str], then: list[str], at: Place) -> None:
    take(at, "one")
    attempt = at.attempt().exactly("lock", "TXT", f'"{holder}"').replace("lock", "TXT", f'"{holder}-again"')
    assert attempt.send() in codes
    assert at.values("lock", "TXT") == then


def test_a_name_whose_tree_is_gone_answers_without_error_and_without_addresses(at: Place) -> None:
    at.add("tree", "TXT", '"here"')
    at.add("tree", "A", "192.0.2.1")
    at.alias("public", "tree")
    assert at.client.addresses(at.name("public")) == (dns.rcode.NOERROR, ["192.0.2.1"])
    assert at.attempt().delete("tree", "A", "192.0.2.1").send() == OK
    answer = at.client.query(at.name("public"), "A")
    assert answer.rcode() == dns.rcode.NOERROR
    assert [dns.rdatatype.to_text(r.rdtype) for r in answer.answer if r.name == at.name("public")] == at.chain
    assert at.client.addresses(at.name("public")) == (dns.rcode.NOERROR, [])


def test_nothing_stands_beside_a_cname_whatever_the_answer_is(at: Place) -> None:
    """Updates of DNS are answered with NOERROR and dropped; Route 53 says that it refuses."""
    beside, cname_beside, second = at.beside_a_cname
    at.add("alias", "CNAME", at.name("one").to_text())
    assert at.attempt().add("alias", "TXT", '"dropped"').send() == beside
    assert at.values("alias", "TXT") == []
    at.add("text", "TXT", '"stays"')
    assert at.attempt().add("text", "CNAME", at.name("one").to_text()).send() == cname_beside
    assert (at.values("text", "TXT"), at.values("text", "CNAME")) == (['"stays"'], [])
    assert at.attempt().add("alias", "CNAME", at.name("two").to_text()).send() == second
    assert at.values("alias", "CNAME") == [at.name(c).to_text() for c in at.cnames]


def test_a_text_keeps_the_name(at: Place) -> None:
    at.add("tree", "TXT", '"here"')
    assert at.asked("tree") == OK
    assert at.asked("gone") == "NXDOMAIN"
    assert at.attempt().delete_all("tree").send() == OK
    assert at.asked("tree") == "NXDOMAIN"


def test_a_name_with_names_below_it_exists_and_is_empty(at: Place) -> None:
    at.add("leaf.inner", "TXT", '"below"')
    assert at.asked("inner") == OK
    # It owns no record, so no condition sees it.
    assert at.attempt().absent("inner", "TXT").add("inner", "TXT", '"own"').send() == OK
    assert at.attempt().delete_all("inner").delete_all("leaf.inner").send() == OK
    assert at.asked("inner") == "NXDOMAIN"


@pytest.mark.parametrize("signed_with", ["nothing", "another secret", "an unknown key"])
def test_an_update_without_the_right_signature_is_refused(signed_with: str, server: Nameserver, at: Place) -> None:
    if server.key is None:
        pytest.skip("it has no key (requests to Route 53 are signed by credentials, which the mock does not check)")
    message = dns.update.UpdateMessage(ORIGIN)
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
    if not at.counts_changes:
        pytest.skip("the SOA record of Route 53 does not count changes")
    before = at.serial()
    at.add("host", "A", "192.0.2.1")
    changed = at.serial()
    assert changed > before
    assert take(at, "one") == OK
    locked = at.serial()
    assert locked > changed
    assert take(at, "two") == "YXRRSET"
    assert at.serial() == locked
    assert at.attempt().delete_all("missing").send() == OK
    assert at.serial() == locked


def test_a_killed_server_comes_back_with_the_last_commit(at: Place) -> None:
    """Route 53 itself is not killed: a new session with it sees the last commit."""
    at.add("host", "A", "192.0.2.1", "192.0.2.2")
    serial = at.serial()
    at.begin_anew()
    assert at.values("host", "A") == ["192.0.2.1", "192.0.2.2"]
    assert at.serial() == serial
    at.add("other", "A", "192.0.2.3")
    assert at.values("other", "A") == ["192.0.2.3"]
    assert at.serial() > serial or not at.counts_changes
