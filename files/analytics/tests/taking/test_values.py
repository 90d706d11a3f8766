"""Properties and engagement."""

import json

import pytest
from analytics.taking.fields import Fields
from analytics.taking.values import (
    MAX_ENGAGEMENT_MS,
    engagement_milliseconds,
    properties,
    scroll_depth,
)


def kept(props: object) -> tuple[tuple[str, str], ...]:
    fields = Fields(json.dumps({"p": props}).encode())
    found = properties(fields)
    assert not fields.errors
    return found


def faults(props: object) -> dict[str, list[str]]:
    fields = Fields(json.dumps({"p": props}).encode())
    properties(fields)
    return fields.errors


def test_texts_stay_and_other_values_are_written_as_json_does() -> None:
    assert kept({"text": " a ", "int": 3, "float": 1.50, "big": 1e22, "yes": True, "zero": 0}) == (
        ("text", " a "),
        ("int", "3"),
        ("float", "1.5"),
        ("big", "1e+22"),
        ("yes", "true"),
        ("zero", "0"),
    )


@pytest.mark.parametrize("value", [None, "", " \t", [], [1], {}, {"a": 1}, float("inf")])
def test_what_can_be_no_property_is_left_out_alone(value: object) -> None:
    assert kept({"bad": value, "good": 1}) == (("good", "1"),)


def test_a_blank_key_is_left_out_alone() -> None:
    assert kept({"": 1, " ": 2, "good": 3}) == (("good", "3"),)


def test_properties_may_be_json_in_a_string() -> None:
    assert kept('{"a": true, "b": [1]}') == (("a", "true"),)


@pytest.mark.parametrize("props", ["nonsense", "[1]", "[" * 60_000, "", 5, [{"a": 1}], True])
def test_properties_that_are_no_object_are_none(props: object) -> None:
    assert kept(props) == ()


def test_the_first_thirty_good_ones_are_kept() -> None:
    good = {f"key{number}": number for number in range(40)}
    assert kept({"bad": None} | good) == tuple((f"key{n}", str(n)) for n in range(30))


def test_keys_and_values_may_be_as_long_as_the_limit() -> None:
    assert kept({"é" * 150: "é" * 1000}) == (("é" * 150, "é" * 1000),)


@pytest.mark.parametrize(
    "props",
    [{"k" * 301: 1}, {"é" * 151: 1}, {"a": "v" * 2001}, {"a": "é" * 1001}, {"a": 10**2000}],
)
def test_a_key_or_value_that_is_too_long_is_a_fault(props: object) -> None:
    message = "keys must have at most 300 bytes and values 2000 bytes"
    assert faults(props) == {"props": [message]}


@pytest.mark.parametrize("props", [{"a": "\0"}, {"\0": "a"}, {"a": "\ud83d"}, '{"a": "\\ud83d"}'])
def test_what_is_no_text_is_a_fault(props: object) -> None:
    assert faults(props) == {"props": ["must be Unicode text without NUL"]}


@pytest.mark.parametrize(
    ("value", "depth"), [(0, 0), (100, 100), ("55", 55), (101, 100), (10**4000, 100)]
)
def test_scroll_depth_is_a_percentage(value: object, depth: int) -> None:
    assert scroll_depth(value) == depth


@pytest.mark.parametrize("value", [-1, 55.5, "x", "", None, True, [50], "9" * 5000])
def test_nonsense_is_an_unknown_scroll_depth(value: object) -> None:
    assert scroll_depth(value) is None


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [(1, 1), ("1500", 1500), (MAX_ENGAGEMENT_MS + 1, MAX_ENGAGEMENT_MS)],
)
def test_engagement_is_at_most_thirty_days(value: object, milliseconds: int) -> None:
    assert engagement_milliseconds(value) == milliseconds


@pytest.mark.parametrize("value", [0, -1, 1.5, "x", None, False, {}])
def test_nonsense_is_no_engagement(value: object) -> None:
    assert engagement_milliseconds(value) is None
