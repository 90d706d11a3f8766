"""Intervals: the curve's points fill the period exactly, whatever the clocks do."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from analytics.seeing import intervals
from analytics.seeing.intervals import buckets
from analytics.seeing.periods import Period, between, parse
from hypothesis import example, given
from hypothesis import strategies as st
from sightings import period_bounds

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
LATEST = date(2050, 1, 1)
PERIODS = st.tuples(st.dates(date(1990, 1, 1), date(2045, 1, 1)), st.integers(0, 800)).map(
    lambda drawn: between(drawn[0], drawn[0] + timedelta(drawn[1]), LATEST)
)


def days(first: str, last: str = "") -> Period:
    return parse(f"{first}..{last}", LATEST)


@given(ZONES, PERIODS)
@example(ZoneInfo("Pacific/Apia"), days("2011-12-28", "2012-01-02"))
@example(ZoneInfo("Pacific/Kwajalein"), days("1993-08-20", "1993-08-23"))
@example(ZoneInfo("Asia/Beirut"), days("2024-03-30", "2024-04-01"))
@example(ZoneInfo("America/Sao_Paulo"), days("2018-11-03", "2018-11-05"))
@example(ZoneInfo("America/St_Johns"), days("2006-10-28", "2006-10-30"))
@example(ZoneInfo("Australia/Lord_Howe"), days("2026-04-04", "2026-04-06"))
def test_buckets_fill_the_period_without_gap_or_overlap(zone: ZoneInfo, period: Period) -> None:
    start, end = period_bounds(period, zone)
    for interval in intervals.allowed(period):
        found = buckets(period, interval, zone)
        assert (found[0].start, found[-1].end) == (start, end)
        assert all(bucket.start < bucket.end for bucket in found)
        assert all(one.end == other.start for one, other in pairwise(found))
        assert len({bucket.label for bucket in found}) == len(found)
        assert len(found) <= 750


@given(ZONES, PERIODS)
def test_the_unasked_interval_is_one_of_those_allowed(zone: ZoneInfo, period: Period) -> None:
    assert intervals.default(period) in intervals.allowed(period)


def test_hours_when_the_clocks_change() -> None:
    spring = [bucket.label for bucket in buckets(days("2026-03-29"), "hour", BERLIN)]
    assert len(spring) == 23
    assert spring[1:3] == ["2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"]
    autumn = [bucket.label for bucket in buckets(days("2026-10-25"), "hour", BERLIN)]
    assert len(autumn) == 25
    assert autumn[2:4] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


def test_clocks_that_change_by_half_an_hour_keep_full_hours() -> None:
    found = buckets(days("2026-04-05"), "hour", ZoneInfo("Australia/Lord_Howe"))
    shown = [bucket.label[11:16] for bucket in found]
    assert shown[:4] == ["00:00", "01:00", "01:30", "02:00"]
    assert shown[-1] == "23:00"


def test_weeks_begin_on_monday_and_are_cut_at_the_edges() -> None:
    found = buckets(days("2026-01-01", "2026-01-13"), "week", BERLIN)
    assert [bucket.label for bucket in found] == ["2026-W01", "2026-W02", "2026-W03"]
    assert [(bucket.end - bucket.start).days for bucket in found] == [4, 7, 2]


def test_months_are_cut_at_the_edges() -> None:
    found = buckets(days("2025-12-30", "2026-02-02"), "month", BERLIN)
    assert [bucket.label for bucket in found] == ["2025-12", "2026-01", "2026-02"]
    assert [(bucket.end - bucket.start).days for bucket in found] == [2, 31, 2]


def test_a_day_that_was_skipped_has_no_point() -> None:
    found = buckets(days("2011-12-29", "2011-12-31"), "day", ZoneInfo("Pacific/Apia"))
    assert [bucket.label for bucket in found] == ["2011-12-29", "2011-12-31"]
    assert buckets(days("2011-12-30"), "hour", ZoneInfo("Pacific/Apia")) == []


@pytest.mark.parametrize(
    ("key", "default", "allowed"),
    [
        ("day", "hour", "hour"),
        ("7d", "day", "hour day"),
        ("28d", "day", "day week"),
        ("91d", "day", "day week month"),
        ("2025", "week", "day week month"),
        ("2010-01-01..2026-03-01", "month", "week month"),
    ],
)
def test_which_intervals_a_period_has(key: str, default: str, allowed: str) -> None:
    period = parse(key, date(2026, 3, 30))
    assert intervals.default(period) == default
    assert " ".join(intervals.allowed(period)) == allowed
