"""The emulated zone, asked by DNS."""

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from emulator.digitalocean.names import serve_names
from tests.emulator.api_lab import Api

_RECORDS = (
    {"type": "A", "name": "@", "data": "203.0.113.7"},
    {"type": "A", "name": "@", "data": "203.0.113.8"},
    {"type": "AAAA", "name": "@", "data": "2001:db8::7"},
    {"type": "CNAME", "name": "www", "data": "blog.test."},
    {"type": "CAA", "name": "@", "data": "letsencrypt.org.", "flags": 0, "tag": "issue"},
    {"type": "TXT", "name": "_acme-challenge", "data": 'a "quoted" ' + "x" * 300},
    {"type": "A", "name": "*.any", "data": "203.0.113.9"},
)


@pytest.fixture
def port(api: Api) -> int:
    api.make("/v2/domains", {"name": "blog.test"}, "domain")
    for record in _RECORDS:
        api.make("/v2/domains/blog.test/records", record, "domain_record")
    return serve_names(api.cloud, 0)


def test_names_lead_where_the_records_say(port: int) -> None:
    for name, kind, expected in (
        ("blog.test.", "A", {"203.0.113.7", "203.0.113.8"}),
        ("BLOG.test.", "AAAA", {"2001:db8::7"}),
        ("www.blog.test.", "A", {"blog.test.", "203.0.113.7", "203.0.113.8"}),
        ("blog.test.", "CAA", {'0 issue "letsencrypt.org"'}),
        ("some.any.blog.test.", "A", {"203.0.113.9"}),
        ("any.blog.test.", "A", set()),
        ("blog.test.", "MX", set()),
    ):
        query = dns.message.make_query(name, kind)
        for ask in (dns.query.udp, dns.query.tcp):
            reply = ask(query, "127.0.0.1", timeout=5, port=port)
            assert reply.rcode() == dns.rcode.NOERROR
            assert {str(data) for rrset in reply.answer for data in rrset} == expected
            assert bool(reply.authority) == (not expected)


def test_what_the_authority_would_not_reach_is_hidden_from_it(api: Api, port: int) -> None:
    hiding = serve_names(api.cloud, 0, hidden=["AAAA"])
    for where, count in ((port, 1), (hiding, 0)):
        query = dns.message.make_query("blog.test.", "AAAA")
        reply = dns.query.udp(query, "127.0.0.1", timeout=5, port=where)
        assert (reply.rcode(), len(reply.answer)) == (dns.rcode.NOERROR, count)


def test_a_long_text_is_whole(port: int) -> None:
    query = dns.message.make_query("_acme-challenge.blog.test.", "TXT")
    [rrset] = dns.query.udp(query, "127.0.0.1", timeout=5, port=port).answer
    assert b"".join(rrset[0].strings) == ('a "quoted" ' + "x" * 300).encode()


def test_what_does_not_fit_into_a_datagram_is_whole_by_tcp(api: Api, port: int) -> None:
    for number in range(1, 60):
        record = {"type": "A", "name": "many", "data": f"203.0.113.{number}"}
        api.make("/v2/domains/blog.test/records", record, "domain_record")
    query = dns.message.make_query("many.blog.test.", "A")
    short = dns.query.udp(query, "127.0.0.1", timeout=5, port=port)
    assert short.flags & dns.flags.TC
    [rrset] = dns.query.tcp(query, "127.0.0.1", timeout=5, port=port).answer
    assert len(rrset) == 59


def test_other_names(port: int) -> None:
    for name, code in (("no.blog.test.", dns.rcode.NXDOMAIN), ("a.test.", dns.rcode.REFUSED)):
        reply = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", timeout=5, port=port)
        assert reply.rcode() == code
