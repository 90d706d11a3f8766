"""The database is away for a moment when a deploy, a rollback or the weekly rebuild replaces it.

Those don't wait for who is at work in it: a proof may take hours. Who was cut off so has found
nothing, neither good nor bad, and begins anew when the database is there again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from freehold_backup import database
from freehold_host.trouble import Trouble

# One that does not become healthy is replaced once more, by that of before.
_TRIES = 3
# Longer than a new one may take to become healthy.
_BACK_SECONDS = 900.0
# Of one that nobody has seen, it is more likely that it is out of order: the owner wants to know.
_SEEN_SECONDS = 60.0


class DatabaseAway(Trouble):
    """It was stopped or replaced while somebody was at work in it."""


@contextmanager
def told_apart() -> Iterator[None]:
    """DatabaseAway in place of whatever came of that; other Trouble stays as it is."""
    with suppress(Trouble):
        _wait(_SEEN_SECONDS)
    since = _started()
    try:
        yield
    except Trouble as trouble:
        # From the moment on that it is to stop it lets nobody in any more.
        if not since or _started() == since:
            raise
        raise DatabaseAway(f"The database was stopped or replaced meanwhile: {trouble}") from None


def _started() -> str:
    try:
        return database.started()
    except Trouble:
        return ""


def through(action: Callable[[], None], say: Callable[[str], None]) -> None:
    """Do it, and anew when the database was away meanwhile; Trouble when it stays away."""
    for _ in range(_TRIES - 1):
        try:
            action()
        except DatabaseAway as away:
            say(f"{away} This begins anew when the database is there again.")
            _wait(_BACK_SECONDS)
        else:
            return
    action()


def _wait(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            database.started()
        except Trouble:
            if time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(1)
