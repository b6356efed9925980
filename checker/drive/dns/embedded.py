"""An authoritative name server inside this process, for tests and trials. It is no server for the internet.

It answers by UDP and TCP on the loopback address, and does dynamic updates in one transaction each.
"""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.transaction
import dns.tsig
import dns.update
import dns.versioned
import dns.xfr
import dns.zone

from planrace.checker.drive.dns.answering import answer_query, answer_transfer
from planrace.checker.drive.dns.client import Client, NoAnswerError, ZoneError, question, wrong_answer
from planrace.checker.drive.dns.nameserver import Nameserver, zone_text
from planrace.checker.drive.dns.updating import UpdateRefusedError, apply_update

PLAIN_UDP = 512
"""Bytes of an answer by UDP to a client that does not say more (RFC 1035)."""
ATTEMPTS = 20
"""Ports that are tried until one is free for both UDP and TCP."""
IDLE = 10.0
"""Seconds after which a silent connection is closed."""


class DirectClient(Client):
    """Speaks to an embedded server without the network. Signed messages and all updates are written as bytes that the
    server reads; unsigned questions and answers are handed over as they are, and so is a zone.
    """

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__(server.address, server.port, server.key)
        self._server = server

    def send(self, message: dns.message.Message, tcp: bool = True) -> dns.message.Message:
        if message.had_tsig:
            return self._by_wire(message, whole_zone=False)
        if isinstance(message, dns.update.UpdateMessage):  # its form in memory is not the one that is read from bytes
            message = self._server.read(message.to_wire())
        answer = self._server.answer(message)
        if answer is None:
            raise NoAnswerError("the message is no question")
        return answer

    def _by_wire(self, message: dns.message.Message, whole_zone: bool) -> dns.message.Message:
        wire = self._server.respond(message.to_wire(), tcp=True)
        if wire is None:
            raise NoAnswerError("the message is no question")
        try:
            return dns.message.from_wire(wire, message.keyring, message.mac, xfr=whole_zone)
        except dns.exception.DNSException as e:
            raise wrong_answer(e) from e

    def query(self, name: str | dns.name.Name, rdtype: str, rdclass: str = "IN") -> dns.message.Message:
        return self.send(question(name, rdtype, rdclass))

    def transfer(self, origin: dns.name.Name) -> dns.zone.Zone:
        zone = dns.zone.Zone(origin, relativize=False)
        if self.key is None and self._server.key is None and origin in self._server.zones:
            zone.nodes = dict(self._server.zones[origin].nodes)
            return zone
        request = dns.message.make_query(origin, "AXFR")
        if self.key is not None:
            request.use_tsig(self.key)
        try:
            with dns.xfr.Inbound(zone) as inbound:
                inbound.process_message(self._by_wire(request, whole_zone=True))
        except dns.exception.DNSException as e:
            raise ZoneError(f"transfer of {origin}: {type(e).__name__}: {e}") from e
        return zone


