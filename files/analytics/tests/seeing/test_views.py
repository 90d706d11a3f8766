"""Views: an address is short, says everything, and never breaks the page."""

from datetime import date
from typing import Any, Unpack
from urllib.parse import parse_qsl, unquote

import pytest
from analytics.seeing import views
from analytics.seeing.filters import Filters
from analytics.seeing.links import Changes, Place
from analytics.seeing.periods import MENU, menu, parse
from analytics.seeing.views import View, from_query
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 3, 30)
FIRST = date(2025, 6, 1)
USUAL = View(parse("28d", TODAY), "28d")


def href(view: View, **changes: Unpack[Changes]) -> str:
    """The address of the site's page under this view with some things changed."""
    return Place("", view, {}).href(**changes)


def read(address: str) -> tuple[View, list[str]]:
    """What the address opens, as a browser sends it."""
    query = parse_qsl(address.removeprefix("?"), keep_blank_values=True)
    return from_query(query, TODAY, FIRST)


def test_the_usual_view_has_an_empty_address() -> None:
    assert href(USUAL) == ""
    assert read("") == (USUAL, [])


def test_a_link_changes_one_thing_and_keeps_the_rest() -> None:
    view = read("?period=91d&interval=week&compare=year&metric=bounce_rate&page=/a%20b")[0]
    assert href(view, comparison="none") == (
        "?period=91d&compare=none&interval=week&metric=bounce_rate&page=/a+b"
    )
    assert href(view, filters=view.filters.toggle("page", "/a b").toggle("prop:x", "é")) == (
        "?period=91d&compare=year&interval=week&metric=bounce_rate&prop:x=%C3%A9"
    )


def test_a_chosen_interval_gives_way_to_a_period_that_cannot_have_it() -> None:
    view = read("?period=91d&interval=month")[0]
    assert view.curve == "month"
    assert href(view, period=parse("7d", TODAY)) == "?period=7d"
    assert href(view, interval=None) == "?period=91d"
    assert href(view, period=parse("2025", TODAY)) == "?period=2025&interval=month"


def test_a_new_site_shows_today_and_its_links_say_so_no_more_than_others_do() -> None:
    view, _ = from_query([], TODAY, TODAY)
    assert view.period.key == "day"
    assert href(view) == ""
    assert href(view, period=parse("28d", TODAY)) == "?period=28d"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?period=tomorrow", "'tomorrow' is no period"),
        ("?period=2031", "in the future"),
        ("?compare=best", "compare can be previous, year, none here, not 'best'."),
        ("?interval=hour", "interval can be day, week here, not 'hour'."),
        ("?metric=money", "metric can be visitors,"),
        ("?fbclid=1", "There is no filter 'fbclid'."),
    ],
)
def test_nonsense_opens_the_usual_view_and_is_reported(query: str, sentence: str) -> None:
    view, problems = read(query)
    assert view == USUAL
    assert len(problems) == 1
    assert sentence in problems[0]


def test_a_form_sends_its_own_range_as_two_fields() -> None:
    view, problems = read("?period=7d&from=2026-01-15&to=2026-02-03&compare=year")
    assert problems == []
    assert href(view) == "?period=2026-01-15..2026-02-03&compare=year"
    assert read("?from=2026-01-15&to=")[0].period.key == "2026-01-15"
    assert read("?from=&to=&period=7d")[0].period.key == "7d"
    assert "ends before it begins" in read("?from=2026-02-03&to=2026-01-15")[1][0]


def test_keys_of_the_caller_are_left_to_it() -> None:
    pairs = [("search", "x"), ("period", "7d"), ("period", "nonsense")]
    view, problems = from_query(pairs, TODAY, FIRST, others={"search"})
    assert (view.period.key, problems) == ("7d", [])


VIEWS = st.builds(
    View,
    st.sampled_from([*MENU, "2025", "2026-02", "2025-06-01..2026-01-01"]).map(
        lambda key: parse(key, TODAY, FIRST)
    ),
    st.just("28d"),
    st.sampled_from(views.COMPARISONS),
    st.sampled_from(("hour", "day", "week", "month", None)),
    st.sampled_from(views.METRICS),
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))).map(
        lambda values: Filters().with_("page", *values)
    ),
)


@given(VIEWS)
def test_an_address_opens_the_view_that_made_it(view: View) -> None:
    again, problems = read(href(view))
    assert problems == []
    assert href(again) == href(view)
    assert (again.period, again.curve, again.filters) == (view.period, view.curve, view.filters)
    assert (again.comparison, again.metric) == (view.comparison, view.metric)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["period", "compare", "interval", "metric", "page"]) | st.text(),
            st.text(),
        )
    ),
    st.dates(),
    st.none() | st.dates(),
)
def test_no_address_and_no_clock_breaks_the_page(
    pairs: list[tuple[str, Any]], today: date, first_day_of_data: date | None
) -> None:
    view, problems = from_query(pairs, today, first_day_of_data)
    unquote(href(view))
    "".join(problems).encode()
    assert [period.key for period in menu(today, first_day_of_data)] == list(MENU)
