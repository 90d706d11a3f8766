"""Records: what is written is read, by this release and by others."""

import json
from typing import Any

import pytest
from analytics.spool.record import Dropped, Record, decode, encode, without_tomorrow
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\\u0"),
    max_size=20,
)
RECORDS = st.builds(
    Record,
    time=st.integers(0, 2**45),
    site=TEXTS,
    name=TEXTS,
    path=TEXTS,
    hostname=TEXTS,
    visitor=st.integers(-(2**63), 2**63 - 1),
    next_visitor=st.just(0) | st.integers(-(2**63), 2**63 - 1),
    country=st.none() | TEXTS,
    props=st.none() | st.dictionaries(TEXTS, TEXTS, min_size=1),
    interactive=st.booleans(),
    scroll=st.none() | st.integers(0, 100),
)
LEAST: dict[str, Any] = {
    "time": 1,
    "site": "a.test",
    "name": "x",
    "path": "/",
    "hostname": "a.test",
}


@given(RECORDS | st.builds(Dropped, time=st.just(1), site=TEXTS, reasons=st.just({"bot": 2})))
def test_what_is_written_is_read(record: Record | Dropped) -> None:
    assert decode(encode(record)) == record


@given(RECORDS, TEXTS, TEXTS, st.sampled_from(["path", "country", "props", "reasons"]))
def test_a_record_with_a_nul_in_any_text_is_a_value_error(
    record: Record, before: str, after: str, field: str
) -> None:
    value: Any = f"{before}\0{after}"
    if field == "reasons":
        data = encode(Dropped(time=1, site="a.test", reasons={value: 2}))
    else:
        value = value if field != "props" else {value: "x"}
        data = encode(structs.replace(record, **{field: value}))
    with pytest.raises(ValueError, match=r"^a text has NUL$"):
        decode(data)


@given(RECORDS)
def test_tomorrow_s_mark_goes_and_nothing_else_changes(record: Record) -> None:
    written = encode(record)
    blank = without_tomorrow(written)
    assert len(blank) == len(written)
    assert decode(blank) == structs.replace(record, next_visitor=0)


def test_what_only_looks_like_tomorrow_s_mark_stays() -> None:
    like = ',"next_visitor":5'
    props = {"a": "b", "next_visitor": "5", like: like}
    record = Record(**LEAST | {"path": like, "props": props})
    assert without_tomorrow(encode(record)) == encode(record)


def test_a_field_with_its_default_takes_no_room() -> None:
    written = json.loads(encode(Record(**LEAST)))
    assert written == LEAST


ADDED = st.dictionaries(
    TEXTS.map("a later {}".format) | st.just("reasons"),
    st.none() | st.booleans() | st.integers() | TEXTS | st.dictionaries(TEXTS, TEXTS),
)


@given(RECORDS, ADDED)
def test_an_event_with_fields_that_a_later_release_has_added_counts(
    record: Record, added: dict[str, Any]
) -> None:
    """The old worker reads the new webapp's records, in each redeploy and after a rollback."""
    written = json.loads(encode(record))
    assert decode(json.dumps(added | written).encode()) == record


@given(ADDED)
def test_what_was_not_counted_is_told_from_an_event_whatever_a_later_release_adds(
    added: dict[str, Any],
) -> None:
    dropped = Dropped(time=1, site="a.test", reasons={"bot": 2})
    assert decode(json.dumps(added | json.loads(encode(dropped))).encode()) == dropped


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"\xff", b"5", b"null", b"[]", b'"reasons"', b"{}", b'{"reasons": {}}',
     b"[" * 99999, b'{"time": 1, "site": "a", "colour": {"reasons": {}}}',
     b'{"time": 1, "site": "a", "reasons": []}',
     b'{"time": 1, "site": "a", "reasons": {"x": "y"}}'],
)  # fmt: skip
def test_what_is_no_record_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of which JSON's own error is one
        decode(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [("time", "1"), ("time", 1.5), ("site", None), ("path", 5), ("visitor", "x"), ("props", []),
     ("country", 7), ("scroll", "9"), ("interactive", None), ("time", True)],
)  # fmt: skip
def test_a_field_of_another_kind_is_a_value_error_that_does_not_quote_it(
    field: str, value: object
) -> None:
    with pytest.raises(ValueError, match=rf"got `\w+` - at `\$\.{field}`$"):
        decode(json.dumps(LEAST | {field: value}).encode())


@pytest.mark.parametrize(
    ("field", "value"), [("time", -1), ("time", 2**60), ("visitor", 2**63), ("visitor", -(2**64))]
)
def test_a_number_that_the_database_can_not_hold_is_a_value_error(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=rf"at `\$\.{field}`$"):
        decode(json.dumps(LEAST | {field: value}).encode())


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(TEXTS, SCALARS, max_size=3)
OBJECTS = st.dictionaries(st.sampled_from([*LEAST, "reasons", "props"]), VALUES)


@given(st.binary(max_size=60) | OBJECTS.map(lambda value: json.dumps(LEAST | value).encode()))
def test_any_bytes_are_a_record_or_a_value_error(data: bytes) -> None:
    found: Any = None
    try:
        found = decode(data)
    except ValueError:
        return
    assert isinstance(found, Record | Dropped)
