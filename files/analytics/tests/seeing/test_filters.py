"""Filters: what a click does, and addresses that hold any text and any nonsense."""

from urllib.parse import parse_qsl, urlencode

import pytest
from analytics.seeing import filters
from analytics.seeing.filters import DIMENSIONS, Filter, Filters, Operator, dimension, from_query
from hypothesis import given
from hypothesis import strategies as st

# What a database can hold, and so what a page can show to be clicked.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NAMES = st.sampled_from([each.key for each in DIMENSIONS]) | TEXTS.filter(bool).map(
    "prop:{}".format
)
OPERATORS = st.sampled_from(sorted(filters.OPERATORS))


def _filters(drawn: list[tuple[str, str, Operator]]) -> Filters:
    found = Filters()
    for name, value, operator in drawn:
        # Nothing contains nothing: such a field of a form is a blank one.
        if value or operator in ("is", "is_not"):
            found = found.with_(name, value, operator=operator)
    return found


FILTERS = st.lists(st.tuples(NAMES, TEXTS, OPERATORS), max_size=20).map(_filters)


@given(FILTERS)
def test_an_address_gives_back_the_filters_that_made_it(found: Filters) -> None:
    address = urlencode(found.to_query())
    pairs = parse_qsl(address, keep_blank_values=True)
    assert from_query(pairs) == (found, [])
    assert from_query(reversed(pairs)) == (found, [])


@given(FILTERS, NAMES, TEXTS, OPERATORS)
def test_two_clicks_change_nothing_and_one_does(
    found: Filters, name: str, value: str, operator: Operator
) -> None:
    clicked = found.toggle(name, value, operator)
    assert clicked != found
    assert clicked.has(name, value, operator) is not found.has(name, value, operator)
    assert clicked.toggle(name, value, operator) == found


@given(FILTERS, NAMES, TEXTS)
def test_what_was_taken_away_whole_is_gone(found: Filters, name: str, value: str) -> None:
    left = found.with_(name, value).without(name)
    assert name not in {each.dimension for each in left}
    assert left == found.without(name)


def test_values_of_one_dimension_and_operator_are_one_filter() -> None:
    found = Filters().toggle("country", "NL").toggle("country", "DE").toggle("page", "/")
    found = found.with_("country", "", operator="is_not")
    assert list(found) == [
        Filter("country", "is", ("DE", "NL")),
        Filter("country", "is_not", ("",)),
        Filter("page", "is", ("/",)),
    ]
    assert len(found) == 3
    assert len(found.without("country", "is")) == 2
    assert not Filters()


def test_an_address_reads_as_a_sentence() -> None:
    found = Filters().with_("page", "/blog", operator="contains").with_("prop:is.author", "Ann")
    assert found.to_query() == [("contains.page", "/blog"), ("prop:is.author", "Ann")]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("colour", "red", "There is no filter 'colour'."),
        ("is_not.colour", "red", "There is no filter 'is_not.colour'."),
        ("matches.page", "/", "There is no filter 'matches.page'."),
        ("", "", "There is no filter ''."),
        ("prop:", "x", "There is no filter 'prop:'."),
        ("prop:" + "é" * 151, "x", "There is no filter 'prop:" + "é" * 35 + "'."),
        ("page", "/" * 2001, "Page: longer than 2,000 characters."),
        ("page", "/\0", "Page: must be Unicode text without NUL."),
        ("page", "/\ud800", "Page: must be Unicode text without NUL."),
    ],
)
def test_nonsense_is_left_out_and_reported(key: str, value: str, sentence: str) -> None:
    found, problems = from_query([(key, value), ("country", "NL")])
    assert problems == [sentence]
    assert found == Filters().with_("country", "NL")


def test_a_blank_field_of_a_form_is_no_filter_but_an_unknown_country_is_one() -> None:
    assert from_query([("contains.page", "")]) == (Filters(), [])
    assert from_query([("country", "")]) == (Filters().with_("country", ""), [])


def test_what_is_too_many_is_left_out_and_reported_once() -> None:
    found, problems = from_query((f"prop:{number}", "x") for number in range(30))
    assert len(found) == 20
    assert problems == ["At most 20 filters at once; the others are left out."]
    found, problems = from_query(("page", f"/{number}") for number in range(300))
    assert len(found.conditions) == 100
    assert problems == ["At most 100 values at once; the others are left out."]


@given(st.lists(st.tuples(st.text() | NAMES, st.text()), max_size=30))
def test_any_pairs_make_filters_that_a_database_can_hold(pairs: list[tuple[str, str]]) -> None:
    found, problems = from_query(pairs)
    for each in found:
        assert dimension(each.dimension)
        "".join((each.dimension, *each.values)).encode()
    assert len(problems) <= 5
    "".join(problems).encode()
    assert from_query(found.to_query())[0] == found
