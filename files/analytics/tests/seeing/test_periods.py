"""Periods: what an address may name, and the steps of the arrow keys."""

from datetime import date, timedelta

import pytest
from analytics.seeing import periods
from analytics.seeing.periods import Period, parse
from hypothesis import assume, given
from hypothesis import strategies as st

TODAY = date(2026, 3, 30)  # a Monday
FIRST = date(2025, 6, 1)

DAYS = st.dates(date(1996, 1, 1), date(2060, 12, 31))
KEYS = st.one_of(
    st.sampled_from(periods.MENU),
    st.integers(1, 800).map("{}d".format),
    st.dates(date(1993, 1, 1), date(2030, 1, 1)).map("{:%Y-%m}".format),
    st.integers(1993, 2030).map(str),
    st.tuples(DAYS, st.integers(0, 500)).map(
        lambda drawn: f"{drawn[0]}..{drawn[0] + timedelta(drawn[1])}"
    ),
)


def read(key: str, today: date) -> Period:
    """The period, or another example where its days are still to come."""
    try:
        return parse(key, today, FIRST)
    except ValueError:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("day", "2026-03-30", "2026-03-30"),
        ("yesterday", "2026-03-29", "2026-03-29"),
        ("7d", "2026-03-23", "2026-03-29"),
        ("28d", "2026-03-02", "2026-03-29"),
        ("month", "2026-03-01", "2026-03-30"),
        ("year", "2026-01-01", "2026-03-30"),
        ("all", "2025-06-01", "2026-03-30"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("2026-01-15", "2026-01-15", "2026-01-15"),
        ("2026-01-01..2026-02-03", "2026-01-01", "2026-02-03"),
        ("2026-01-15..", "2026-01-15", "2026-01-15"),
        (" 2026-03-25..2026-12-31 ", "2026-03-25", "2026-03-30"),
    ],
)
def test_an_address_names_its_days(text: str, first: str, last: str) -> None:
    period = parse(text, TODAY, FIRST)
    assert (str(period.first), str(period.last)) == (first, last)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no period"),
        ("0d", "is no period"),
        ("-7d", "is no period"),
        ("\N{ARABIC-INDIC DIGIT SEVEN}d", "is no period"),
        ("999999d", "is no period"),
        ("2026-02-30", "is no period"),
        ("2026-13", "is no period"),
        ("20260101", "is no period"),
        ("2026-W01", "is no period"),
        ("2026-02-03..2026-01-01", "ends before it begins"),
        ("2026-03-31", "is in the future"),
        ("2027", "is in the future"),
        ("1989", "begins before 1990"),
        ("0000", "is no period"),
        ("99999d", "begins before 1990"),
    ],
)
def test_nonsense_is_answered_by_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        parse(text, TODAY, FIRST)
    assert str(caught.value).endswith(".")


@given(st.text(alphabet="0123456789-.dymonthearl\x00٣\ud800", max_size=60) | st.text(), DAYS)
def test_any_text_is_a_period_of_the_past_or_a_short_sentence(text: str, today: date) -> None:
    try:
        period = parse(text, today, FIRST)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert periods.EARLIEST <= period.first <= period.last <= today
    assert len(sentence) < 400
    sentence.encode()


@given(KEYS, DAYS)
def test_a_key_names_the_same_period_when_it_is_read_again(key: str, today: date) -> None:
    period = read(key, today)
    assert parse(period.key, today, FIRST) == period


@pytest.mark.parametrize(
    ("today", "first_day_of_data", "key"),
    [
        (TODAY, None, "day"),
        (TODAY, TODAY, "day"),
        (TODAY, TODAY - timedelta(days=1), "day"),
        (TODAY, TODAY - timedelta(days=2), "28d"),
    ],
)
def test_a_new_site_shows_today_first(
    today: date, first_day_of_data: date | None, key: str
) -> None:
    assert periods.usual(today, first_day_of_data) == key


