"""DNS of the emulated account's domains: what its records say, over UDP and TCP."""

import socketserver
import struct
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from emulator.digitalocean.cloud import Cloud
from emulator.digitalocean.state import Thing
from emulator.digitalocean.zone import text_of

HOST = "127.0.0.1"
# A chain of aliases longer than this is a ring.
_ALIASES = 8
# What a datagram holds unless the question says more: RFC 1035, 4.2.1.
_DATAGRAM = 512


def _owner(record: Thing) -> dns.name.Name:
    zone = record["_domain"]
    return dns.name.from_text(zone if record["name"] == "@" else f"{record['name']}.{zone}")


def _at(records: Iterable[Thing], name: dns.name.Name) -> list[Thing]:
    """The records of a name; of a wildcard above it when it has none (RFC 4592)."""
    by_owner: dict[dns.name.Name, list[Thing]] = {}
    for record in records:
        by_owner.setdefault(_owner(record), []).append(record)
    if name in by_owner or any(owner.is_subdomain(name) for owner in by_owner):
        return by_owner.get(name, [])
    return by_owner.get(dns.name.from_text("*", name.parent()), [])


def _rrset(name: dns.name.Name, kind: dns.rdatatype.RdataType, records: list[Thing]) -> Any:  # noqa: ANN401 - dnspython's
    texts = [text_of(record) for record in records]
    return dns.rrset.from_text(name, records[0]["ttl"], dns.rdataclass.IN, kind, *texts)


def answer(cloud: Cloud, query: dns.message.Message) -> dns.message.Message:
    """What is true of the first name that is asked for."""
    reply = dns.message.make_response(query)
    question = query.question[0]
    name = question.name
    zones = [zone for zone in cloud.state["domains"] if name.is_subdomain(dns.name.from_text(zone))]
    if not zones:
        reply.set_rcode(dns.rcode.REFUSED)
        return reply
    reply.flags |= dns.flags.AA
    zone = max(zones, key=len)
    records = [each for each in cloud.state["records"].values() if each["_domain"] == zone]
    for _ in range(_ALIASES):
        here = _at(records, name)
        wanted = [each for each in here if each["type"] == dns.rdatatype.to_text(question.rdtype)]
        if wanted:
            reply.answer.append(_rrset(name, question.rdtype, wanted))
            return reply
        alias = [each for each in here if each["type"] == "CNAME"]
        if not alias:
            break
        reply.answer.append(_rrset(name, dns.rdatatype.CNAME, alias))
        name = dns.name.from_text(text_of(alias[0]))
    known = here or any(_owner(each).is_subdomain(name) for each in records)
    if not known and not reply.answer:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    start = [each for each in records if each["type"] == "SOA"]
    reply.authority.append(_rrset(dns.name.from_text(zone), dns.rdatatype.SOA, start))
    return reply


def _answered(cloud: Cloud, wire: bytes, hidden: Sequence[str], *, datagram: bool) -> bytes:
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return b""
    if not query.question:
        return b""
    with cloud.lock:
        reply = answer(cloud, query)
    reply.answer = [
        rrset for rrset in reply.answer if dns.rdatatype.to_text(rrset.rdtype) not in hidden
    ]
    # What does not fit into a datagram is asked for again by TCP.
    limit = max(_DATAGRAM, query.payload) if datagram else 0
    return reply.to_wire(max_size=limit, prefer_truncation=True)


class _Server:
    """What both ways share."""

    daemon_threads = True
    allow_reuse_address = True
    cloud: Cloud
    hidden: Sequence[str]

    def answered(self, wire: bytes, *, datagram: bool) -> bytes:
        return _answered(self.cloud, wire, self.hidden, datagram=datagram)


class _Datagrams(_Server, socketserver.ThreadingUDPServer):
    pass


class _Streams(_Server, socketserver.ThreadingTCPServer):
    pass


class _Datagram(socketserver.BaseRequestHandler):
    server: _Datagrams

    def handle(self) -> None:
        wire, back = self.request
        back.sendto(self.server.answered(wire, datagram=True), self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    server: _Streams

    def handle(self) -> None:
        # The length comes before each message: RFC 1035, 4.2.2.
        while len(length := self.rfile.read(2)) == 2:
            asked = self.rfile.read(*struct.unpack("!H", length))
            wire = self.server.answered(asked, datagram=False)
            self.wfile.write(struct.pack("!H", len(wire)) + wire)


def serve_names(cloud: Cloud, port: int, hidden: Sequence[str] = ()) -> int:
    """Answer in the background, on `port` or on any when it is 0; the port.

    Records of the types that are `hidden` are kept to ourselves.
    """
    streams = _Streams((HOST, port), _Stream)
    taken: int = streams.server_address[1]
    datagrams = _Datagrams((HOST, taken), _Datagram)
    for server in (streams, datagrams):
        server.cloud, server.hidden = cloud, hidden
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return taken
