"""What trackers send, judged."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from analytics.errors import InvalidEventError
from analytics.taking.payload import Payload, parse
from hypothesis import given
from hypothesis import strategies as st

URL = "https://www.blog.test/a%20b?page=2&utm_source=x#y"


def body(**fields: object) -> bytes:
    return json.dumps({"name": "pageview", "url": URL, "domain": "blog.test"} | fields).encode()


def errors(content: bytes) -> dict[str, list[str]]:
    with pytest.raises(InvalidEventError) as caught:
        parse(content)
    return caught.value.errors


def test_all_of_an_event_is_read() -> None:
    event = {
        "name": "Signup",
        "url": "https://www.blog.test/join?utm_source=fb&utm_medium=cpc&utm_campaign=spring"
        "&utm_content=blue&utm_term=seed&q=caf%C3%A9+noir&q=2",
        "domain": "blog.test, all.test,blog.test,",
        "referrer": "https://l.facebook.com/l.php?u=secret",
        "props": {"plan": "pro", "seats": 3},
        "interactive": False,
        "revenue": {"amount": 9.90, "currency": "EUR"},
        "v": 36,
        "unknown": [1],
    }
    assert parse(json.dumps(event).encode()) == Payload(
        domains=("blog.test", "all.test"),
        name="Signup",
        hostname="blog.test",
        path="/join",
        referrer="l.facebook.com/l.php",
        parameters=(
            *(("utm_source", "fb"), ("utm_medium", "cpc"), ("utm_campaign", "spring")),
            *(("utm_content", "blue"), ("utm_term", "seed"), ("q", "café noir"), ("q", "2")),
        ),
        props=(("plan", "pro"), ("seats", "3")),
        interactive=False,
        scroll_depth=None,
        engagement_ms=None,
    )


# As @plausible-analytics/tracker 0.4.6 and plausible-tracker 0.3.9 write them.
@pytest.mark.parametrize(
    "content",
    [
        '{"n":"pageview","v":36,"u":"https://blog.test/a","d":"blog.test","r":null}',
        '{"n":"pageview","u":"https://blog.test/a","d":"blog.test","r":"","w":1280,"h":0}',
    ],
)
def test_a_page_view_of_an_unmodified_tracker(content: str) -> None:
    assert parse(content.encode()) == Payload(
        domains=("blog.test",),
        name="pageview",
        hostname="blog.test",
        path="/a",
        referrer=None,
        parameters=(),
        props=(),
        interactive=True,
        scroll_depth=None,
        engagement_ms=None,
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
        ("app://localhost/settings?utm_source=x", "localhost", "/settings"),
        ("https://blog.test/%ff", "blog.test", "/\N{REPLACEMENT CHARACTER}"),
        ("https://blog.test/" + "x" * 1982, "blog.test", "/" + "x" * 1982),
    ],
)
def test_host_and_path_of_a_page(url: str, hostname: str, path: str) -> None:
    payload = parse(body(url=url))
    assert (payload.hostname, payload.path) == (hostname, path)


@pytest.mark.parametrize(
    ("domain", "hostname"),
    [("blog.test", "blog.test"), (" www.Shop.test , blog.test", "shop.test")],
)
def test_a_path_alone_is_of_the_site_that_is_named_first(domain: str, hostname: str) -> None:
    payload = parse(body(url="/:masked/caf%C3%A9?ref=x#part", domain=domain))
    assert (payload.hostname, payload.path) == (hostname, "/:masked/café")
    assert payload.parameters == (("ref", "x"),)
    assert parse(body(url="/a", domain=domain, r=f"https://{hostname}/b")).referrer is None


@pytest.mark.parametrize(
    ("mode", "path"),
    [({}, "/a"), ({"h": 0}, "/a"), ({"h": 1}, "/a#/b c"), ({"hash_mode": True}, "/a#/b c")],
)
def test_the_fragment_counts_in_hash_mode_only(mode: dict[str, object], path: str) -> None:
    assert parse(body(url="https://blog.test/a?b#/b%20c%20", **mode)).path == path


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [("/reset?token=x&y#/z?", "#/reset"), ("/reset%3Ftoken=x", "#/reset"), ("?a", "")],
)
def test_parameters_in_a_fragment_are_kept_no_more_than_others(fragment: str, kept: str) -> None:
    payload = parse(body(url=f"https://blog.test/app#{fragment}", h=1))
    assert payload.path == f"/app{kept}"


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
        ("http://localhost:4000/drafts/", None),
        ("http://localhost.test/", "localhost.test"),
        ("javascript:alert(1)", None),
        ("nonsense", None),
        ("https://[::1", None),
        ("https://other.test/" + "x" * 3000, "other.test/" + "x" * 1981),
    ],
)
def test_referrer_is_kept_as_host_and_path(referrer: str | None, kept: str | None) -> None:
    assert parse(body(referrer=referrer)).referrer == kept


def test_parameters_that_tell_the_source_are_parameters_too() -> None:
    url = "https://blog.test/?utm_source=a&utm_id=1&ref=c"
    assert parse(body(url=url)).parameters == (("utm_source", "a"), ("utm_id", "1"), ("ref", "c"))


@pytest.mark.parametrize("domain", [{}, {"domain": None}, {"d": None}])
def test_a_tracker_without_a_domain_means_the_page_s(domain: dict[str, object]) -> None:
    content = json.dumps({"name": "pageview", "url": URL} | domain).encode()
    assert parse(content).domains == ("blog.test",)


def test_a_name_may_be_a_number() -> None:
    assert parse(body(name=404)).name == "404"


@pytest.mark.parametrize("value", [True, None, "false", 0])
def test_only_false_makes_an_event_not_interactive(value: object) -> None:
    assert parse(body(interactive=value)).interactive


@pytest.mark.parametrize(
    ("measures", "depth", "milliseconds"),
    [
        ({"sd": 55, "e": 1500}, 55, 1500),
        ({"scroll_depth": 0, "engagement_time": 0}, 0, None),
        ({"sd": None, "e": 3000}, None, 3000),
    ],
)
def test_an_engagement_has_depth_or_time(
    measures: dict[str, object], depth: int | None, milliseconds: int | None
) -> None:
    payload = parse(body(name="engagement", **measures))
    assert (payload.scroll_depth, payload.engagement_ms) == (depth, milliseconds)


def test_other_events_have_neither() -> None:
    payload = parse(body(sd=55, e=1500))
    assert (payload.scroll_depth, payload.engagement_ms) == (None, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": None}, {"name": ["is required"]}),
        ({"name": " "}, {"name": ["is required"]}),
        ({"name": [1]}, {"name": ["must be a string"]}),
        ({"name": True}, {"name": ["must be a string"]}),
        ({"name": "x" * 121}, {"name": ["must be at most 120 characters"]}),
        ({"name": 10**120}, {"name": ["must be at most 120 characters"]}),
        ({"name": "a\0"}, {"name": ["must be Unicode text without NUL"]}),
        ({"name": "\ud800"}, {"name": ["must be Unicode text without NUL"]}),
        ({"url": None}, {"url": ["is required"]}),
        ({"url": ["https://a.test"]}, {"url": ["must be a string"]}),
        (
            {"url": "/only/a/path", "domain": None},
            {"url": ["must be an http, https or app URL"]},
        ),
        ({"url": "only/a/path"}, {"url": ["must be an http, https or app URL"]}),
        ({"url": "//blog.test/path"}, {"url": ["must be an http, https or app URL"]}),
        ({"url": "file:///etc/passwd"}, {"url": ["must be an http, https or app URL"]}),
        ({"url": "https://[::1"}, {"url": ["must be an http, https or app URL"]}),
        ({"url": "https:///path"}, {"url": ["must have a host"]}),
        ({"url": "https://./"}, {"url": ["must have a host"]}),
        ({"url": "https://a.test/%00"}, {"url": ["must be Unicode text without NUL"]}),
        ({"url": "https://a.test/?q=%00"}, {"url": ["must be Unicode text without NUL"]}),
        ({"url": "https://a.test/" + "é" * 1000}, {"url": ["must be at most 2000 bytes"]}),
        (
            {"url": "/", "domain": f"x?utm_source={'y' * 2000},blog.test"},
            {"url": ["must be at most 2000 bytes"]},
        ),
        ({"domain": ""}, {"domain": ["is required"]}),
        ({"domain": " , "}, {"domain": ["is required"]}),
        ({"domain": {}}, {"domain": ["must be a string"]}),
        ({"referrer": 5}, {"referrer": ["must be a string"]}),
        ({"referrer": "https://x.test/\0"}, {"referrer": ["must be Unicode text without NUL"]}),
        (
            {"props": {"k" * 301: 1}},
            {"props": ["keys must have at most 300 bytes and values 2000 bytes"]},
        ),
        (
            {"name": "engagement", "sd": -1, "e": "soon"},
            {"name": ["needs a whole number as scroll_depth or engagement_time"]},
        ),
    ],
)
def test_a_fault_is_told_by_its_field(
    fields: dict[str, object], expected: dict[str, list[str]]
) -> None:
    assert errors(body(**fields)) == expected


@pytest.mark.parametrize("gap", ["", "\t", "\n", "\r", "\r\n"])
@pytest.mark.parametrize("where", ["a{}b", "?utm_source=x{}y", "?x{}y=1", "#{}"])
def test_no_gap_in_its_digits_hides_a_nul(where: str, gap: str) -> None:
    """A URL's reader takes tabs and line breaks out, wherever they are, and only then decodes."""
    for nul in (f"%{gap}00", f"%0{gap}0"):
        url = "https://blog.test/" + where.format(nul)
        assert errors(body(url=url, hash_mode=1)) == {"url": ["must be Unicode text without NUL"]}


