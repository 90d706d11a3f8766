"""Fields of an event under all their names."""

import json

import pytest
from analytics.errors import InvalidEventError
from analytics.taking.fields import Fields


def fields(**values: object) -> Fields:
    return Fields(json.dumps(values).encode())


@pytest.mark.parametrize("key", ["props", "meta", "p", "m"])
def test_each_name_of_a_field_is_taken(key: str) -> None:
    assert fields(**{key: {"a": 1}}).value("props") == {"a": 1}


def test_the_long_name_wins() -> None:
    assert fields(n="short", name="long").text("name") == "long"
    assert fields(name="long", n="short").text("name") == "long"


def test_null_under_the_long_name_leaves_the_short_one() -> None:
    assert fields(name=None, n="short").text("name") == "short"


def test_false_and_zero_are_values() -> None:
    assert fields(interactive=False, i=True).value("interactive") is False
    assert fields(scroll_depth=0, sd=9).value("scroll_depth") == 0


def test_the_last_of_a_repeated_key_wins() -> None:
    assert Fields(b'{"n": "a", "n": "b"}').text("name") == "b"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "a\x00"}',
        b"1" * 5000,
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"name=pageview&url=x",
    ],
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(InvalidEventError) as caught:
        Fields(body)
    assert caught.value.errors == {"request": ["is not JSON"]}


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1e999", b"NaN", b"[{}]"])
def test_json_that_is_no_object(body: bytes) -> None:
    with pytest.raises(InvalidEventError) as caught:
        Fields(body)
    assert caught.value.errors == {"request": ["must be a JSON object"]}
