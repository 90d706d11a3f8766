"""Which requests are views of a page."""

from contextlib import suppress

import pytest
from analytics.errors import InvalidEventError
from analytics.logs.request import Request, view, why_no_view
from analytics.sites import Site
from analytics.taking.collect import Sender
from hypothesis import given
from hypothesis import strategies as st

SENDER = Sender(address="8.8.8.8", user_agent="Mozilla/5.0", language=None)
BLOG = Site("www.blog.test")


def asked(target: str = "/", status: int = 200, method: str = "GET", **more: object) -> Request:
    return Request(method=method, target=target, status=status, sender=SENDER, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "target",
    [
        *("/", "/about", "/posts/", "/a.html?x=.png", "/index.PHP", "/releases/1.2", "/a.b/c"),
        *("/apix", "/status", "//", "/n%C3%A4h"),
    ],
)
def test_a_page_is_what_has_no_other_ending(target: str) -> None:
    assert why_no_view(asked(target)) is None


@pytest.mark.parametrize(
    "target",
    [
        *("/a.css", "/a.PNG?x", "/feed.xml", "/site.webmanifest", "/.env", "/a/.html", "*", ""),
        *("/api/event", "/stats/blog.test", "http://other.test/", "/x.tar.gz"),
    ],
)
def test_files_the_service_and_what_is_no_path_are_no_pages(target: str) -> None:
    assert why_no_view(asked(target)) == "no page"


def test_the_file_that_was_sent_tells_better_than_the_address() -> None:
    assert why_no_view(asked("/data", file="/data.json")) == "no page"
    assert why_no_view(asked("/v.x", file="/v.x.html")) is None
    assert why_no_view(asked("/stats/", file="/index.html")) == "no page"


@pytest.mark.parametrize(
    ("status", "method", "reason"),
    [
        (200, "HEAD", "another method"),
        (200, "POST", "another method"),
        (404, "GET", "error"),
        (206, "GET", "error"),
        (301, "GET", "redirect"),
        (304, "GET", None),
    ],
)
def test_only_what_was_shown_counts(status: int, method: str, reason: str | None) -> None:
    assert why_no_view(asked("/", status, method)) == reason


def test_a_page_within_a_page_is_no_view() -> None:
    assert why_no_view(asked(headers={"Sec-Fetch-Dest": "iframe"})) == "no page"
    assert why_no_view(asked(headers={"Sec-Fetch-Dest": "document"})) is None


def test_a_view_is_read_as_a_tracker_s_event_is() -> None:
    seen = view(asked("/a%20b?utm_source=fb&id=7", referrer="https://www.blog.test/x"), BLOG)
    assert (seen.name, seen.path, seen.hostname) == ("pageview", "/a b", "blog.test")
    assert (seen.referrer, seen.parameters) == (None, (("utm_source", "fb"), ("id", "7")))
    assert seen.domains == ("www.blog.test",)


@pytest.mark.parametrize("target", ["/" + "x" * 2000, "/%00"])
def test_an_address_that_can_t_be_kept_is_told(target: str) -> None:
    with pytest.raises(InvalidEventError):
        view(asked(target), BLOG)


CODED = st.lists(st.sampled_from([*"%0a?&=", "\t", "%0\r", "%\n", "0\n"])).map("".join)


@given(CODED, CODED)
def test_no_address_of_a_line_becomes_a_text_with_a_nul(path: str, query: str) -> None:
    with suppress(InvalidEventError):
        seen = view(asked(f"/{path}?utm_source={query}"), BLOG)
        assert "\0" not in seen.path
        assert not any("\0" in text for pair in seen.parameters for text in pair)


def test_a_request_is_never_printed() -> None:
    assert "8.8.8.8" not in repr(asked())