def test_all_begins_today_when_there_is_no_data_or_its_clock_was_ahead() -> None:
    assert parse("all", TODAY, None).first == TODAY
    assert parse("all", TODAY, TODAY + timedelta(days=3)).first == TODAY


def test_a_clock_of_1970_leaves_a_period_to_show() -> None:
    today = date(1970, 1, 1)
    assert parse(periods.usual(today, FIRST), today, FIRST).days == 1
    assert parse("all", today, FIRST).days == 1
    assert parse("all", TODAY, today).first == periods.EARLIEST


@given(KEYS, DAYS)
def test_the_previous_period_ends_the_day_before_and_is_as_long(key: str, today: date) -> None:
    period = read(key, today)
    before = periods.previous(period)
    if period.unit == "all" or before is None:
        return
    assert before.last == before.end == period.first - timedelta(days=1)
    if period.unit == "days":
        assert before.days == (period.end - period.first).days + 1
    else:
        begins = {"month": before.first.day, "year": before.first.timetuple().tm_yday}
        assert begins[period.unit] == 1
        assert before.days in ({28, 29, 30, 31} if period.unit == "month" else {365, 366})


@given(KEYS, DAYS)
def test_a_step_back_is_undone_by_a_step_forth(key: str, today: date) -> None:
    period = read(key, today)
    back = periods.earlier(period, today)
    assume(back is not None)
    assert back is not None
    forth = periods.later(back, today)
    assert forth is not None
    assert (forth.first, forth.last, forth.end) == (period.first, period.last, period.end)


@given(KEYS, DAYS)
def test_no_step_leads_into_the_future(key: str, today: date) -> None:
    after = periods.later(read(key, today), today)
    assert after is None or after.last <= today


@pytest.mark.parametrize("key", ["day", "month", "year", "all", "2026-03-01..2026-04-30"])
def test_nothing_is_later_than_what_still_lasts(key: str) -> None:
    assert periods.later(parse(key, TODAY, FIRST), TODAY) is None


@pytest.mark.parametrize(
    ("key", "earlier", "later"),
    [
        ("day", "yesterday", None),
        ("yesterday", "2026-03-28", "day"),
        ("7d", "2026-03-16..2026-03-22", "2026-03-30..2026-04-05"),
        ("2026-03-16..2026-03-22", "2026-03-09..2026-03-15", "7d"),
        ("month", "2026-02", None),
        ("2026-01-29..2026-02-28", "2025-12-29..2026-01-28", "2026-03-01..2026-03-31"),
        ("2026-01", "2025-12", "2026-02"),
        ("2025", "2024", "year"),
        ("all", None, None),
        ("1990", None, "1991"),
    ],
)
def test_a_step_has_the_name_that_the_menu_gives_it(
    key: str, earlier: str | None, later: str | None
) -> None:
    period = parse(key, TODAY, FIRST)
    before, after = periods.earlier(period, TODAY), periods.later(period, TODAY)
    assert (before and before.key, after and after.key) == (earlier, later)


@pytest.mark.parametrize(
    ("key", "year_ago"),
    [
        ("2024-02-29", "2023-02-28"),
        ("2024-02-28..2024-02-29", "2023-02-28"),
        ("2025-02", "2024-02"),
        ("2025", "2024"),
        ("2026-03-10", "2025-03-10"),
        ("7d", "2025-03-24..2025-03-30"),
        ("month", "2025-03"),
        ("all", None),
        ("1990-05-01", None),
    ],
)
def test_a_year_ago_is_the_same_dates_or_the_same_weekdays(key: str, year_ago: str | None) -> None:
    found = periods.year_ago(parse(key, TODAY, FIRST))
    assert (found and found.key) == year_ago


@given(st.integers(1, 60), DAYS)
def test_whole_weeks_meet_the_same_weekdays_a_year_ago(weeks: int, today: date) -> None:
    period = parse(f"{weeks * 7}d", today)
    found = periods.year_ago(period)
    assert found is not None
    assert found.first.weekday() == period.first.weekday()
    assert found.days == period.days
    assert 364 <= (period.first - found.first).days <= 366
