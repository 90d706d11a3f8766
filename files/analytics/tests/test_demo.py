"""`python -m analytics.dev.demo`: a believable year, the same each time, stored the real way."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from analytics.dev import audience, demo
from analytics.dev.year import Year
from analytics.spool.record import Dropped, Record
from analytics.taking import families
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


def made(seed: int = 1, days: int = 365, events: int = 20_000) -> list[Record | Dropped]:
    return list(Year("blog.test", events, days, seed, NOW).records())


def test_browsers_and_systems_are_called_as_real_ones() -> None:
    browsers, systems, _ = zip(*audience.DEVICES, strict=True)
    assert {*browsers} <= {None, *families.BROWSERS.values()}
    assert {*systems} <= {None, *families.SYSTEMS.values()}


def test_a_seed_makes_one_year_and_another_seed_another() -> None:
    assert made() == made() != made(seed=2)


def test_a_year_has_about_as_many_events_as_asked_for_and_ends_now() -> None:
    records = made()
    times = [record.time for record in records]
    assert times == sorted(times)
    assert 18_000 < len(records) < 22_000
    now = NOW.timestamp() * 1000
    assert now - 24 * 3600_000 < times[-1] <= now
    assert times[0] >= (NOW - timedelta(days=365)).timestamp() * 1000


def test_a_year_grows_and_has_one_lucky_post() -> None:
    events = [each for each in made() if isinstance(each, Record) and each.name == "pageview"]
    days = Counter(datetime.fromtimestamp(each.time / 1000, UTC).date() for each in events)
    counts = [days[day] for day in sorted(days)]
    assert sum(counts[-30:]) > 1.5 * sum(counts[:30])
    best = max(days, key=lambda day: days[day])
    assert days[best] > 2 * sorted(counts)[len(counts) // 2]
    sources = Counter(
        each.source
        for each in events
        if datetime.fromtimestamp(each.time / 1000, UTC).date() == best
    )
    assert sources.most_common(1)[0][0] == "Hacker News"


def test_it_fills_an_empty_database_once(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("ANALYTICS_DATABASE_URL", url)
    monkeypatch.setenv("ANALYTICS_SITES", "blog.test")
    assert demo.main(["--events", "1500", "--days", "70"]) == 0
    with engine.connect() as connection:
        days = connection.scalar(text("SELECT count(*) FROM daily WHERE dimension = 1"))
        assert 69 <= (days or 0) <= 71
        assert connection.scalar(text("SELECT count(*) FROM stale_days")) == 0
        assert (connection.scalar(text("SELECT count(*) FROM drops")) or 0) > 0
    assert demo.main([]) == 1
    assert "blog.test has events already" in capsys.readouterr().err


def test_wrong_settings_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANALYTICS_DATABASE_URL", "nonsense")
    monkeypatch.setenv("ANALYTICS_SITES", "blog.test")
    assert demo.main([]) == 1
    assert "is not a URL" in capsys.readouterr().err
