"""Comparisons: the same part of another period, never more of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from analytics.keeping.days import day_bounds
from analytics.seeing.comparisons import Mode, compare
from analytics.seeing.periods import MENU, parse
from hypothesis import given
from hypothesis import strategies as st
from sightings import period_bounds

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)


def moment(text: str) -> datetime:
    """A time of day in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "key", "mode", "first", "last", "until"),
    [
        # Finished: whole against whole.
        ("2026-03-30T14:30", "7d", "previous", "2026-03-16", "2026-03-22", None),
        ("2026-03-30T14:30", "2026-02", "previous", "2026-01-01", "2026-01-31", None),
        ("2026-03-30T14:30", "2025", "year", "2024-01-01", "2024-12-31", None),
        # Unfinished: up to the same time of day, also across a change of the clocks.
        ("2026-03-30T14:30", "day", "previous", "2026-03-29", "2026-03-29", "2026-03-29T14:30"),
        ("2026-03-05T14:30", "month", "previous", "2026-02-01", "2026-02-05", "2026-02-05T14:30"),
        ("2026-03-05T14:30", "month", "year", "2025-03-01", "2025-03-05", "2025-03-05T14:30"),
        ("2026-02-28T14:30", "month", "previous", "2026-01-01", "2026-01-28", "2026-01-28T14:30"),
        ("2024-03-01T09:00", "year", "previous", "2023-01-01", "2023-03-01", "2023-03-01T09:00"),
        ("2024-02-29T09:00", "year", "year", "2023-01-01", "2023-02-28", "2023-02-28T09:00"),
        # Further into March than February is long.
        ("2026-03-30T14:30", "month", "previous", "2026-02-01", "2026-02-28", None),
    ],
)
def test_a_period_is_compared_with_as_much_of_another(
    now: str, key: str, mode: Mode, first: str, last: str, until: str | None
) -> None:
    period = parse(key, date.fromisoformat(now[:10]))
    found = compare(period, mode, moment(now), BERLIN)
    assert found is not None
    assert (str(found.period.first), str(found.period.last)) == (first, last)
    assert found.until == (until and moment(until))


@pytest.mark.parametrize(("key", "mode"), [("day", "none"), ("all", "previous"), ("all", "year")])
def test_nothing_to_compare_with(key: str, mode: Mode) -> None:
    now = moment("2026-03-30T14:30")
    assert compare(parse(key, date(2026, 3, 30)), mode, now, BERLIN) is None


def test_a_day_that_was_skipped_has_no_moment_to_compare_with() -> None:
    apia = ZoneInfo("Pacific/Apia")
    now = datetime(2011, 12, 31, 14, 30, tzinfo=apia)
    found = compare(parse("day", now.date()), "previous", now, apia)
    assert found is not None
    assert day_bounds(date(2011, 12, 30), apia) == (found.until, found.until)


@given(
    ZONES,
    st.datetimes(datetime(1995, 1, 1), datetime(2045, 1, 1)),
    st.sampled_from(MENU),
    st.sampled_from(("previous", "year")),
)
def test_an_unfinished_period_is_compared_with_no_more_days_than_it_has(
    zone: ZoneInfo, now: datetime, key: str, mode: Mode
) -> None:
    aware = now.replace(tzinfo=UTC)
    today = aware.astimezone(zone).date()
    period = parse(key, today)
    found = compare(period, mode, aware, zone)
    if found is None:
        assert key == "all"
        return
    assert found.period.last < period.first or mode == "year"
    assert found.period.last <= today - timedelta(days=1)
    if period.last < today:
        assert found.until is None
        return
    # A year that has a 29 February has a day more up to the same date.
    assert found.period.days <= period.days + (period.unit == "year")
    if found.until is not None:
        start, end = day_bounds(found.period.last, zone)
        assert start <= found.until <= end
        assert found.until <= period_bounds(found.period, zone)[1]