def test_all_faults_are_told_at_once() -> None:
    assert errors(b'{"domain": " ", "referrer": 1, "p": {"a": "\\u0000"}}') == {
        "name": ["is required"],
        "url": ["is required"],
        "domain": ["is required"],
        "referrer": ["must be a string"],
        "props": ["must be Unicode text without NUL"],
    }


@pytest.mark.parametrize("value", [{}, [], "x", {"amount": "much", "currency": "EUR"}, 1e999])
def test_revenue_changes_nothing_of_an_event(value: object) -> None:
    assert parse(body(revenue=value)) == parse(body())


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
SCHEMES = st.sampled_from(
    ["", "http://", "https://a", "https://a.test/?utm_source=", "android-app://"]
)
# What an address is decoded from, and what is taken out of it before that.
CODED = st.lists(st.sampled_from([*"%0aF?&=#/", "\t", "%0\r", "%\n", "0\n"])).map("".join)
URLS = st.builds("{}{}{}".format, SCHEMES, st.text() | CODED, st.text() | CODED)
LONG = ("name", "url", "domain", "referrer", "props", "interactive", "scroll_depth")
SHORT = ("n", "u", "d", "r", "p", "m", "meta", "i", "sd", "e", "$", "revenue", "h", "hash_mode")
FIELDS = st.dictionaries(st.sampled_from(LONG + SHORT), JSON | URLS)
# Most of these are events but for one or two fields.
NEARLY = st.builds(lambda fields: json.loads(body(name="engagement")) | fields, FIELDS)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


