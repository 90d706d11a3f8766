"""GET /api/health: the truth about the service and its database."""

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from analytics import __version__, database, schema
from analytics.errors import RETRY_AFTER_SECONDS

blueprint = Blueprint("health", __name__, url_prefix="/api")


@blueprint.get("/health")
def show() -> Response:
    """200 if events can be kept; 503 if the database is away or its schema is too old."""
    try:
        with database.current_engine().connect() as connection:
            state = schema.state(schema.revision(connection))
    except SQLAlchemyError as error:
        current_app.logger.warning("the database is unavailable: %s", database.reason(error))
        return _answer(healthy=False, database="unreachable")
    return _answer(healthy=state != "behind", database="ok", schema=state)


def _answer(*, healthy: bool, **facts: str) -> Response:
    response = jsonify(status="ok" if healthy else "error", version=__version__, **facts)
    if not healthy:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
