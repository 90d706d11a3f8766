"""Errors of the dashboard as pages for people; the rest of the service tells them as JSON."""

from flask import Blueprint, current_app, render_template, request
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from analytics import database
from analytics.errors import RETRY_AFTER_SECONDS

Answer = tuple[str, int, dict[str, str]]

_WORDS = {
    404: ("There is no such page", "The address may be mistyped, or the site isn't counted here."),
    500: (
        "Something went wrong",
        "It is a fault of this program and not of yours. Its log has the details.",
    ),
}
_AWAY = (
    "The database is away",
    "Events are still taken: they wait on the disk, and none is lost. This page is back as soon"
    " as the database is.",
)
_SLOW = (
    "That took too long",
    "With a filter that is new, or by the hour, each visit is counted by itself, and after eight"
    " seconds there were still some left. Nothing is wrong. What was counted so far is kept: try"
    " again, and it goes on from there, or choose a shorter period. Without a filter any period is"
    " quick.",
)


def register(blueprint: Blueprint) -> None:
    """Makes a blueprint answer its errors as pages."""
    blueprint.register_error_handler(SQLAlchemyError, _database_error)
    blueprint.register_error_handler(HTTPException, _http_error)


def _http_error(error: HTTPException) -> Answer:
    code = error.code or 500
    title, text = _WORDS.get(code, (error.name, error.description or ""))
    kept = {
        name: value for name, value in error.get_headers() if not name.lower().startswith("content")
    }
    return _page(title, text, code, kept)


def _database_error(error: SQLAlchemyError) -> Answer:
    if not database.is_unavailable(error):
        told = (request.method, request.endpoint, database.trace(error))
        current_app.logger.error("%s %s\n%s", *told)
        return _page(*_WORDS[500], 500, {})
    slow = isinstance(error, DBAPIError) and isinstance(error.orig, QueryCanceled)
    current_app.logger.warning("the database is unavailable: %s", database.reason(error))
    title, text = _SLOW if slow else _AWAY
    return _page(title, text, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _page(title: str, text: str, code: int, headers: dict[str, str]) -> Answer:
    again = code == 503 and request.method != "POST"
    return render_template("trouble.html", title=title, text=text, again=again), code, headers
