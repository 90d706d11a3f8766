"""Lines of access logs, as servers write them and as they may be broken."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from analytics.errors import InvalidEventError
from analytics.logs.combined import parse
from analytics.logs.request import view, why_no_view
from analytics.logs.times import moment
from analytics.sites import Site
from hypothesis import given
from hypothesis import strategies as st

REST = '"GET /a?b=1 HTTP/1.1" 200 512 "https://x.test/y" "Mozilla/5.0 (X11)"'
TIME = "[25/Nov/2026:00:43:19 +0000]"


@pytest.mark.parametrize(
    ("head", "host", "address"),
    [
        ("8.8.8.8 - -", None, "8.8.8.8"),
        ("2001:db8::1 - anna maria", None, "2001:db8::1"),
        ("www.blog.test:443 8.8.8.8 - -", "www.blog.test", "8.8.8.8"),
        ("blog.test 2001:db8::1 - -", "blog.test", "2001:db8::1"),
        # What a proxy forwards in place of its own address.
        ("8.8.8.8, 10.0.0.1 - -", None, "8.8.8.8"),
        ("8.8.8.8 ,  1.1.1.1 - -", None, "8.8.8.8"),
        ("unknown, 8.8.8.8, 10.0.0.1 - -", None, "8.8.8.8"),
        ("blog.test:80 2001:db8::1, 192.0.2.1,10.0.0.1 - -", "blog.test", "2001:db8::1"),
    ],
)
def test_who_asked_and_whom(head: str, host: str | None, address: str) -> None:
    request = parse(f"{head} {TIME} {REST}\n")
    assert (request.host, request.sender.address) == (host, address)
    assert (request.method, request.target, request.status) == ("GET", "/a?b=1", 200)
    assert (request.referrer, request.sender.user_agent) == (
        "https://x.test/y",
        "Mozilla/5.0 (X11)",
    )


def test_what_was_not_sent_is_none() -> None:
    request = parse(f'8.8.8.8 - - {TIME} "GET / HTTP/1.1" 304 - "-" "-" "and more"')
    assert (request.referrer, request.sender.user_agent) == ("", None)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (r"a\x22b\x5C", 'a"b\\'),  # nginx
        (r"a\"b\\ \t", 'a"b\\ \t'),  # Apache
        (r"\xC3\xA4", "ä"),
        ("\xc3\xa4", "ä"),
        (r"\xff", "\ufffd"),
        ("", ""),
    ],
)
def test_escapes_are_undone(written: str, sent: str) -> None:
    line = f'8.8.8.8 - - {TIME} "GET / HTTP/1.1" 200 1 "-" "{written}"'
    assert parse(line).sender.user_agent == sent


@pytest.mark.parametrize(
    "line",
    [
        *("", "\n", "8.8.8.8", f"{TIME} {REST}", f"8.8.8.8 {TIME} {REST}", "\x00" * 100),
        f"8.8.8.8 - - {TIME} {REST[:-1]}",
        f'8.8.8.8 - - {TIME} "GET / HTTP/1.1" 200 512',
        f"8.8.8.8 - a{TIME}b {TIME} {REST}",
    ],
)
def test_a_broken_line_is_told(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(line)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("[25/Nov/2026:00:30:00 +0100]", "2026-11-24T23:30:00"),
        ("[31/Dec/2025:23:59:59 -0930]", "2026-01-01T09:29:59"),
        ("[29/Feb/2024:12:00:00 +0000]", "2024-02-29T12:00:00"),
    ],
)
def test_a_time_is_read_with_its_offset(text: str, utc: str) -> None:
    assert datetime.fromtimestamp(moment(text), UTC).replace(tzinfo=None).isoformat() == utc


@pytest.mark.parametrize(
    "text",
    [
        *("", "[25/Nov/2026]", "[25/Foo/2026:00:00:00 +0000]", "[25/Nov/2026:24:00:00 +0000]"),
        *("[00/Nov/2026:00:00:00 +0000]", "[25/Nov/2026:00:00:00 +2500]"),
        "[25/Nov/0000:00:00:00 +0000]",
    ],
)
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment(text)


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
)
def test_any_time_is_read_as_it_was_written(time: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * time.month - 3 : 3 * time.month]
    text = f"[{time.day:02}/{month}/{time.year}:{time:%H:%M:%S} {offset}]"
    utc = time.replace(microsecond=0, tzinfo=UTC).timestamp() - minutes * 60
    assert moment(text) == utc


@given(
    st.one_of(
        st.text(st.characters(max_codepoint=255)),
        st.from_regex(r'\S+ - - \[.*\] ".*" \d{3} - ".*" ".*"'),
    )
)
def test_nothing_else_is_raised_whatever_a_line_holds(line: str) -> None:
    with suppress(ValueError, InvalidEventError):
        request = parse(line.encode("latin-1", "replace").decode("latin-1"))
        if not why_no_view(request):
            view(request, Site("blog.test"))


@given(st.binary(max_size=300).filter(lambda sent: sent != b"-"))
def test_whatever_a_browser_calls_itself_comes_back(sent: bytes) -> None:
    # As nginx escapes. https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
    written = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}" for byte in sent
    )
    line = f'8.8.8.8 - - {TIME} "GET / HTTP/1.1" 200 1 "-" "{written}"'
    assert parse(line).sender.user_agent == sent.decode("utf-8", "replace")