class EmbeddedServer(Nameserver):
    """The name server in this process. With ``folder`` each commit is on disk before anybody sees it, and a start reads
    it again; without, ``kill`` keeps the zones in memory, as a disk would.
    """

    def __init__(
        self, origins: Sequence[str], key: dns.tsig.Key | None = None, folder: str | os.PathLike[str] | None = None
    ) -> None:
        super().__init__(origins, key)
        self._folder = Path(folder) if folder is not None else None
        self.zones: dict[dns.name.Name, dns.versioned.Zone] = {}
        self._updating = threading.Lock()
        self._servers: list[socketserver.BaseServer] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._load()
        self._servers = self._listen()
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._close()
        self.zones.clear()

    def kill(self) -> None:
        self._close()
        if self._folder is not None:
            self.zones.clear()

    def _close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._servers, self._threads = [], []

    def _load(self) -> None:
        """Makes the zones that are not in memory yet."""
        for origin in self.origins:
            if origin not in self.zones:
                self.zones[origin] = _read(origin, self._file(origin))

    def _file(self, origin: dns.name.Name) -> Path | None:
        return self._folder / f"{origin.to_text(omit_final_dot=True)}.zone" if self._folder is not None else None

    def _listen(self) -> list[socketserver.BaseServer]:
        for _ in range(ATTEMPTS):
            tcp = _TCP((self.address, self.port), _Stream, self)
            try:
                udp = _UDP((self.address, int(tcp.socket.getsockname()[1])), _Datagram, self)
            except OSError:  # the port is free for TCP only
                tcp.server_close()
                if self.port:
                    raise
            else:
                self.port = int(tcp.socket.getsockname()[1])
                return [tcp, udp]
        raise ZoneError("no port is free for both UDP and TCP")

    # Messages ------------------------------------------------------------------------------------------------------
    def respond(self, wire: bytes, tcp: bool) -> bytes | None:
        """The answer to a message; none where an answer could not even have its number."""
        try:
            message = self.read(wire)
        except (dns.message.UnknownTSIGKey, dns.tsig.BadSignature, dns.tsig.BadTime, dns.tsig.BadKey):
            return _bare(wire, dns.rcode.NOTAUTH)
        except dns.exception.DNSException:
            return _bare(wire, dns.rcode.FORMERR)
        response = self.answer(message, tcp)
        return _sized(response, message, tcp) if response is not None else None

    def read(self, wire: bytes) -> dns.message.Message:
        """The message of these bytes, its signature verified. Raises ``DNSException``."""
        keyring = {self.key.name: self.key} if self.key is not None else {}
        return dns.message.from_wire(wire, keyring=keyring, one_rr_per_rrset=True)

    def answer(self, message: dns.message.Message, tcp: bool = True) -> dns.message.Message | None:
        """The answer to a message whose signature, if any, is right; none to an answer."""
        if message.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(message)
        try:
            self._fill(message, response, tcp)
        except UpdateRefusedError as refusal:
            response.set_rcode(refusal.code)
        return response

    def _fill(self, message: dns.message.Message, response: dns.message.Message, tcp: bool) -> None:
        allowed = self.key is None or message.had_tsig
        if isinstance(message, dns.update.UpdateMessage):
            if not message.zone:
                raise UpdateRefusedError(dns.rcode.FORMERR)
            if not allowed:
                raise UpdateRefusedError(dns.rcode.REFUSED)
            self._update(message)
            return
        if message.opcode() != dns.opcode.QUERY or len(message.question) != 1:
            raise UpdateRefusedError(dns.rcode.NOTIMP)
        question = message.question[0]
        zone = self._zone_of(question.name)
        if zone is None:
            raise UpdateRefusedError(dns.rcode.REFUSED)
        if question.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR):
            if not (allowed and tcp and question.name == zone.origin):
                raise UpdateRefusedError(dns.rcode.REFUSED)
            answer_transfer(zone, response)
        else:
            answer_query(zone, question, response)

    def _zone_of(self, name: dns.name.Name) -> dns.zone.Zone | None:
        inside = [o for o in self.zones if name.is_subdomain(o)]
        return self.zones[max(inside, key=len)] if inside else None

    def _update(self, message: dns.update.UpdateMessage) -> None:
        zone = self.zones.get(message.zone[0].name)
        if zone is None:
            raise UpdateRefusedError(dns.rcode.NOTAUTH)
        with self._updating:
            apply_update(zone, message, lambda transaction: self._keep(zone, transaction))

    def _keep(self, zone: dns.versioned.Zone, transaction: dns.transaction.Transaction) -> None:
        """Writes what is about to be committed. Who sees a commit that is not on disk sees it undone by a crash."""
        assert zone.origin is not None
        file = self._file(zone.origin)
        if file is None:
            return
        new = dns.zone.Zone(zone.origin, relativize=False)
        for name, records in transaction.iterate_rdatasets():
            new.replace_rdataset(name, records)
        try:
            _write(file, new.to_text(relativize=False))
        except OSError as e:
            raise UpdateRefusedError(dns.rcode.SERVFAIL) from e


# Files -------------------------------------------------------------------------------------------------------------
def _read(origin: dns.name.Name, file: Path | None) -> dns.versioned.Zone:
    text = file.read_text() if file is not None and file.exists() else zone_text(origin)
    zone = dns.zone.from_text(text, origin, relativize=False, zone_factory=dns.versioned.Zone)
    assert isinstance(zone, dns.versioned.Zone)
    return zone


def _write(file: Path, text: str) -> None:
    """Replaces a file whole; it is on disk when this returns."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    with os.fdopen(descriptor, "w") as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    Path(name).replace(file)


# Sockets -----------------------------------------------------------------------------------------------------------
def _bare(wire: bytes, code: dns.rcode.Rcode) -> bytes | None:
    """An answer without sections to a message that could not be read, or not be trusted."""
    header = struct.calcsize("!6H")
    if len(wire) < header:
        return None
    number, flags = struct.unpack_from("!2H", wire)
    if flags & dns.flags.QR:
        return None
    return struct.pack("!6H", number, dns.flags.QR | flags & 0x7800 | code, 0, 0, 0, 0)


def _sized(response: dns.message.Message, message: dns.message.Message, tcp: bool) -> bytes:
    size = 65535 if tcp else max(PLAIN_UDP, message.payload)
    try:
        return response.to_wire(max_size=size)
    except dns.exception.TooBig:
        short = dns.message.make_response(message)
        if tcp:
            short.set_rcode(dns.rcode.SERVFAIL)
        else:
            short.flags |= dns.flags.TC
        return short.to_wire()


class _TCP(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, where: tuple[str, int], handler: type[_Stream], nameserver: EmbeddedServer) -> None:
        self.nameserver = nameserver
        super().__init__(where, handler)


class _UDP(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, where: tuple[str, int], handler: type[_Datagram], nameserver: EmbeddedServer) -> None:
        self.nameserver = nameserver
        super().__init__(where, handler)


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, channel = self.request
        assert isinstance(self.server, _UDP)
        answer = self.server.nameserver.respond(wire, tcp=False)
        if answer is not None:
            with contextlib.suppress(OSError):
                channel.sendto(answer, self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    timeout = IDLE

    def handle(self) -> None:
        assert isinstance(self.server, _TCP)
        with contextlib.suppress(OSError):  # the client has gone away, or says nothing
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while len(length := self.rfile.read(2)) == 2:
                wire = self.rfile.read(int.from_bytes(length, "big"))
                answer = self.server.nameserver.respond(wire, tcp=True)
                if answer is None:
                    return
                self.wfile.write(len(answer).to_bytes(2, "big") + answer)
