"""Dynamic updates (RFC 2136) on a zone in memory: prerequisites first, then everything or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.serial
import dns.transaction
import dns.update
import dns.versioned

ANY, NONE = dns.rdataclass.ANY, dns.rdataclass.NONE
APEX_ONLY = (dns.rdatatype.SOA, dns.rdatatype.NS)
"""Types at the origin that no deletion of a whole set removes."""
BESIDE_A_CNAME = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.KEY)


class UpdateRefusedError(Exception):
    """The message is not done; ``code`` is the answer."""

    def __init__(self, code: dns.rcode.Rcode) -> None:
        super().__init__(dns.rcode.to_text(code))
        self.code = code


def apply_update(
    zone: dns.versioned.Zone,
    message: dns.update.UpdateMessage,
    keep: Callable[[dns.transaction.Transaction], None] = lambda _: None,
) -> None:
    """Does the whole message in one transaction, or raises ``UpdateRefusedError`` and does nothing.

    If the zone changes, its serial grows, and ``keep`` is given the transaction before anybody sees the change; if it
    raises, nothing is done. One caller at a time.
    """
    with zone.writer() as transaction:
        _check_prerequisites(transaction, message.prerequisite, zone)
        _prescan(message.update, zone)
        assert zone.origin is not None
        touched = {zone.origin, *(records.name for records in message.update)}
        before = _records(transaction, touched)
        for records in message.update:
            _do(transaction, records, zone)
        changed = _records(transaction, touched) != before
        if not changed:
            transaction.rollback()
            return
        if _serial(transaction, zone) == before[zone.origin, dns.rdatatype.SOA][0].serial:
            transaction.update_serial(name=zone.origin)
        keep(transaction)


def _records(
    transaction: dns.transaction.Transaction, names: Collection[dns.name.Name]
) -> dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rdataset.Rdataset]:
    """The records of these names, by name and type."""
    nodes = [(name, transaction.get_node(name)) for name in names]
    return {(name, found.rdtype): found for name, node in nodes if node is not None for found in node.rdatasets}


def _serial(transaction: dns.transaction.Transaction, zone: dns.versioned.Zone) -> int:
    soa = transaction.get(zone.origin, dns.rdatatype.SOA)
    assert soa is not None
    return int(soa[0].serial)


def _inside(name: dns.name.Name, zone: dns.versioned.Zone) -> None:
    assert zone.origin is not None
    if not name.is_subdomain(zone.origin):
        raise UpdateRefusedError(dns.rcode.NOTZONE)


# Prerequisites (3.2) -----------------------------------------------------------------------------------------------
def _check_prerequisites(
    transaction: dns.transaction.Transaction, wanted: Sequence[dns.rrset.RRset], zone: dns.versioned.Zone
) -> None:
    whole: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], set[object]] = {}
    for records in wanted:
        if records.ttl != 0:
            raise UpdateRefusedError(dns.rcode.FORMERR)
        _inside(records.name, zone)
        if records.deleting is None:
            whole.setdefault((records.name, records.rdtype), set()).update(records)
        else:
            _check_existence(transaction, records)
    for (name, rdtype), values in whole.items():
        found = transaction.get(name, rdtype)
        if found is None or set(found) != values:
            raise UpdateRefusedError(dns.rcode.NXRRSET)


def _check_existence(transaction: dns.transaction.Transaction, records: dns.rrset.RRset) -> None:
    must = records.deleting == ANY
    if records.rdtype == dns.rdatatype.ANY:
        if _in_use(transaction, records.name) != must:
            raise UpdateRefusedError(dns.rcode.NXDOMAIN if must else dns.rcode.YXDOMAIN)
    elif (transaction.get(records.name, records.rdtype) is not None) != must:
        raise UpdateRefusedError(dns.rcode.NXRRSET if must else dns.rcode.YXRRSET)


def _in_use(transaction: dns.transaction.Transaction, name: dns.name.Name) -> bool:
    """Whether the name owns a record. An empty non-terminal does not (2.4.4)."""
    node = transaction.get_node(name)
    return node is not None and bool(node.rdatasets)


# Updates (3.4) -----------------------------------------------------------------------------------------------------
def _prescan(updates: Sequence[dns.rrset.RRset], zone: dns.versioned.Zone) -> None:
    for records in updates:
        _inside(records.name, zone)
        meta = dns.rdatatype.is_metatype(records.rdtype)
        if meta and not (records.deleting == ANY and records.rdtype == dns.rdatatype.ANY):
            raise UpdateRefusedError(dns.rcode.FORMERR)
        if records.deleting is not None and records.ttl != 0:
            raise UpdateRefusedError(dns.rcode.FORMERR)


def _do(transaction: dns.transaction.Transaction, records: dns.rrset.RRset, zone: dns.versioned.Zone) -> None:
    if records.deleting == ANY:
        _delete_sets(transaction, records, zone)
    elif records.deleting == NONE:
        _delete_values(transaction, records, zone)
    else:
        _add(transaction, records, zone)


def _delete_sets(transaction: dns.transaction.Transaction, records: dns.rrset.RRset, zone: dns.versioned.Zone) -> None:
    node = transaction.get_node(records.name)
    for found in list(node.rdatasets) if node is not None else []:
        asked = records.rdtype in (dns.rdatatype.ANY, found.rdtype)
        if asked and not (records.name == zone.origin and found.rdtype in APEX_ONLY):
            transaction.delete(records.name, found.rdtype)


def _delete_values(
    transaction: dns.transaction.Transaction, records: dns.rrset.RRset, zone: dns.versioned.Zone
) -> None:
    if records.rdtype == dns.rdatatype.SOA:
        return
    for value in records:
        found = transaction.get(records.name, records.rdtype)
        last_server = records.name == zone.origin and records.rdtype == dns.rdatatype.NS
        if found is not None and value in found and not (last_server and len(found) == 1):
            transaction.delete(records.name, value)


def _add(transaction: dns.transaction.Transaction, records: dns.rrset.RRset, zone: dns.versioned.Zone) -> None:
    node = transaction.get_node(records.name)
    kinds = {found.rdtype for found in node.rdatasets} if node is not None else set()
    others = kinds - {dns.rdatatype.CNAME, *BESIDE_A_CNAME}
    if records.rdtype == dns.rdatatype.CNAME:
        if not others:  # else it is dropped, and the answer is NOERROR all the same
            transaction.replace(records.name, dns.rdataset.from_rdata(records.ttl, next(iter(records))))
    elif dns.rdatatype.CNAME in kinds and records.rdtype not in BESIDE_A_CNAME:
        return
    elif records.rdtype == dns.rdatatype.SOA:
        new = next(iter(records))
        at_origin = records.name == zone.origin
        if at_origin and dns.serial.Serial(new.serial) > dns.serial.Serial(_serial(transaction, zone)):
            transaction.replace(records.name, dns.rdataset.from_rdata(records.ttl, new))
    else:
        found = transaction.get(records.name, records.rdtype)
        values = [*(found or ()), *records]
        transaction.replace(records.name, dns.rdataset.from_rdata_list(records.ttl, values))
