"""Adding and deleting annotations in the dashboard: forms of the signed-in owner's."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from analytics import database
from analytics.access import viewer as access
from analytics.keeping import annotations
from analytics.seeing import asked, trouble
from analytics.sites import Site

blueprint = Blueprint("annotations", __name__, url_prefix="/stats")
# A POST is the owner's alone, and must come from our own page.
blueprint.before_request(access.required)
trouble.register(blueprint)


@blueprint.post("/<domain>/annotations")
def add(domain: str) -> Response:
    """Notes something at a day."""
    site = asked.site_of(domain)
    try:
        day, text = annotations.checked(request.form.get("day", ""), request.form.get("text", ""))
    except ValueError as error:
        abort(400, str(error))
    with database.current_engine().begin() as connection:
        annotations.add(connection, site, day, text)
    return _back(site)


@blueprint.post("/<domain>/annotations/<int:number>/delete")
def remove(domain: str, number: int) -> Response:
    """Takes one away."""
    site = asked.site_of(domain)
    with database.current_engine().begin() as connection:
        annotations.remove(connection, site, number)
    return _back(site)


def _back(site: Site) -> Response:
    """To the view that the form was in, which is in the query of its address."""
    query = urlencode(list(request.args.items(multi=True)), errors="replace")
    root = url_for("dashboard.site", domain=site.domain)
    return redirect(f"{root}?{query}#notes" if query else f"{root}#notes", 303)