def read(content: bytes) -> Payload | dict[str, list[str]]:
    try:
        return parse(content)
    except InvalidEventError as error:
        return error.errors


@given(FIELDS | NEARLY)
def test_any_object_is_an_event_that_can_be_stored_or_has_faults(fields: dict[str, object]) -> None:
    payload = read(json.dumps(fields).encode())
    if isinstance(payload, dict):
        assert set(payload) <= set(LONG)
        assert all(payload.values())
        return
    for text in texts(asdict(payload)):
        assert b"\0" not in text.encode("utf-8")
        assert len(text.encode("utf-8")) <= 2000
    assert payload.domains
    assert all(payload.domains)
    assert 0 < len(payload.name) <= 120
    assert 0 < len(payload.hostname) <= 253
    assert payload.path
    assert len(payload.props) <= 30
    assert payload.scroll_depth is None or 0 <= payload.scroll_depth <= 100
    assert payload.engagement_ms is None or 0 < payload.engagement_ms <= 30 * 86_400_000


@given(CODED, CODED)
def test_no_text_that_is_decoded_from_an_address_has_a_nul(path: str, tail: str) -> None:
    payload = read(body(url=f"https://blog.test/{path}?utm_source={tail}", hash_mode=1))
    assert isinstance(payload, dict) or "\0" not in "".join(texts(asdict(payload)))


@given(st.binary() | st.binary().map(lambda noise: body(props="{}").replace(b"{}", noise)))
def test_any_bytes_are_an_event_or_have_faults(content: bytes) -> None:
    assert read(content)
