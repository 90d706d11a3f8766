"""POST /api/v2/query: any number of a site, in the shape of Plausible's Stats API.

https://plausible.io/docs/stats-api
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Blueprint, Response, jsonify, request

from analytics import database
from analytics.api import answers, authorization, query, results
from analytics.api.errors import QueryError
from analytics.api.query import Query
from analytics.api.results import Results

# Beyond it, what reads the body would need a deeper stack than Python has.
_DEEPEST = 30

blueprint = Blueprint("query", __name__, url_prefix="/api/v2")
answers.register(blueprint)


@blueprint.post("/query")
def ask() -> Response:
    """Answers one query."""
    body = _body(request.get_data())
    site = authorization.site_of(body.get("site_id"))
    now = answers.now()
    with database.current_engine().connect() as connection:
        first_day = answers.first_day(connection, site)
        asked = query.parse(body, site, answers.today(site, now), first_day)
        found = results.run(connection, asked, now)
    return jsonify(
        results=[{"metrics": row.metrics, "dimensions": row.dimensions} for row in found.rows],
        meta=_meta(asked, found),
        query=_echo(body, asked, found),
    )


def _body(data: bytes) -> Mapping[str, Any]:
    """The object in a body. QueryError for all else, and for texts that no database can hold."""
    try:
        found = json.loads(data, parse_constant=_no_number)
        storable = _storable(found)
    except (ValueError, RecursionError):
        raise QueryError("The body must be JSON.") from None
    if not isinstance(found, dict):
        raise QueryError("#: Type mismatch. Expected Object.")
    if not storable:
        raise QueryError("Texts must be Unicode without NUL, and nested less than 30 deep.")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _storable(given: object, depth: int = 0) -> bool:
    """Whether all texts can be asked for in PostgreSQL: no NUL, and no lone surrogate."""
    if depth > _DEEPEST:
        return False
    if isinstance(given, str):
        return _is_text(given)
    if isinstance(given, dict):
        return all(_storable(key) and _storable(one, depth + 1) for key, one in given.items())
    if isinstance(given, list):
        return all(_storable(one, depth + 1) for one in given)
    return True


def _is_text(given: str) -> bool:
    try:
        return b"\0" not in given.encode()
    except UnicodeEncodeError:
        return False


def _meta(asked: Query, found: Results) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if asked.include.get("imports"):
        # What was imported is like all else here, and in every result.
        meta |= {"imports_included": False, "imports_skip_reason": "no_imported_data"}
    if found.time_labels is not None:
        meta["time_labels"] = found.time_labels
    if found.total_rows is not None:
        meta["total_rows"] = found.total_rows
    if found.warning:
        meta["warning"] = found.warning
    return meta


def _echo(body: Mapping[str, Any], asked: Query, found: Results) -> dict[str, Any]:
    """The query as it was understood."""
    return {
        "site_id": asked.site.domain,
        "metrics": [one.name for one in asked.metrics],
        "date_range": asked.range.texts(),
        "filters": body.get("filters", []),
        "dimensions": list(asked.keys),
        "order_by": [[one.key, "desc" if one.descending else "asc"] for one in found.order],
        "include": dict(asked.include),
        "pagination": {"limit": asked.limit, "offset": asked.offset},
    }
