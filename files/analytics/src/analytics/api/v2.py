"""POST /api/v2/query: any number of a site, in the shape of Plausible's Stats API.

https://plausible.io/docs/stats-api
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from analytics import database
from analytics.api import answers, authorization, json_text, query, results
from analytics.api.errors import QueryError
from analytics.api.query import Query
from analytics.api.results import Results
from analytics.seeing import report

blueprint = Blueprint("query", __name__, url_prefix="/api/v2")
answers.register(blueprint)


@blueprint.post("/query", strict_slashes=False)
def ask() -> Response:
    """Answers one query."""
    body = _body(request.get_data())
    site = authorization.site_of(body.get("site_id"))
    now = answers.now()
    with database.current_engine().connect() as connection:
        first_day = report.first_day(connection, site)
        asked = query.parse(body, site, now, first_day)
        found = results.run(connection, asked, now)
    return jsonify(
        results=[{"metrics": row.metrics, "dimensions": row.dimensions} for row in found.rows],
        meta=_meta(asked, found),
        query=_echo(body, asked, found),
    )


def _body(data: bytes) -> Mapping[str, Any]:
    """The object in a body. QueryError for all else."""
    found = json_text.read(data)
    if not isinstance(found, dict):
        raise QueryError("#: Type mismatch. Expected Object.")
    return found


def _meta(asked: Query, found: Results) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if asked.include.get("imports"):
        meta["imports_included"] = found.imports_skipped is None
        if found.imports_skipped:
            meta["imports_skip_reason"] = found.imports_skipped
    if found.imports_warning:
        # Asked for or not: here, imports are in every result that can have them.
        meta["imports_warning"] = found.imports_warning
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
