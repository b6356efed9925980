"""What the servers do beyond the contract: answers to resolvers, bad messages, missing programs, processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.resolver
import dns.tsig
import dns.update
import pytest

from planrace.checker.drive.dns import daemon, embedded
from planrace.checker.drive.dns.bind import BindServer
from planrace.checker.drive.dns.client import Client, NoAnswerError, ZoneError
from planrace.checker.drive.dns.embedded import DirectClient, EmbeddedServer
from planrace.checker.drive.dns.nameserver import Nameserver, new_key
from planrace.checker.results.extras import install_command
from planrace.model.language import ModelError
from tests import ROOT
from tests.drive.dns.servers import DAEMONS, ORIGINS, UPDATED, server_of

ORIGIN = "contract.test."


@pytest.fixture(scope="module", params=UPDATED)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nameserver]:
    """With a few records: addresses, a CNAME to them, one that leads nowhere, a wildcard, many texts."""
    with server_of(request.param, tmp_path_factory.mktemp("zones")) as running:
        message = dns.update.UpdateMessage(ORIGIN)
        message.add("a.plans", 5, "A", "192.0.2.1")
        message.add("*.plans", 5, "TXT", "no plan")
        message.add("public", 5, "CNAME", f"a.plans.{ORIGIN}")
        message.add("gone", 5, "CNAME", f"b.plans.{ORIGIN}")
        message.add("nowhere", 5, "CNAME", f"missing.{ORIGIN}")
        for n in range(40):
            message.add("long", 5, "TXT", f"{n:02} {'x' * 60}")
        assert running.client().update(message) == dns.rcode.NOERROR
        yield running


@pytest.mark.parametrize(
    ("name", "rdtype", "code", "owners", "authority"),
    [
        ("public", "A", "NOERROR", ["public CNAME", "a.plans A"], []),
        ("public", "CNAME", "NOERROR", ["public CNAME"], []),
        ("public", "TXT", "NOERROR", ["public CNAME"], ["SOA"]),
        ("gone", "A", "NOERROR", ["gone CNAME"], ["SOA"]),
        ("b.plans", "TXT", "NOERROR", ["b.plans TXT"], []),
        ("nowhere", "A", "NXDOMAIN", ["nowhere CNAME"], ["SOA"]),
        ("plans", "A", "NOERROR", [], ["SOA"]),
        ("a.plans", "TXT", "NOERROR", [], ["SOA"]),
        ("missing", "A", "NXDOMAIN", [], ["SOA"]),
    ],
)
def test_all_servers_answer_alike(
    name: str, rdtype: str, code: str, owners: list[str], authority: list[str], server: Nameserver
) -> None:
    answer = server.query(f"{name}.{ORIGIN}", rdtype)
    assert dns.rcode.to_text(answer.rcode()) == code
    assert answer.flags & dns.flags.AA
    origin = dns.name.from_text(ORIGIN)
    found = [f"{r.name.relativize(origin)} {dns.rdatatype.to_text(r.rdtype)}" for r in answer.answer]
    assert found == owners
    assert [dns.rdatatype.to_text(r.rdtype) for r in answer.authority if r.rdtype != dns.rdatatype.NS] == authority


def test_a_resolver_of_somebody_else_gets_the_addresses(server: Nameserver) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [server.address], server.port
    assert [r.to_text() for r in resolver.resolve(f"public.{ORIGIN}", "A")] == ["192.0.2.1"]
    with pytest.raises(dns.resolver.NoAnswer):
        resolver.resolve(f"gone.{ORIGIN}", "A")
    assert len(resolver.resolve(f"long.{ORIGIN}", "TXT")) == 40  # by TCP: too long for a datagram


def test_a_zone_is_transferred_to_who_has_the_key(server: Nameserver) -> None:
    zone = server.client().transfer(dns.name.from_text(ORIGIN))
    assert zone.get_rdataset(f"public.{ORIGIN}", "CNAME") is not None
    with pytest.raises(ZoneError):
        Client(server.address, server.port, None).transfer(dns.name.from_text(ORIGIN))


def test_other_zones_are_not_answered_for(server: Nameserver) -> None:
    assert server.query("example.org.", "A").rcode() == dns.rcode.REFUSED
    message = dns.update.UpdateMessage("example.org.")
    message.add("x", 5, "A", "192.0.2.1")
    assert server.update(message).rcode() in (dns.rcode.NOTAUTH, dns.rcode.REFUSED)
    message = dns.update.UpdateMessage(ORIGIN)
    message.add("x.example.org.", 5, "A", "192.0.2.1")
    assert server.client().update(message) == dns.rcode.NOTZONE


def test_a_zone_keeps_its_soa_and_its_last_server(server: Nameserver) -> None:
    client = server.client()
    for what in ((), ("NS",), ("SOA",), ("NS", f"ns.{ORIGIN}")):
        message = dns.update.UpdateMessage(ORIGIN)
        message.delete("@", *what)
        client.update(message)
        assert client.records(ORIGIN, "SOA") is not None
        assert client.records(ORIGIN, "NS") is not None


@pytest.mark.parametrize(
    "wire", [b"", b"\0" * 11, b"\0" * 12, b"\x12\x34\x28\0\0\1\0\1\0\0\0\0\xc0\x0c", b"\xff" * 600]
)
def test_nonsense_does_not_end_the_server(wire: bytes, server: Nameserver) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendto(wire, (server.address, server.port))
    with socket.create_connection((server.address, server.port)) as connection:
        connection.sendall(len(wire).to_bytes(2, "big") + wire)
    assert server.query(ORIGIN, "SOA").rcode() == dns.rcode.NOERROR


def test_silence_is_told(server: Nameserver) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswerError, match="no answer"):
            Client("127.0.0.1", silent.getsockname()[1], None, timeout=0.1).query(ORIGIN, "SOA")


def test_without_a_key_everybody_may_update(tmp_path: Path) -> None:
    with EmbeddedServer([ORIGIN], folder=tmp_path) as server:
        message = dns.update.UpdateMessage(ORIGIN)
        message.add("x", 5, "A", "192.0.2.1")
        assert server.client().update(message) == dns.rcode.NOERROR
    with EmbeddedServer([ORIGIN], new_key(), tmp_path) as server:
        assert server.client().addresses(f"x.{ORIGIN}") == (dns.rcode.NOERROR, ["192.0.2.1"])


@pytest.mark.parametrize("kind", DAEMONS)
def test_a_program_runs_as_an_ordinary_user_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    server = server_of(kind, tmp_path)
    assert isinstance(server, daemon.DaemonServer)
    with server:
        folder, process = server.folder, server._process
        assert folder is not None
        assert process is not None
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.stat().st_uid != 0
        user = subprocess.run(["ps", "-o", "user=", "-p", str(process.pid)], capture_output=True, text=True, check=True)
        assert user.stdout.strip() != "root"
    assert process.returncode is not None
    assert not folder.exists()


def test_a_program_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = server_of("bind", tmp_path)
    server.origins = (*server.origins, server.origins[0])  # BIND refuses a zone that is named twice
    with pytest.raises(ZoneError, match="already exists"), server:
        pass


def test_a_missing_program_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "installed", lambda program: None)
    with pytest.raises(ModelError) as told:
        BindServer(ORIGINS).start()
    assert (str(told.value), told.value.remedy) == (
        "named is not installed (apt-get install bind9)",
        "apt-get install bind9",
    )


def test_without_dnspython_the_remedy_is_told(tmp_path: Path) -> None:
    """A package that is called dns, too, is not dnspython."""
    (tmp_path / "dns").mkdir()
    (tmp_path / "dns" / "__init__.py").touch()
    script = "import planrace.checker.drive.dns.embedded"
    paths = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"dnspython is not installed ({install_command('dns')})" in done.stderr


@pytest.mark.parametrize("key", [None, new_key()], ids=["open", "signed"])
def test_without_the_network_the_answers_are_the_same(key: dns.tsig.Key | None) -> None:
    origin = dns.name.from_text(ORIGIN)
    with EmbeddedServer([ORIGIN], key) as server:
        direct, remote = DirectClient(server), server.client()
        for client, label in ((direct, "a"), (remote, "b")):
            message = dns.update.UpdateMessage(ORIGIN)
            message.add(label, 5, "A", "192.0.2.1")
            assert client.update(message) == dns.rcode.NOERROR
        for name in (f"a.{ORIGIN}", f"b.{ORIGIN}", f"c.{ORIGIN}"):
            assert direct.addresses(name) == remote.addresses(name)
        assert direct.transfer(origin) == remote.transfer(origin)
        if key is not None:
            direct.key = None
            assert direct.update(dns.update.UpdateMessage(ORIGIN)) == dns.rcode.REFUSED
            with pytest.raises(ZoneError):
                direct.transfer(origin)


def test_nobody_sees_a_commit_that_is_not_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who has seen it sees it undone when the server is killed before it has written."""
    message = dns.update.UpdateMessage(ORIGIN)
    message.add("x", 5, "A", "192.0.2.1")
    seen: list[object] = []

    def full(file: Path, text: str) -> None:
        assert "192.0.2.1" in text
        seen.append(running.query(f"x.{ORIGIN}", "A").rcode())
        raise OSError("no space left on device")

    with EmbeddedServer([ORIGIN], folder=tmp_path) as running:
        with monkeypatch.context() as patched:
            patched.setattr(embedded, "_write", full)
            assert running.client().update(message) == dns.rcode.SERVFAIL
        assert seen == [dns.rcode.NXDOMAIN]
        assert running.query(f"x.{ORIGIN}", "A").rcode() == dns.rcode.NXDOMAIN
        assert running.client().update(message) == dns.rcode.NOERROR
