"""Events that are not counted are summed in memory, so that a flood of them costs nothing."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from analytics.spool.record import Dropped
from analytics.taking.drops import Drops

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_they_are_summed_by_site_and_reason() -> None:
    drops = Drops()
    for site, reason in [("a.test", "bot"), ("b.test", "bot"), ("a.test", "x"), ("a.test", "bot")]:
        drops.add(site, reason)
    assert drops.take(NOW) == [
        Dropped(time=1772323200000, site="a.test", reasons={"bot": 2, "x": 1}),
        Dropped(time=1772323200000, site="b.test", reasons={"bot": 1}),
    ]
    assert drops.take(NOW) == []


def test_they_wait_some_seconds_for_an_event_to_travel_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    drops = Drops()
    clock[0] += 60
    assert not drops.due(), "there are none"
    drops.add("a.test", "bot")
    assert drops.due()
    drops.take(NOW)
    drops.add("a.test", "bot")
    assert not drops.due()
    clock[0] += 10
    assert drops.due()


def test_none_is_lost_between_threads() -> None:
    drops = Drops()
    taken: Counter[str] = Counter()

    def add(_: int) -> list[Dropped]:
        for _ in range(200):
            drops.add("a.test", "bot")
        return drops.take(NOW)

    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(add, range(8)):
            for one in found:
                taken.update(one.reasons)
    assert taken == {"bot": 1600}
