"""A clock that jumped is not believed when something is to be deleted by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from analytics.keeping.clock import Clock
from sightings import seen
from sqlalchemy import Engine

Keep = Callable[..., None]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YEARS = 800 * DAY


class Lab:
    """A worker's clock, and how long it has run."""

    def __init__(self, engine: Engine) -> None:
        self.now = datetime.now(UTC)
        self._engine = engine
        self._clock = Clock()
        self._ran = timedelta()

    def pass_by(self, time: timedelta) -> None:
        self.now += time
        self._ran += time

    def is_trusted(self) -> bool:
        with self._engine.connect() as connection:
            return self._clock.is_trusted(connection, self.now, self._ran.total_seconds())


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine)


@pytest.mark.parametrize(
    ("days", "trusted"), [((3,), True), ((0, 500), False), ((0.5, 8), False), ((), False)]
)
def test_visits_of_the_last_week_are_witnesses_and_those_of_today_are_not(
    lab: Lab, keep: Keep, days: tuple[float, ...], *, trusted: bool
) -> None:
    """Those of today may have come after the clock jumped."""
    keep([seen("/", days=number) for number in days])
    assert lab.is_trusted() == trusted


def test_without_witnesses_it_must_run_evenly_for_a_day(lab: Lab) -> None:
    for _ in range(24):
        assert not lab.is_trusted()
        lab.pass_by(HOUR)
    assert lab.is_trusted()


@pytest.mark.parametrize("jump", [YEARS, -YEARS, 2 * HOUR])
def test_a_jump_begins_the_day_anew(
    lab: Lab, jump: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    lab.is_trusted()
    lab.pass_by(2 * DAY)
    assert lab.is_trusted()
    assert not caplog.text
    lab.now += jump
    assert not lab.is_trusted()
    assert f"the clock jumped by {jump / HOUR:.0f} hours" in caplog.text
    lab.pass_by(DAY - HOUR)
    assert not lab.is_trusted()
    lab.pass_by(HOUR)
    assert lab.is_trusted(), "so it was no jump, or was one that nobody mends"
