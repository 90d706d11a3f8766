"""Marks of visitors: the same for a day, and nothing that outlives it."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.sites import Site
from analytics.taking.visitors import Visitors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SITE = Site("blog.test", time_zone=ZoneInfo("Europe/Berlin"))
NOON = datetime(2026, 3, 1, 11, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, 23, tzinfo=UTC)
"""The end of that day, as the site has it."""
ADDRESS, AGENT = "198.51.100.7", "Firefox"

DAYS = timedelta(days=1)


@pytest.fixture
def visitors(tmp_path: Path) -> Visitors:
    return Visitors(tmp_path / "keys")


def keys(folder: Path) -> set[str]:
    return {path.name for path in (folder / "keys").iterdir()}


def test_a_visitor_is_the_same_all_day(visitors: Visitors) -> None:
    mark, after = visitors.marks(SITE, ADDRESS, AGENT, NOON)
    assert mark != 0
    assert after == 0, "only the last half hour knows tomorrow"
    for hours in (-11, -1, 11.4):
        assert visitors.marks(SITE, ADDRESS, AGENT, NOON + timedelta(hours=hours))[0] == mark


def test_another_address_agent_site_or_day_is_another_visitor(visitors: Visitors) -> None:
    marks = [
        visitors.marks(SITE, ADDRESS, AGENT, NOON),
        visitors.marks(SITE, "198.51.100.8", AGENT, NOON),
        visitors.marks(SITE, ADDRESS, "Chrome", NOON),
        visitors.marks(SITE, ADDRESS, "", NOON),
        visitors.marks(Site("shop.test"), ADDRESS, AGENT, NOON),
        visitors.marks(SITE, ADDRESS, AGENT, NOON + DAYS),
        visitors.marks(SITE, ADDRESS, AGENT, MIDNIGHT),
    ]
    found = [mark for mark, _ in marks]
    assert len(set(found)) == len(found) - 1, "the day after has one mark"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:DB8:1:2:0::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.8", False),
        ("", "nonsense", True),
    ],
)
def test_what_is_one_network_is_one_visitor(
    visitors: Visitors, one: str, other: str, *, same: bool
) -> None:
    marks = [visitors.marks(SITE, address, AGENT, NOON) for address in (one, other)]
    assert (marks[0] == marks[1]) == same


def test_the_last_half_hour_has_tomorrow_s_mark_too(visitors: Visitors) -> None:
    before = MIDNIGHT - timedelta(minutes=30, microseconds=1)
    assert visitors.marks(SITE, ADDRESS, AGENT, before)[1] == 0
    mark, after = visitors.marks(SITE, ADDRESS, AGENT, MIDNIGHT - timedelta(minutes=30))
    assert after not in (0, mark)
    assert visitors.marks(SITE, ADDRESS, AGENT, MIDNIGHT) == (after, 0)


def test_keys_are_random_and_nobody_else_can_read_them(visitors: Visitors, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        visitors.marks(SITE, ADDRESS, AGENT, NOON)
        visitors.marks(Site("shop.test"), ADDRESS, AGENT, NOON)
    finally:
        os.umask(old)
    folder = tmp_path / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert keys(tmp_path) == {"blog.test_2026-03-01", "shop.test_2026-03-01"}
    contents = {path.read_bytes() for path in folder.iterdir()}
    assert [len(content) for content in contents] == [32, 32]
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_nlink == 1, "and there is no copy"


def test_another_process_s_key_is_used(visitors: Visitors, tmp_path: Path) -> None:
    mark = visitors.marks(SITE, ADDRESS, AGENT, NOON)
    assert Visitors(tmp_path / "keys").marks(SITE, ADDRESS, AGENT, NOON) == mark
    assert Visitors(tmp_path / "others").marks(SITE, ADDRESS, AGENT, NOON) != mark


def test_of_two_processes_that_make_a_key_at_once_one_wins(
    visitors: Visitors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def late(source: str, name: str, **options: Any) -> None:
        (tmp_path / "keys" / name).write_bytes(b"k" * 32)
        link(source, name, **options)

    monkeypatch.setattr(os, "link", late)
    mark = visitors.marks(SITE, ADDRESS, AGENT, NOON)
    assert (tmp_path / "keys" / "blog.test_2026-03-01").read_bytes() == b"k" * 32
    monkeypatch.undo()
    assert Visitors(tmp_path / "keys").marks(SITE, ADDRESS, AGENT, NOON) == mark
    assert len(keys(tmp_path)) == 1


def test_a_key_is_destroyed_when_the_site_s_day_is_over(visitors: Visitors, tmp_path: Path) -> None:
    tokyo = Site("tokyo.test", time_zone=ZoneInfo("Asia/Tokyo"))
    for moment in (NOON, MIDNIGHT - timedelta(minutes=1)):
        visitors.marks(SITE, ADDRESS, AGENT, moment)
    visitors.marks(tokyo, ADDRESS, AGENT, NOON)
    path = tmp_path / "keys" / "blog.test_2026-03-01"
    with path.open("rb") as opened:
        key = opened.read()
        visitors.destroy_old((SITE, tokyo), MIDNIGHT - timedelta(seconds=1))
        assert keys(tmp_path) == {"blog.test_2026-03-01", "blog.test_2026-03-02"}, "Tokyo's is over"
        visitors.destroy_old((SITE, tokyo), MIDNIGHT)
        opened.seek(0)
        assert opened.read() != key, "its bytes were overwritten"
    assert keys(tmp_path) == {"blog.test_2026-03-02"}
    assert visitors.marks(SITE, ADDRESS, AGENT, MIDNIGHT)[0] != 0


def test_the_keys_of_a_site_that_is_gone_are_destroyed(visitors: Visitors, tmp_path: Path) -> None:
    visitors.marks(SITE, ADDRESS, AGENT, NOON)
    visitors.destroy_old((Site("shop.test"),), NOON)
    assert keys(tmp_path) == set()


def test_without_a_folder_there_is_nothing_to_destroy(visitors: Visitors, tmp_path: Path) -> None:
    visitors.destroy_old((SITE,), NOON)
    assert not (tmp_path / "keys").exists()


def test_a_clock_that_is_set_back_a_day_and_right_again_loses_no_key(
    visitors: Visitors, tmp_path: Path
) -> None:
    right = visitors.marks(SITE, ADDRESS, AGENT, NOON)
    visitors.destroy_old((SITE,), NOON - DAYS)
    assert visitors.marks(SITE, ADDRESS, AGENT, NOON - DAYS)[0] not in (0, right[0])
    visitors.destroy_old((SITE,), NOON)
    assert visitors.marks(SITE, ADDRESS, AGENT, NOON) == right
    assert keys(tmp_path) == {"blog.test_2026-03-01"}


def test_a_clock_that_was_years_ahead_leaves_no_key_that_lives_for_years(
    visitors: Visitors, tmp_path: Path
) -> None:
    visitors.marks(SITE, ADDRESS, AGENT, NOON + 999 * DAYS)
    visitors.destroy_old((SITE,), NOON)
    assert keys(tmp_path) == set()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    address=st.text(max_size=50) | st.ip_addresses().map(str),
    agent=st.text(max_size=50) | st.just("\ud800\0"),
    minutes=st.integers(0, 3 * 1440),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"]),
)
def test_any_visitor_has_a_mark_and_tomorrow_s_is_tomorrow_s(
    visitors: Visitors, address: str, agent: str, minutes: int, zone: str
) -> None:
    """From a day before the clocks change in Europe to two days after."""
    site = Site(f"{zone.replace('/', '-').replace('_', '-').lower()}.test", ZoneInfo(zone))
    now = datetime(2026, 3, 28, tzinfo=UTC) + timedelta(minutes=minutes)
    mark, after = visitors.marks(site, address, agent, now)
    assert -(2**63) <= mark < 2**63
    assert mark
    later = now + timedelta(minutes=30)
    here, there = (moment.astimezone(site.time_zone).date() for moment in (now, later))
    assert (after != 0) == (here != there)
    assert visitors.marks(site, address, agent, later)[0] == (after or mark)
