"""Date ranges: which days they mean, and how the clocks' changes are labelled."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from analytics.api import ranges
from analytics.api.errors import QueryError
from analytics.api.ranges import Range
from analytics.seeing.intervals import Interval
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 15, 12, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("day", "2026-03-15", "2026-03-15"),
        ("7d", "2026-03-08", "2026-03-14"),
        ("91d", "2025-12-14", "2026-03-14"),
        ("month", "2026-03-01", "2026-03-31"),
        ("6mo", "2025-09-01", "2026-02-28"),
        ("12mo", "2025-03-01", "2026-02-28"),
        ("year", "2026-01-01", "2026-12-31"),
        ("all", "2024-02-29", "2026-03-15"),
    ],
)
def test_shortcuts_are_the_days_that_plausible_means(text: str, first: str, last: str) -> None:
    found = ranges.parse(text, NOW, date(2024, 2, 29), BERLIN)
    assert (found.first.isoformat(), found.until.isoformat()) == (first, last)
    assert found.last <= date(2026, 3, 15)
    start, end = found.texts()
    assert (start[:19], end[:19]) == (f"{first}T00:00:00", f"{last}T23:59:59")


@pytest.mark.parametrize("now", [NOW, datetime(2026, 3, 29, 2, 30, 59, 7, tzinfo=UTC)])
def test_the_last_24_hours_are_as_many_whatever_clocks_do(now: datetime) -> None:
    found = ranges.parse("24h", now, None, BERLIN)
    assert found.start < found.end - timedelta(hours=23, minutes=59) < now
    assert found.end - found.start == timedelta(hours=24)
    assert timedelta(0) <= found.end - now <= timedelta(seconds=1)
    assert (found.last - found.first).days == 1
    assert ranges.default_interval(found) == "hour"


@pytest.mark.parametrize(
    "given_range",
    ["", "0d", "5001d", "101mo", "25h", 7, None, [], ["2026-01-01"], ["2026-01-01", 2]],
)
def test_other_texts_are_refused(given_range: object) -> None:
    with pytest.raises(QueryError, match="Invalid date range"):
        ranges.parse(given_range, NOW, None, BERLIN)


def test_an_hour_that_is_struck_twice_is_one_of_two_hours() -> None:
    day = date(2026, 10, 25)
    steps = ranges.steps(ranges.of_days(day, day, date(2026, 11, 1), BERLIN), "hour")
    assert len(steps.labels) == 24
    at = steps.labels.index("2026-10-25 02:00:00")
    assert steps.edges[at + 1] - steps.edges[at] == timedelta(hours=2)
    day = date(2026, 3, 29)
    steps = ranges.steps(ranges.of_days(day, day, date(2026, 11, 1), BERLIN), "hour")
    assert len(steps.labels) == 23
    assert "2026-03-29 02:00:00" not in steps.labels


@pytest.mark.parametrize(
    ("given_range", "interval", "labels", "last"),
    [
        ("month", "day", 31, "2026-03-31"),
        ("month", "hour", 31 * 24 - 1, "2026-03-31 23:00:00"),
        ("year", "month", 12, "2026-12-01"),
        (["2026-03-14", "2026-03-30"], "week", 4, "2026-03-30"),
        (["2100-01-01", "2100-01-02"], "day", 2, "2100-01-02"),
    ],
)
def test_labels_go_on_into_the_future(
    given_range: object, interval: Interval, labels: int, last: str
) -> None:
    found = ranges.parse(given_range, NOW, None, BERLIN)
    steps = ranges.steps(found, interval)
    assert (len(steps.labels), steps.labels[-1]) == (labels, last)
    assert len(steps.edges) == len(steps.numbers) + 1


def test_what_happens_while_a_query_is_answered_is_of_the_last_part() -> None:
    found = ranges.parse("month", NOW, None, BERLIN)
    steps = ranges.steps(found, "day")
    assert (len(steps.numbers), steps.edges[-1]) == (15, found.end)


@pytest.mark.parametrize(
    ("given_range", "interval"),
    [
        ("5000d", "hour"),
        (["2026-01-01", "2028-01-01"], "hour"),
        (["1990-01-01", "2200-01-01"], "day"),
        (["1990-01-01", "2200-01-01"], "week"),
    ],
)
def test_more_steps_than_anybody_reads_are_refused(given_range: object, interval: Interval) -> None:
    with pytest.raises(QueryError, match=f"too long for `time:{interval}`"):
        ranges.steps(ranges.parse(given_range, NOW, None, BERLIN), interval)


def test_a_generation_by_day_and_a_life_by_month_are_not() -> None:
    found = ranges.parse("all", NOW, date(1999, 1, 1), BERLIN)
    assert len(ranges.steps(found, "day").labels) == 9936
    found = ranges.parse(["1990-01-01", "2200-01-01"], NOW, None, BERLIN)
    assert len(ranges.steps(found, "month").labels) == 210 * 12 + 1


@pytest.mark.parametrize(
    ("first", "last", "interval"),
    [
        ("2026-01-31", "2026-01-31", "hour"),
        ("2026-01-30", "2026-01-31", "hour"),
        ("2026-01-29", "2026-01-31", "day"),
        ("2026-01-01", "2026-02-10", "day"),
        ("2026-01-01", "2026-02-11", "week"),
        ("2025-01-01", "2025-12-31", "week"),
        ("2025-01-01", "2026-01-06", "week"),
        ("2025-01-01", "2026-01-07", "month"),
        ("2026-01-29T00:00:00", "2026-01-31T00:59:59", "hour"),
        ("2026-01-29T00:00:00", "2026-01-31T01:00:00", "day"),
    ],
)
def test_time_means_the_steps_that_plausible_takes(first: str, last: str, interval: str) -> None:
    found = ranges.parse([first, last], NOW, None, BERLIN)
    assert ranges.default_interval(found) == interval


@given(
    begin=st.datetimes(datetime(2011, 12, 27), datetime(2012, 1, 3)),  # Apia had no 30 December
    seconds=st.integers(0, 10 * 24 * 3600),
    zone=st.sampled_from(ZONES),
    interval=st.sampled_from([None, "hour", "day", "week", "month"]),
)
def test_parts_leave_no_gap(
    begin: datetime, seconds: int, zone: str, interval: Interval | None
) -> None:
    start = begin.replace(microsecond=0, tzinfo=UTC)
    given_range = [start.isoformat(), (start + timedelta(seconds=seconds)).isoformat()]
    found: Range = ranges.parse(given_range, NOW, None, ZoneInfo(zone))
    steps = ranges.steps(found, interval)
    assert steps.edges == sorted(steps.edges)
    assert (steps.edges[0], steps.edges[-1]) == (found.start, found.end)
    assert len(steps.edges) == len(steps.numbers) + 1
    assert steps.numbers == sorted(steps.numbers)
    assert set(steps.numbers) == set(range(1, len(steps.labels) + 1)) or interval is None
