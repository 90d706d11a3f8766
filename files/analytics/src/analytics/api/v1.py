"""GET /api/v1/stats/…: the four questions of Plausible's older Stats API.

https://plausible.io/docs/stats-api-v1
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from flask import Blueprint, Response, jsonify, request

from analytics import database
from analytics.api import answers, authorization, legacy, results
from analytics.api.errors import QueryError
from analytics.api.query import Query
from analytics.api.results import Results
from analytics.seeing import report
from analytics.sites import Site

blueprint = Blueprint("stats_v1", __name__, url_prefix="/api/v1/stats")
answers.register(blueprint)


@blueprint.get("/realtime/visitors", strict_slashes=False)
def visitors() -> Response:
    """The visitors of the last five minutes: a bare number, or null if nobody knows."""
    site = authorization.site_of(_arguments().get("site_id"))
    if not site.collects("visitor"):
        return jsonify(None)
    with database.current_engine().connect() as connection:
        return jsonify(report.online(connection, site, answers.now()))


@blueprint.get("/aggregate", strict_slashes=False)
def aggregate() -> Response:
    """The metrics of a period, with their change if that is asked for."""
    arguments = _arguments()
    site = authorization.site_of(arguments.get("site_id"))
    compare = arguments.get("compare")
    if compare not in (None, "previous_period"):
        raise QueryError("Invalid `compare` parameter: it can be `previous_period`.")
    now = answers.now()
    today = answers.today(site, now)
    asked = legacy.read(arguments, site, today)
    with database.current_engine().connect() as connection:
        found = results.run(connection, asked, now)
        values = _only_row(asked, found)
        if compare is None:
            return _answer({name: {"value": value} for name, value in values.items()}, found)
        earlier = replace(asked, range=legacy.previous(asked.range, today))
        compared = results.run(connection, earlier, now)
    before = _only_row(earlier, compared)
    changes = {
        name: {"value": value, "change": _change(name, before[name], value)}
        for name, value in values.items()
    }
    return _answer(changes, found, compared)


@blueprint.get("/timeseries", strict_slashes=False)
def timeseries() -> Response:
    """The metrics of each hour, day or month of a period, of those without visits too."""
    asked, found = _found(legacy.timeseries)
    counted = {row.dimensions[0]: row.metrics for row in found.rows}
    nothing = [
        0 if one.known and not one.of_page and one.name != "visit_duration" else None
        for one in asked.metrics
    ]
    names = [one.name for one in asked.metrics]
    rows = [
        {"date": label, **dict(zip(names, counted.get(label, nothing), strict=True))}
        for label in found.time_labels or []
    ]
    return _answer(rows, found)


@blueprint.get("/breakdown", strict_slashes=False)
def breakdown() -> Response:
    """The metrics of each value of a property."""
    asked, found = _found(legacy.breakdown)
    (key,) = asked.keys
    # A property may be called as a metric is; then it is the property that is meant.
    name = key.split(":", 2)[-1] if key.startswith("event:props:") else key.partition(":")[2]
    names = [one.name for one in asked.metrics]
    rows = [
        dict(zip(names, row.metrics, strict=True)) | {name: row.dimensions[0]} for row in found.rows
    ]
    return _answer(rows, found)


def _found(read: Callable[[dict[str, str], Site, date], Query]) -> tuple[Query, Results]:
    """What is asked for, as `read` has it, and the answer."""
    arguments = _arguments()
    site = authorization.site_of(arguments.get("site_id"))
    now = answers.now()
    asked = read(arguments, site, answers.today(site, now))
    with database.current_engine().connect() as connection:
        return asked, results.run(connection, asked, now)


def _arguments() -> dict[str, str]:
    """The parameters; the first of each name. QueryError for what PostgreSQL can't hold."""
    if any("\0" in value for value in request.args.values()):
        raise QueryError("Parameters must be text without NUL.")
    return request.args.to_dict()


def _answer(values: object, *found: Results) -> Response:
    """The values, with what the reader should know of what they lack."""
    warnings = [each for one in found for each in (one.imports_warning, one.warning) if each]
    said = {"warning": " ".join(dict.fromkeys(warnings))} if warnings else {}
    return jsonify(results=values, **said)


def _only_row(asked: Query, found: Results) -> dict[str, float | None]:
    (row,) = found.rows
    return {one.name: value for one, value in zip(asked.metrics, row.metrics, strict=True)}


def _change(name: str, before: float | None, now: float | None) -> float | None:
    """In percent; of a rate, in percentage points."""
    if before is None or now is None:
        return None
    if name == "conversion_rate":
        return round(now - before, 2)
    if name == "bounce_rate":
        return now - before if before else None
    if not before:
        return 100 if now else 0
    return round((now - before) / before * 100)
