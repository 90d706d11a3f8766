"""Deletes what let somebody in, when it is over. The worker does so, and needs no web framework."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# A link that is over is remembered for a while, to tell whoever opens it late what is wrong.
_REMEMBERED = timedelta(days=1)


def expire(connection: Connection, now: datetime) -> None:
    """Delete the sessions that are over, and the links that are for a day."""
    connection.execute(text("DELETE FROM sessions WHERE expires <= :now"), {"now": now})
    connection.execute(
        text("DELETE FROM login_links WHERE expires < :limit"), {"limit": now - _REMEMBERED}
    )
