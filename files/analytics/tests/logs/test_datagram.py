"""What nginx sends, and whatever else may arrive at its socket."""

import json
from contextlib import suppress

import pytest
from analytics.errors import InvalidEventError
from analytics.logs import datagram
from analytics.logs.request import view, why_no_view
from analytics.sites import Site
from hypothesis import given
from hypothesis import strategies as st

HEAD = b"<190>Nov 25 00:43:19 nginx: "
SEEN = {"method": "GET", "status": "200", "host": "blog.test", "target": "/", "file": "/index.html"}
KEYS = [
    *(*SEEN, "own", "address", "Referer", "User-Agent", "Accept-Language", "DNT", "Sec-GPC"),
    *("Sec-CH-UA", "Sec-Fetch-Dest", "From", "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"),
]


def sent(**values: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in values.items()}
    return HEAD + json.dumps(SEEN | named).encode()


def test_a_request_is_read_with_who_sent_it() -> None:
    request = datagram.parse(
        sent(
            address="8.8.8.8",
            User_Agent="Mozilla/5.0",
            Accept_Language="en;q=0.5, de-AT",
            Sec_GPC="1",
            own="1",
        )
    )
    assert request.sender.address == "8.8.8.8"
    assert request.sender.language == "de-AT"
    assert request.sender.is_owner
    assert request.headers == {"Sec-GPC": "1"}


def test_a_header_that_is_not_there_is_none() -> None:
    request = datagram.parse(sent(User_Agent="", DNT=""))
    assert request.sender.user_agent is None
    assert request.headers == {}


def test_bytes_that_are_no_text_cost_nothing_but_themselves() -> None:
    request = datagram.parse(sent(target="/TARGET").replace(b"TARGET", b"\xff\xc3\xa4"))
    assert request.target == "/\ufffdä"


@pytest.mark.parametrize(
    "data",
    [
        *(b"", HEAD, b"{}", b"{", b"[]", HEAD + b'{"status": 200}', HEAD + b'{"status": "2x0"}'),
        *(b'{"a":' * 20_000, HEAD + b'{"status": "200", "host": ["a"]}', b"1" * 5000),
    ],
)
def test_what_tells_of_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        datagram.parse(data)


@given(st.dictionaries(st.sampled_from(KEYS), st.text()), st.binary())
def test_nothing_else_is_raised_whatever_comes(values: dict[str, str], data: bytes) -> None:
    for one in (HEAD + json.dumps(SEEN | values).encode(), HEAD + b'{"status":"' + data, data):
        with suppress(ValueError, InvalidEventError):
            request = datagram.parse(one)
            if not why_no_view(request):
                view(request, Site("blog.test"))
