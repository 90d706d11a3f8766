"""A field that a site does not collect is never made: its code is not even called."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from analytics.sites import FIELDS, Site
from analytics.spool.record import Record, encode
from analytics.taking import collect
from analytics.taking.collect import Sender, is_ignored, path_of, record_of
from analytics.taking.payload import Payload, parse
from analytics.taking.visitors import Visitors

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGENT = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SENDER = Sender("8.8.8.8", AGENT, "de-AT")
PAGE = (
    b'{"n": "engagement", "u": "https://blog.test/a?utm_source=hn&utm_medium=m&utm_campaign=c'
    b'&utm_content=o&utm_term=t", "r": "https://other.test/x", "p": {"k": "v"}, "sd": 40, "e": 900}'
)

# What each field of a site is in a record.
PARTS: dict[str, dict[str, object]] = {
    # Without campaigns, what the address says of the source doesn't count.
    "referrer": {"referrer": "other.test/x", "source": "other.test", "channel": "Referral"},
    "campaign": {
        "utm_source": "hn",
        "utm_medium": "m",
        "utm_campaign": "c",
        "utm_content": "o",
        "utm_term": "t",
    },
    "country": {"country": "US"},
    "browser": {"browser": "Firefox"},
    "system": {"system": "Windows"},
    "screen": {"screen": "Desktop"},
    "language": {"language": "de"},
    "engagement": {"scroll": 40, "engaged": 900},
    "properties": {"props": {"k": "v"}},
}


@pytest.fixture
def event() -> Payload:
    return parse(PAGE)


def made(record: Record) -> dict[str, object]:
    """The fields that have another value than their default."""
    return {
        field.name: getattr(record, field.name)
        for field in msgspec.structs.fields(Record)
        if getattr(record, field.name) != field.default
    }


def always(site: Site) -> dict[str, object]:
    return {
        "time": 1772366400000,
        "site": site.domain,
        "name": "engagement",
        "path": "/a",
        "hostname": "blog.test",
    }


def test_every_field_that_can_be_collected_is_tested_here() -> None:
    assert {*PARTS, "visitor"} == set(FIELDS)


@pytest.mark.parametrize("field", sorted(PARTS.keys() - {"engagement"}))
def test_a_site_has_what_it_collects_and_no_more(
    event: Payload, tmp_path: Path, field: str
) -> None:
    site = Site("blog.test", collect=frozenset({field}))
    record = record_of(site, event, SENDER, Visitors(tmp_path), NOW)
    assert made(record) == always(site) | PARTS[field]
    assert list(tmp_path.iterdir()) == [], "no key either"


def test_an_engagement_has_what_tells_whose_it_is(event: Payload, tmp_path: Path) -> None:
    site = Site("blog.test", collect=frozenset({"engagement", "visitor"}))
    found = made(record_of(site, event, SENDER, Visitors(tmp_path), NOW))
    assert found.pop("visitor")
    assert found == always(site) | PARTS["engagement"]


NAMED = {"source": "Hacker News", "channel": "Organic Social"}


def test_what_a_link_says_of_itself_names_the_source(event: Payload, tmp_path: Path) -> None:
    site = Site("blog.test", collect=frozenset({"referrer", "campaign"}))
    record = record_of(site, event, SENDER, Visitors(tmp_path), NOW)
    assert made(record) == always(site) | PARTS["referrer"] | PARTS["campaign"] | NAMED


@pytest.mark.parametrize(
    ("query", "referrer", "found"),
    [
        ("utm_source=newsletter&utm_medium=email", "", (None, "Direct")),
        ("ref=hn", "", (None, "Direct")),
        ("utm_medium=cpc&gclid=1", "https://www.google.com/", ("Google", "Organic Search")),
        ("utm_source=fb", "android-app://com.slack/", ("Slack", "Organic Social")),
    ],
)
def test_without_campaigns_only_the_page_that_led_here_counts(
    tmp_path: Path, query: str, referrer: str, found: tuple[str | None, str]
) -> None:
    body = {"n": "pageview", "u": f"https://blog.test/?{query}", "r": referrer}
    site = Site("blog.test", collect=frozenset(FIELDS) - {"campaign"})
    record = record_of(site, parse(msgspec.json.encode(body)), SENDER, Visitors(tmp_path), NOW)
    assert (record.source, record.channel) == found
    assert record.utm_source is record.utm_medium is None


def test_a_visitor_is_a_number_and_nothing_else(event: Payload, tmp_path: Path) -> None:
    site = Site("blog.test", collect=frozenset({"visitor"}))
    found = made(record_of(site, event, SENDER, Visitors(tmp_path), NOW))
    assert found.pop("visitor")
    assert found == always(site)


@pytest.mark.parametrize("field", [None, *FIELDS])
def test_what_is_not_collected_is_not_computed(
    event: Payload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str | None
) -> None:
    called: set[str] = set()

    def spy(owner: object, name: str, of: set[str]) -> None:
        real: Any = getattr(owner, name)

        def call(*arguments: object) -> object:
            called.update(of)
            return real(*arguments)

        monkeypatch.setattr(owner, name, call)

    spy(collect, "country_of", {"country"})
    spy(collect, "agent_of", {"browser", "system", "screen"})
    spy(collect, "source_of", {"referrer"})
    spy(collect, "campaign_of", {"campaign"})
    spy(Visitors, "marks", {"visitor"})
    site = Site("blog.test", collect=frozenset({field} if field else ()))
    record_of(site, event, SENDER, Visitors(tmp_path), NOW)
    computed = set(FIELDS) - {"language", "engagement", "properties"}
    assert (field in called) == (field in computed)
    assert not called or field in called


def test_what_a_sender_is_like_is_in_no_exception() -> None:
    assert repr(SENDER) == str(SENDER) == "Sender()"


@pytest.mark.parametrize("address", ["", "nonsense", "10.0.0.1", "::", "8.8.8.8, 1.1.1.1"])
def test_an_address_that_says_nothing_is_no_country(
    event: Payload, tmp_path: Path, address: str
) -> None:
    site = Site("blog.test")
    record = record_of(site, event, replace(SENDER, address=address), Visitors(tmp_path), NOW)
    assert record.country is None
    assert record.visitor, "it has a mark all the same"


def test_interactive_is_kept_whatever_is_collected(tmp_path: Path) -> None:
    event = parse(b'{"n": "x", "u": "https://blog.test/", "i": false}')
    site = Site("blog.test", collect=frozenset())
    assert not record_of(site, event, SENDER, Visitors(tmp_path), NOW).interactive


@pytest.mark.parametrize(
    ("kept", "path"),
    [((), "/a"), (("ref", "utm_source"), "/a?ref=b&utm_source=hn"), (("id",), "/a?id=7")],
)
def test_a_page_keeps_the_parameters_that_the_owner_names(kept: tuple[str, ...], path: str) -> None:
    event = parse(b'{"n": "pageview", "u": "https://blog.test/a?utm_source=hn&id=7&ref=b&x=1"}')
    assert path_of(Site("blog.test", kept_parameters=kept), event) == path


def test_the_longest_path_fits_into_an_index(event: Payload) -> None:
    """PostgreSQL's takes 2,704 bytes. https://www.postgresql.org/docs/17/btree.html"""
    site = Site("blog.test", kept_parameters=("id",))
    long = replace(event, path="/\u20ac" * 480, parameters=(("id", "\u20ac" * 600),))
    path = path_of(site, long)
    assert path.startswith(long.path + "?id=%E2%82%AC")
    assert 1990 < len(path.encode()) <= 2000


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("/admin/*", "/admin/x/y", True),
        ("/admin/*", "/admin", False),
        ("*.xml", "/feed.xml", True),
        ("/A", "/a", False),
        ("/a", "/a/b", False),
    ],
)
def test_ignored_pages(event: Payload, pattern: str, path: str, *, ignored: bool) -> None:
    site = Site("blog.test", ignored_paths=("/other", pattern))
    assert is_ignored(site, replace(event, path=path)) == ignored


def test_a_record_of_a_plain_event_is_small(event: Payload, tmp_path: Path) -> None:
    """What the spool and the worker's speed are reckoned with."""
    plain = replace(event, props=(), referrer=None)
    record = record_of(Site("blog.test"), plain, SENDER, Visitors(tmp_path), NOW)
    assert len(encode(record)) < 400
