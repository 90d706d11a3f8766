"""GET /api/health: the truth about the service, its spool and its database."""

import os

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from analytics import __version__, database
from analytics.config import current_settings
from analytics.errors import RETRY_AFTER_SECONDS
from analytics.keeping import schema
from analytics.spool import reader as segments
from analytics.taking.intake import current_intake

blueprint = Blueprint("health", __name__, url_prefix="/api")


@blueprint.get("/health")
def show() -> Response:
    """200 if events can be taken and stored.

    503 if the spool can't be written or is full, and also if the database is away or its schema is
    too old: events are taken all the same then, and wait.
    """
    spool = current_settings().spool
    try:
        # It is asked every minute, whether anybody visits the site or not.
        current_intake().destroy_old_keys()
        current_intake().tidy()
        backlog = segments.backlog(spool)
        writable = os.access(spool, os.W_OK) and not current_intake().is_full()
    except OSError as error:
        current_app.logger.error("the spool can't be used: %s", error.strerror)
        return _answer(healthy=False, events="refused")
    events = {
        "events": "taken" if writable else "refused",
        "waiting_bytes": backlog.bytes,
        "damaged_places": backlog.damaged,
    }
    try:
        with database.current_engine().connect() as connection:
            state = schema.state(schema.revision(connection))
    except SQLAlchemyError as error:
        current_app.logger.warning("the database is unavailable: %s", database.reason(error))
        return _answer(healthy=False, database="unreachable", **events)
    return _answer(healthy=writable and state != "behind", database="ok", schema=state, **events)


def _answer(*, healthy: bool, **facts: str | int) -> Response:
    response = jsonify(status="ok" if healthy else "error", version=__version__, **facts)
    if not healthy:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
