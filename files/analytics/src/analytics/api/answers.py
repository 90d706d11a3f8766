"""What both versions of the API have in common: a token, a moment, and errors as sentences."""

from datetime import UTC, date, datetime

from flask import Blueprint, Response, current_app, jsonify, request
from psycopg.errors import InvalidRegularExpression, QueryCanceled
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from analytics import database
from analytics.api import authorization
from analytics.api.errors import QueryError
from analytics.errors import RETRY_AFTER_SECONDS
from analytics.sites import Site

_AWAY = "The database is not available at the moment. Try again in a few seconds."
_SLOW = "That took too long. Ask for a shorter date range, or with fewer filters or dimensions."


def register(blueprint: Blueprint) -> None:
    """Makes a blueprint ask for a token, and answer its errors as Plausible does."""
    blueprint.before_request(authorization.required)
    blueprint.register_error_handler(QueryError, _query_error)
    blueprint.register_error_handler(SQLAlchemyError, _database_error)


def today(site: Site, now: datetime) -> date:
    """The day that it is at a site."""
    return now.astimezone(site.time_zone).date()


def now() -> datetime:
    """The moment at which a query is answered."""
    return datetime.now(UTC)


def _query_error(error: QueryError) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


def _database_error(error: SQLAlchemyError) -> Response | tuple[Response, int]:
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, InvalidRegularExpression):
        # PostgreSQL's own words: "quantifier operand invalid", "parentheses () not balanced".
        return jsonify(error=f"Invalid filter: {database.reason(error)}."), 400
    if isinstance(cause, QueryCanceled):
        return _unavailable(_SLOW)
    if database.is_unavailable(error):
        current_app.logger.warning("the database is unavailable: %s", database.reason(error))
        return _unavailable(_AWAY)
    told = (request.method, request.endpoint, database.trace(error))
    current_app.logger.error("%s %s\n%s", *told)
    return jsonify(error="This is a fault of the service. Its log has the details."), 500


def _unavailable(sentence: str) -> Response:
    response = authorization.refused(sentence, 503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
