"""A day begins when its clocks first show it, whatever they do at midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from analytics.keeping.days import day_bounds
from hypothesis import given
from hypothesis import strategies as st

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)


@given(ZONES, st.datetimes(datetime(1990, 1, 1), datetime(2045, 1, 1)))
def test_a_moment_lies_in_the_day_that_its_clocks_show(zone: ZoneInfo, moment: datetime) -> None:
    """But for the minutes before a midnight that strikes twice, which no day can hold both of."""
    aware = moment.replace(tzinfo=UTC)
    day = aware.astimezone(zone).date()
    start, end = day_bounds(day, zone)
    repeated = (aware - timedelta(hours=2)).astimezone(zone).date() > day
    assert start <= aware < end or repeated
    assert day_bounds(day + timedelta(days=1), zone)[0] == end


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00", 23),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30", 23.5),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00", 0),
        ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15", 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_made_it(
    zone: str, day: str, start: str, hours: float
) -> None:
    found = day_bounds(date.fromisoformat(day), ZoneInfo(zone))
    assert found[0] == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert found[1] - found[0] == timedelta(hours=hours)
