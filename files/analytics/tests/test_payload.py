"""What trackers send, judged."""

import json

import pytest
from analytics.errors import InvalidEventError
from analytics.payload import Payload, parse
from hypothesis import given
from hypothesis import strategies as st

URL = "https://www.blog.test/a%20b?utm_source=x#y"


def body(**fields: object) -> bytes:
    return json.dumps({"name": "pageview", "url": URL, "domain": "blog.test"} | fields).encode()


def errors(content: bytes) -> dict[str, list[str]]:
    with pytest.raises(InvalidEventError) as caught:
        parse(content)
    return caught.value.errors


def test_only_what_is_kept_is_taken() -> None:
    assert parse(body(referrer="https://other.test/from?secret=1", unknown=[1])) == Payload(
        domain="blog.test",
        name="pageview",
        hostname="blog.test",
        path="/a b",
        referrer="other.test/from",
    )


@pytest.mark.parametrize(
    ("url", "hostname", "path"),
    [
        ("https://blog.test", "blog.test", "/"),
        ("https://blog.test/?a=b", "blog.test", "/"),
        ("HTTP://U:P@BLOG.TEST.:8080/Case", "blog.test", "/Case"),
        ("https://www.www.test/", "www.test", "/"),
        ("https://blog.test/caf%C3%A9/%20", "blog.test", "/café/"),
        ("https://blog.test/café", "blog.test", "/café"),
        ("https://blog.test/%ff", "blog.test", "/\N{REPLACEMENT CHARACTER}"),
        ("https://blog.test/" + "x" * 1982, "blog.test", "/" + "x" * 1982),
    ],
)
def test_host_and_path_of_a_page(url: str, hostname: str, path: str) -> None:
    payload = parse(body(url=url))
    assert (payload.hostname, payload.path) == (hostname, path)


@pytest.mark.parametrize(
    ("referrer", "kept"),
    [
        (None, None),
        ("", None),
        ("https://other.test", "other.test"),
        ("https://www.other.test/", "other.test"),
        ("https://other.test/a/?b#c", "other.test/a"),
        ("https://u:p@other.test:8443/a", "other.test/a"),
        ("https://blog.test/before", None),
        ("https://www.blog.test/before", None),
        ("https://sub.blog.test/before", "sub.blog.test/before"),
        ("android-app://com.example.reader/", "com.example.reader"),
        ("javascript:alert(1)", None),
        ("nonsense", None),
        ("https://[::1", None),
        ("https://other.test/" + "x" * 3000, "other.test/" + "x" * 1981),
    ],
)
def test_referrer_is_kept_as_host_and_path(referrer: str | None, kept: str | None) -> None:
    assert parse(body(referrer=referrer)).referrer == kept


def test_a_tracker_without_a_domain_means_the_page_s() -> None:
    content = json.dumps({"name": "pageview", "url": URL}).encode()
    assert parse(content).domain == "blog.test"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": None}, {"name": ["is required"]}),
        ({"name": " "}, {"name": ["is required"]}),
        ({"name": 1}, {"name": ["must be a string"]}),
        ({"name": "x" * 121}, {"name": ["must be at most 120 characters"]}),
        ({"name": "a\0"}, {"name": ["must be Unicode text without NUL"]}),
        ({"name": "\ud800"}, {"name": ["must be Unicode text without NUL"]}),
        ({"url": None}, {"url": ["is required"]}),
        ({"url": ["https://a.test"]}, {"url": ["must be a string"]}),
        ({"url": "/only/a/path"}, {"url": ["must be an http or https URL"]}),
        ({"url": "file:///etc/passwd"}, {"url": ["must be an http or https URL"]}),
        ({"url": "https://[::1"}, {"url": ["must be an http or https URL"]}),
        ({"url": "https:///path"}, {"url": ["must have a host"]}),
        ({"url": "https://./"}, {"url": ["must have a host"]}),
        ({"url": "https://a.test/%00"}, {"url": ["must be Unicode text without NUL"]}),
        ({"url": "https://a.test/" + "é" * 1000}, {"url": ["must be at most 2000 bytes"]}),
        ({"domain": ""}, {"domain": ["is required"]}),
        ({"domain": {}}, {"domain": ["must be a string"]}),
        ({"referrer": 5}, {"referrer": ["must be a string"]}),
        ({"referrer": "https://x.test/\0"}, {"referrer": ["must be Unicode text without NUL"]}),
    ],
)
def test_a_fault_is_told_by_its_field(
    fields: dict[str, object], expected: dict[str, list[str]]
) -> None:
    assert errors(body(**fields)) == expected


def test_all_faults_are_told_at_once() -> None:
    assert errors(b'{"domain": " ", "referrer": 1}') == {
        "name": ["is required"],
        "url": ["is required"],
        "domain": ["is required"],
        "referrer": ["must be a string"],
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{\x00}\x00",
        b'{"name": "\xed\xa0\x80"}',
        b"1" * 5000,
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"name=pageview&url=x",
    ],
)
def test_what_is_not_json(content: bytes) -> None:
    assert errors(content) == {"request": ["is not JSON"]}


@pytest.mark.parametrize("content", [b"[]", b"null", b'"x"', b"1e999", b"NaN", b"[{}]"])
def test_json_that_is_no_object(content: bytes) -> None:
    assert errors(content) == {"request": ["must be a JSON object"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
SCHEMES = st.sampled_from(["", "http://", "https://a"])
URLS = st.builds("{}{}{}".format, SCHEMES, st.text(), st.text())
KEYS = ("name", "url", "domain", "referrer")


@given(st.dictionaries(st.sampled_from(KEYS), JSON | URLS))
def test_any_object_is_an_event_that_can_be_stored_or_has_faults(fields: dict[str, object]) -> None:
    found = {}
    try:
        payload = parse(json.dumps(fields).encode())
    except InvalidEventError as error:
        found = error.errors
    if found:
        assert set(found) <= set(KEYS)
        assert all(found.values())
        return
    for text in (payload.name, payload.hostname, payload.path, payload.referrer or ""):
        assert b"\0" not in text.encode("utf-8")
    assert payload.name
    assert payload.hostname
    assert payload.path
    assert len(payload.name) <= 120
