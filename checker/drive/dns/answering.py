"""Answers of an authoritative server from a zone in memory (RFC 1034, 4.3.2; wildcards: RFC 4592).

Without: delegations, DNSSEC, additional records.
"""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.transaction
import dns.zone

LONGEST_CHAIN = 16
"""CNAMEs that are followed in one answer."""


def answer_query(zone: dns.zone.Zone, question: dns.rrset.RRset, response: dns.message.Message) -> None:
    """Fills the response with what the zone has for the question."""
    response.flags |= dns.flags.AA
    name, rdtype = question.name, question.rdtype
    assert zone.origin is not None
    with zone.reader() as reader:
        for _ in range(LONGEST_CHAIN):
            sets = _sets(reader, name, zone.origin)
            if sets is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
                break
            alias = next((s for s in sets if s.rdtype == dns.rdatatype.CNAME), None)
            if alias is not None and rdtype not in (dns.rdatatype.CNAME, dns.rdatatype.ANY):
                _append(response.answer, name, alias)
                name = alias[0].target
                if not name.is_subdomain(zone.origin):
                    return
                continue
            found = [s for s in sets if rdtype in (s.rdtype, dns.rdatatype.ANY)]
            for records in found:
                _append(response.answer, name, records)
            if found:
                return
            break
        soa = reader.get(zone.origin, dns.rdatatype.SOA)
        assert soa is not None
        _append(response.authority, zone.origin, soa)


def answer_transfer(zone: dns.zone.Zone, response: dns.message.Message) -> None:
    """Fills the response with the whole zone, its SOA first and last (RFC 5936)."""
    response.flags |= dns.flags.AA
    assert zone.origin is not None
    with zone.reader() as reader:
        soa = reader.get(zone.origin, dns.rdatatype.SOA)
        assert soa is not None
        _append(response.answer, zone.origin, soa)
        for name, records in reader.iterate_rdatasets():
            if records.rdtype != dns.rdatatype.SOA:
                _append(response.answer, name, records)
        _append(response.answer, zone.origin, soa)


def _sets(
    reader: dns.transaction.Transaction, name: dns.name.Name, origin: dns.name.Name
) -> list[dns.rdataset.Rdataset] | None:
    """The RRsets of a name; none at all for an empty non-terminal; ``None`` for a name that does not exist."""
    node = reader.get_node(name)
    if node is not None and node.rdatasets:
        return list(node.rdatasets)
    names = list(reader.iterate_names())
    encloser = name
    while not any(n.is_subdomain(encloser) for n in names):
        encloser = encloser.parent()
    if encloser == name:
        return []
    wildcard = reader.get_node(dns.name.Name((b"*", *encloser.labels)))
    return list(wildcard.rdatasets) if wildcard is not None else None


def _append(section: list[dns.rrset.RRset], name: dns.name.Name, records: dns.rdataset.Rdataset) -> None:
    found = dns.rrset.RRset(name, records.rdclass, records.rdtype)
    found.ttl, found.items = records.ttl, dict.fromkeys(records)
    section.append(found)
