"""Every error as JSON."""

from flask import Flask, Response, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from analytics import database
from analytics.spool.writer import SpoolError

RETRY_AFTER_SECONDS = 10


class InvalidEventError(Exception):
    """What is wrong with an event, by field: `{"url": ["is required"]}`."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(f"invalid: {', '.join(errors)}")
        self.errors = errors


def register(app: Flask) -> None:
    """Makes the application answer every error in JSON."""
    app.register_error_handler(InvalidEventError, _invalid_event)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(SQLAlchemyError, _database_error)
    app.register_error_handler(SpoolError, _disk_error)
    app.register_error_handler(OSError, _disk_error)


def _invalid_event(error: InvalidEventError) -> tuple[Response, int]:
    return jsonify(errors=error.errors), 400


def _http_error(error: HTTPException) -> Response:
    """The error's own status and headers (Allow, Retry-After), its text as JSON."""
    response = jsonify(error=error.description)
    response.status_code = error.code or 500
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def _disk_error(error: SpoolError | OSError) -> Response:
    """503: an event could not be kept, so nothing was promised."""
    # Without the error's own arguments, among which may be what a visitor sent.
    reason = error.strerror if isinstance(error, OSError) else str(error)
    current_app.logger.error("%s: %s", type(error).__name__, reason)
    return _http_error(
        ServiceUnavailable("events can't be kept at the moment", retry_after=RETRY_AFTER_SECONDS)
    )


def _database_error(error: SQLAlchemyError) -> Response:
    """503 if the database can't serve; otherwise a fault of ours, logged with its traceback."""
    if not database.is_unavailable(error):
        told = (request.method, request.endpoint, database.trace(error))
        current_app.logger.error("%s %s\n%s", *told)
        return _http_error(InternalServerError())
    current_app.logger.warning("the database is unavailable: %s", database.reason(error))
    return _http_error(
        ServiceUnavailable("the database is unavailable", retry_after=RETRY_AFTER_SECONDS)
    )
