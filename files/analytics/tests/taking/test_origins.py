"""Origins, in the spelling of browsers."""

import pytest
from analytics.taking import origins
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://blog.test", "https://blog.test"),
        ("HTTPS://Blog.Test", "https://blog.test"),
        ("https://blog.test:443", "https://blog.test"),
        ("http://blog.test:80", "http://blog.test"),
        ("http://blog.test:443", "http://blog.test:443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_has_one_spelling(text: str, origin: str) -> None:
    assert origins.parse(text) == origin


@given(st.text())
def test_what_is_accepted_is_already_its_own_spelling(text: str) -> None:
    try:
        origin = origins.parse(text)
    except ValueError:
        return
    assert origins.parse(origin) == origin


@pytest.mark.parametrize(
    ("origin", "referer", "claimed"),
    [
        ("https://a.test", "https://b.test/x", "https://a.test"),
        ("null", "https://b.test/x", "null"),
        ("", "https://b.test/x", ""),
        (None, "https://b.test/x?y#z", "https://b.test"),
        (None, "https://u:p@B.test:443/", "https://b.test"),
        (None, "https://[::1]:8/", "https://[::1]:8"),
        (None, "about:blank", None),
        (None, "https://[::1", None),
        (None, "https://b.test:port/", None),
        (None, "", None),
        (None, None, None),
    ],
)
def test_referer_speaks_only_where_origin_is_silent(
    origin: str | None, referer: str | None, claimed: str | None
) -> None:
    assert origins.claimed(origin, referer) == claimed
