"""`python -m analytics.worker`: carries events from the spool to PostgreSQL, sums, and tidies up.

Any number may be started, as during a redeploy: one works, and the others wait for its end. SIGUSR1
has one leave the work to another until SIGUSR2 (files/lib/freehold_rollout/standby.py).
"""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.access import event_tokens
from analytics.access.expiry import expire
from analytics.config import Settings
from analytics.environment import ConfigError
from analytics.keeping import annotations, filtered, lock, retention, rollups
from analytics.keeping.carrier import Carrier
from analytics.keeping.clock import Clock
from analytics.seeing.ahead import Ahead
from analytics.spool import aside, restoring
from analytics.taking.visitors import Visitors

log = logging.getLogger("analytics.worker")

# Its age is what the container's health is judged by.
ALIVE = Path("/tmp/worker-alive")  # noqa: S108 - in the container's own tmpfs
_IDLE_SECONDS = 0.5
_QUERY_SECONDS = 300.0
_CHORES_SECONDS = 30.0
_RETENTION_SECONDS = 3600.0
_LONGEST_PAUSE_SECONDS = 30.0
_LOCKED_SECONDS = 2.0


class Worker:
    """Keeps a carrier at work until it is stopped, whatever the database does."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._stopping = threading.Event()
        self._standing_by = threading.Event()
        self._chores_due = self._retention_due = 0.0
        self._clock = Clock()

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stopping.set()

    def stand_by(self) -> None:
        """Leave the work to another after the batch that is under way, until `go_on`."""
        self._standing_by.set()

    def go_on(self) -> None:
        """Work again, as soon as nobody else does."""
        self._standing_by.clear()

    def run(self) -> None:
        """Work until `stop`; a database that is away is tried again, less and less often."""
        pause = _IDLE_SECONDS
        while not self._stopping.is_set():
            if self._standing_by.is_set():
                self._rest(_IDLE_SECONDS)
                continue
            if restoring.is_under_way(self._settings.spool):
                self._rest(_LOCKED_SECONDS)
                continue
            try:
                with self._engine.connect() as connection:
                    pause = _IDLE_SECONDS
                    self._work_on(connection)
            # What is copied goes past SQLAlchemy, and its errors too.
            except (SQLAlchemyError, psycopg.Error) as error:
                if not database.is_unavailable(error):
                    log.error("the worker failed and starts again\n%s", database.trace(error))
                else:
                    log.warning("the database is unavailable: %s", database.reason(error))
                self._rest(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _work_on(self, connection: Connection) -> None:
        # Closed at the end, and the lock with it.
        connection.detach()
        if not self._lock(connection):
            return
        with connection.begin():
            # Another release may have been at work, or the site may have another time zone now.
            filtered.forget_all(connection)
        carrier, ahead = Carrier(self._settings, connection), Ahead(self._settings)
        while not self._is_to_leave():
            if self._do_chores(connection):
                # What the carrier remembers of words may be gone; what is kept of filters is not.
                carrier = Carrier(self._settings, connection)
            if not carrier.work():
                began = time.monotonic()
                made = ahead.work(connection)
                # Half of the time is for whoever else is on the machine.
                took = time.monotonic() - began
                self._rest(min(took, _IDLE_SECONDS) if made else _IDLE_SECONDS)

    def _lock(self, connection: Connection) -> bool:
        """Wait until no other worker is at work; False when it is to leave that to others."""
        waiting = False
        while not lock.acquire(connection):
            connection.commit()
            if not waiting:
                log.warning("another worker is at work; waiting for its end")
            waiting = True
            self._rest(_LOCKED_SECONDS)
            if self._is_to_leave():
                return False
        connection.commit()
        return True

    def _is_to_leave(self) -> bool:
        return self._stopping.is_set() or self._standing_by.is_set()

    def _rest(self, seconds: float) -> None:
        """Wait, unless it is stopped."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0 and not self._stopping.is_set():
            self._do_chores(None)
            self._stopping.wait(min(left, _CHORES_SECONDS))

    def _do_chores(self, connection: Connection | None) -> bool:
        """What must happen at its time, with a database or without one; whether words went."""
        if time.monotonic() < self._chores_due:
            return False
        self._chores_due = time.monotonic() + _CHORES_SECONDS
        ALIVE.touch()
        now = datetime.now(UTC)
        Visitors(self._settings.keys).destroy_old(self._settings.sites, now)
        if connection is None:
            return False
        self._publish_event_tokens(connection)
        with connection.begin():
            rollups.close_months(connection, now.date())
            filtered.bound(connection)
            self._mark_releases(connection)
        if time.monotonic() < self._retention_due:
            return False
        self._retention_due = time.monotonic() + _RETENTION_SECONDS
        return self._tidy(connection, now)

    def _tidy(self, connection: Connection, now: datetime) -> bool:
        """Delete what is too old; whether words went."""
        with connection.begin():
            expire(connection, now)
        if not self._clock.is_trusted(connection, now, time.monotonic()):
            return False
        with lock.tidying(connection) as free:
            words_went = free and retention.apply(connection, self._settings.sites, now)
        if not free or retention.months_due(connection, self._settings.sites, now):
            # An import is at work, or somebody reads them, as a backup's dump does: at the next
            # chore again.
            self._retention_due = 0.0
        # It may be of any site, and is never older than an event that is kept.
        limits = [retention.oldest_kept(site, now) for site in self._settings.sites]
        aside.forget(self._settings.spool, min(limits))
        return words_went

    def _publish_event_tokens(self, connection: Connection) -> None:
        """For whoever has changed them out of reach of the spool, or restored a backup."""
        try:
            with connection.begin():
                event_tokens.publish(connection, self._settings.spool)
        except OSError as error:
            log.error("the tokens for events can't be written: %s", error.strerror)

    def _mark_releases(self, connection: Connection) -> None:
        """Each release of the site that a deploy has put there is an annotation of its day.

        Looked at again and again, so that no deploy needs the database.
        """
        folder = self._settings.releases
        if folder is None:
            return
        try:
            names = sorted(path.name for path in folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            # Events matter more than a mark on the curve.
            log.error("the site's releases can't be read: %s", error.strerror)
            return
        annotations.mark_releases(connection, self._settings.sites[0], names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM; 1 with the reason when the settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m analytics.worker", description=__doc__)
    parser.parse_args(arguments)
    logging.basicConfig(format="worker: %(message)s", level=logging.INFO)
    try:
        settings = Settings.from_environment(os.environ)
    except ConfigError as error:
        print(f"worker: {error.message}", file=sys.stderr)
        return 1
    worker = Worker(settings, database.make_engine(settings.database, _QUERY_SECONDS))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    signal.signal(signal.SIGUSR1, lambda *_: worker.stand_by())
    signal.signal(signal.SIGUSR2, lambda *_: worker.go_on())
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
