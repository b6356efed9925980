"""Questions and conditional updates to a name server, as messages on the wire."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
import dns.zone

TIMEOUT = 5.0
"""Seconds to wait for an answer."""


class ZoneError(Exception):
    """A name server did something that no step expects: it refused the signature, failed, or could not start."""


class NoAnswerError(ZoneError):
    """No answer came. Whether an update was done is unknown: only reading back can tell."""


class Client:
    """Speaks to the name server at ``address`` and ``port``; signs with ``key`` if there is one. ``heard`` is told
    every update with its response code."""

    heard: Callable[[dns.update.UpdateMessage, dns.rcode.Rcode], None] | None = None

    def __init__(self, address: str, port: int, key: dns.tsig.Key | None, timeout: float = TIMEOUT) -> None:
        self.address = address
        self.port = port
        self.key = key
        self.timeout = timeout

    def send(self, message: dns.message.Message, tcp: bool = True) -> dns.message.Message:
        """Sends a message as it is. Raises ``NoAnswerError``; ``ZoneError`` if the answer's signature is wrong."""
        try:
            if tcp:
                return dns.query.tcp(message, self.address, self.timeout, self.port)
            answer, _ = dns.query.udp_with_fallback(message, self.address, self.timeout, self.port)
        except (dns.exception.Timeout, OSError, EOFError) as e:
            where = f"{self.address} port {self.port}"
            raise NoAnswerError(f"{where}: no answer ({type(e).__name__}: {e})") from e
        except dns.exception.DNSException as e:
            raise wrong_answer(e) from e
        return answer

    def query(self, name: str | dns.name.Name, rdtype: str, rdclass: str = "IN") -> dns.message.Message:
        """Asks without recursion, as a resolver does: by UDP, and by TCP if the answer is too long for it."""
        return self.send(question(name, rdtype, rdclass), tcp=False)

    def records(self, name: str | dns.name.Name, rdtype: str) -> dns.rrset.RRset | None:
        """The RRset of the name itself; none where there is none. A CNAME is not followed."""
        answer = self.query(name, rdtype)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise ZoneError(f"{name} {rdtype} is answered with {dns.rcode.to_text(answer.rcode())}")
        owner = dns.name.from_text(name) if isinstance(name, str) else name
        kind = dns.rdatatype.from_text(rdtype)
        return next((r for r in answer.answer if r.name == owner and r.rdtype == kind), None)

    def addresses(self, name: str | dns.name.Name) -> tuple[dns.rcode.Rcode, list[str]]:
        """What a resolver finds at a name after every CNAME: the response code and the IPv4 addresses, sorted."""
        answer = self.query(name, "A")
        found = [rdata.to_text() for r in answer.answer if r.rdtype == dns.rdatatype.A for rdata in r]
        return answer.rcode(), sorted(found)

    def update(self, message: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """Signs and sends an update, and returns the response code. NOERROR does not say that every record was added:
        a server drops a CNAME beside other data silently (RFC 2136, 3.4.2.2). Read back what matters.
        """
        if self.key is not None:
            message.use_tsig(self.key)
        answer = self.send(message)
        code = answer.rcode()
        if (
            self.key is not None and code == dns.rcode.NOERROR and not answer.had_tsig
        ):  # early versions of dnspython do not look
            raise ZoneError("the answer to a signed update is not signed")
        if self.heard is not None:
            self.heard(message, code)
        return code

    def transfer(self, origin: dns.name.Name) -> dns.zone.Zone:
        """The whole zone as of one moment (AXFR), with absolute names."""
        request = dns.message.make_query(origin, "AXFR")
        if self.key is not None:
            request.use_tsig(self.key)
        zone = dns.zone.Zone(origin, relativize=False)
        try:
            dns.query.inbound_xfr(self.address, zone, request, self.port, timeout=self.timeout, lifetime=self.timeout)
        except (dns.exception.Timeout, OSError, EOFError) as e:
            raise NoAnswerError(f"{self.address} port {self.port}: no transfer of {origin} ({type(e).__name__})") from e
        except dns.exception.DNSException as e:
            raise ZoneError(f"transfer of {origin}: {type(e).__name__}: {e}") from e
        return zone


def question(name: str | dns.name.Name, rdtype: str, rdclass: str = "IN") -> dns.message.Message:
    """A question without recursion."""
    message = dns.message.make_query(name, rdtype, rdclass)
    message.flags &= ~dns.flags.RD
    return message


def wrong_answer(error: dns.exception.DNSException) -> ZoneError:
    return ZoneError(f"the answer is not what was asked for: {type(error).__name__}: {error}")


def as_dig(answer: dns.message.Message) -> str:
    """The status, the flags and the answer section, as ``dig +noall +comments +answer`` prints them, in short. Records
    of a set are sorted, for servers rotate them."""
    records = [line for found in answer.answer for line in sorted(found.to_text().splitlines())]
    status, flags = dns.rcode.to_text(answer.rcode()), dns.flags.to_text(answer.flags).lower()
    return "\n".join([f";; status: {status}; flags: {flags}; ANSWER: {len(records)}", *records])


def as_nsupdate(message: dns.update.UpdateMessage, code: dns.rcode.Rcode) -> str:
    """An update as one would type it to ``nsupdate``, in short: the trees that must exist or be gone, the aliases that
    are added, and what comes."""
    origin = message.zone[0].name
    conditions = (r for r in message.prerequisite if r.rdtype == dns.rdatatype.TXT)
    trees = [r for r in conditions if r.name.parent() != origin]  # the lock's record stands at the top
    added = [r for r in message.update if r.rdtype == dns.rdatatype.CNAME and not r.deleting]
    lines = [f"> prereq yxrrset {r.name} TXT {r[0]}" if r else f"> prereq nxrrset {r.name} TXT" for r in trees]
    lines += [f"> update add {r.name} {r.ttl} CNAME {r[0].target.derelativize(origin)}" for r in added]
    done = "" if code == dns.rcode.NOERROR else f"update failed: {dns.rcode.to_text(code)}"
    return "\n".join([*lines, "> send", *filter(None, [done])])
