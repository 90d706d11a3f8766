"""`flask --app analytics status`: whether events arrive, and what is in their way.

The host asks the same of the service itself, at /host/status of its socket. nginx leads nobody
there.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta

import click
from flask import Blueprint, Response, jsonify
from flask.cli import with_appcontext
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.commands import cli
from analytics.config import Settings, current_settings
from analytics.spool import aside
from analytics.spool import reader as segments
from analytics.spool.reader import Backlog
from analytics.spool.writer import RESERVE_BYTES, Spool, free_bytes

# A worker at work is seconds behind; after this time it is not.
_LATE = timedelta(minutes=10)
# The disk is nearly as full as it may be.
_LOW_BYTES = 2 * RESERVE_BYTES
_MB = 1024 * 1024

_TODAY = """
SELECT count(*) FROM events JOIN sites ON sites.id = events.site
WHERE domain = :domain AND time >= :since
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is about, how that is ("ok", "warning" or "error"), and what to type."""

    what: str
    state: str
    text: str
    type: str = ""


blueprint = Blueprint("status", __name__, url_prefix="/host")


@blueprint.get("/status")
def show() -> Response:
    """The rows, for a program on the host."""
    return jsonify([asdict(row) for row in rows(current_settings(), cli.now())])


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@with_appcontext
def command(as_json: bool) -> None:
    """Say whether events arrive. Exit code 0: all is well; 2: something is not."""
    found = rows(current_settings(), cli.now())
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found]))
    else:
        for row in found:
            advice = f"  Type: {row.type}" if row.type else ""
            click.echo(f"{row.state:8}{row.what}: {row.text}{advice}")
    if any(row.state != "ok" for row in found):
        sys.exit(2)


def rows(settings: Settings, now: datetime) -> list[Row]:
    """All that there is to say."""
    offsets: dict[str, int] = {}
    try:
        with database.current_engine().connect() as connection:
            first = _today(connection, settings, now)
            offsets = _offsets(connection)
    except SQLAlchemyError as error:
        why = f"it is unavailable ({database.reason(error)}); events are taken, and wait."
        first = Row("database", "error", why, "make logs SERVICE=db")
    return [first, *_of_the_spool(settings, offsets, now)]


def _today(connection: Connection, settings: Settings, now: datetime) -> Row:
    count = 0
    for site in settings.sites:
        day = now.astimezone(site.time_zone).date()
        since = datetime.combine(day, time(), site.time_zone).astimezone(UTC)
        values = {"domain": site.domain, "since": since}
        count += connection.scalar(text(_TODAY), values) or 0
    return Row("events", "ok", f"{count:,} today")


def _offsets(connection: Connection) -> dict[str, int]:
    found = connection.execute(text('SELECT segment, "offset" FROM positions'))
    return {row.segment: int(row.offset) for row in found}


def _of_the_spool(settings: Settings, offsets: dict[str, int], now: datetime) -> Iterator[Row]:
    try:
        backlog = segments.backlog(settings.spool, offsets)
        room, free = Spool(settings.spool).room(), free_bytes(settings.spool)
    except OSError as error:
        why = f"it can't be used ({error.strerror}), and events are refused."
        yield Row("spool", "error", why, "make deploy")
        return
    if room <= 0:
        yield _full(backlog, free)
    else:
        yield _waiting(backlog, now)
    if room > 0 and free < _LOW_BYTES:
        left = f"{free // _MB:,} MB are left; at {RESERVE_BYTES // _MB} MB events are refused."
        yield Row("disk", "warning", left, "make ssh")
    if backlog.damaged:
        size = sum(path.stat().st_size for path in aside.damaged(settings.spool))
        lost = f"{backlog.damaged} damaged places, {size:,} bytes, were set aside; see what it was."
        yield Row("damage", "warning", lost, "make analytics ARGS=damaged")


def _full(backlog: Backlog, free: int) -> Row:
    if free <= RESERVE_BYTES:
        why = f"events are refused, as the disk has {free // _MB:,} MB left; make room there."
        return Row("spool", "error", why, "make ssh")
    why = f"events are refused, as {backlog.bytes // _MB:,} MB wait; the worker does not work."
    return Row("spool", "error", why, "make logs SERVICE=worker")


def _waiting(backlog: Backlog, now: datetime) -> Row:
    if backlog.oldest is None:
        return Row("spool", "ok", "nothing waits")
    # A clock that was set back would make it less than none.
    age = max(timedelta(), now - backlog.oldest)
    said = f"{backlog.bytes:,} bytes wait, the oldest for {_words(age)}"
    if age > _LATE:
        why = f"{said}: the worker does not carry them to the database."
        return Row("spool", "error", why, "make logs SERVICE=worker")
    return Row("spool", "ok", said)


def _words(age: timedelta) -> str:
    seconds = round(age.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
