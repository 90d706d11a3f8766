"""URLs of pages and referrers, whatever they are."""

import pytest
from analytics.taking import urls
from hypothesis import example, given
from hypothesis import strategies as st

HOSTS = st.from_regex(r"(www\.)?[A-Za-zÀ-İ.-]{1,300}", fullmatch=True)
URLS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "http://", "https://", "android-app://", "//", "http://[", "data:"]),
    st.text() | HOSTS,
    st.text() | st.from_regex(r"/(%[0-9a-f]{2}|é){0,900}", fullmatch=True),
)


@pytest.mark.parametrize(
    ("url", "hostname"),
    [
        ("https://WWW.Blog.test.", "blog.test"),
        ("https://www.www.test/", "www.test"),
        ("https://[2001:DB8::1]:8080/", "2001:db8::1"),
        ("https://münchen.test/", "münchen.test"),
        ("https:///", ""),
        ("https://./", ""),
        ("https://a b/", ""),
        ("https://\u2003/", ""),
        ("https://" + "a" * 254, ""),
    ],
)
def test_a_host_is_one_word_without_www(url: str, hostname: str) -> None:
    parts = urls.split(url)
    assert parts is not None
    assert urls.hostname_of(parts) == hostname


def test_parameters_are_decoded_and_keep_their_order() -> None:
    parts = urls.split("https://blog.test/?b=caf%C3%A9+au%20lait&a=1&b=&c&=d#?e=f")
    assert parts is not None
    pairs = [("b", "café au lait"), ("a", "1"), ("b", ""), ("c", ""), ("", "d")]
    assert urls.parameters_of(parts) == pairs


@given(URLS)
@example("https://" + "İ" * 200 + "/" + "x" * 3000)
def test_any_referrer_is_none_or_a_short_one_of_another_host(url: str) -> None:
    found = urls.external(url, "blog.test")
    if found is None:
        return
    host, path = found
    assert host
    assert host != "blog.test"
    assert len((host + path).encode()) <= urls.MAX_REFERRER_BYTES


@given(URLS, st.booleans())
def test_any_page_has_a_path_that_is_no_longer_than_its_url(url: str, with_fragment: bool) -> None:
    parts = urls.split(url)
    if parts is None:
        return
    path = urls.path_of(parts, with_fragment=with_fragment)
    assert path
    assert path == path.rstrip()
    assert len(path.encode()) <= max(1, len(url.encode()))
    assert len(urls.hostname_of(parts)) <= 253
