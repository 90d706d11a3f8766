"""/stats/: the dashboard. Every view has its address, and every page is whole without a script."""

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, abort, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from analytics import database, here
from analytics.access import viewer as access
from analytics.keeping import annotations
from analytics.seeing import asked, assets, downloads, overview, page, report, trouble, world
from analytics.seeing.cards import cards, lines, to_country
from analytics.seeing.columns import Column, columns
from analytics.seeing.course import course
from analytics.seeing.figures import Table
from analytics.seeing.filters import ANY_PROPERTY, DIMENSIONS
from analytics.seeing.filters import dimension as dimension_of
from analytics.seeing.groups import is_list
from analytics.seeing.headline import headline
from analytics.seeing.labels import called
from analytics.seeing.links import PROPERTIES, Place
from analytics.seeing.page import Scene
from analytics.seeing.printable import printable
from analytics.seeing.property_cards import property_cards
from analytics.seeing.reasons import reason
from analytics.seeing.shapes import shapes
from analytics.sites import Site

_ROWS = 100
# Ten times as many do not fit into the memory beside everything else.
_ROWS_OF_A_FILE = 10_000

blueprint = Blueprint("dashboard", __name__, url_prefix="/stats")
blueprint.before_request(access.required)
trouble.register(blueprint)


@blueprint.record
def prepare_templates(state: BlueprintSetupState) -> None:
    """Lines that are only a tag of the template leave no empty ones, a tenth of the page."""
    environment = state.app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters["printable"] = printable
    environment.globals.update(
        asset=assets.asset,
        legend=world.legend,
        optional=page.optional,
        reason=reason,
        signed_in=access.signed_in,
        site_here=here.site,
        world_map=world.world_map,
    )


def warm_up(app: Flask) -> None:
    """Compile the templates and project the world, for which a first reader would wait seconds."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    shapes()


@blueprint.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """A style or script; `v` is the hash of what is meant."""
    return assets.send(name)


@blueprint.get("/")
def home() -> BaseResponse | str:
    """The overview of several sites; the one site itself if there is no other."""
    sites = access.visible_sites()
    if len(sites) == 1:
        return redirect(url_for("dashboard.site", domain=sites[0].domain))
    with database.current_engine().connect() as connection:
        found = overview.glances(connection, sites, datetime.now(UTC))
    if asked.as_file():
        return downloads.sites_csv(found, f"sites {overview.DAYS}d")
    return render_template("sites.html", glances=found, days=overview.DAYS, reader=asked.language())


@blueprint.get("/<domain>")
def site(domain: str) -> BaseResponse | str:
    """The page of one site."""
    found = asked.site_of(domain)
    with database.current_engine().connect() as connection:
        scene, problems = _scene(connection, found)
        if meant := asked.settled(scene.place, problems):
            return redirect(meant)
        if scene.first_day is None:
            return render_template("empty.html", **page.frame(scene), **page.tracker(found))
        made = report.make(connection, found, scene.place.view, scene.now)
        period = scene.place.view.period
        notes = annotations.of(connection, found, period.first, period.last)
    if asked.as_file():
        return downloads.curve_csv(made.curve, _file_name(scene.place, found))
    return render_template(
        "site.html",
        **page.frame(scene),
        report=made,
        figures=headline(made, found, scene.place, scene.reader),
        course=course(made, scene, notes),
        cards=cards(made, found, scene.place, scene.reader),
        properties=property_cards(made, found, scene.place, scene.reader),
        to_country=to_country(scene.place),
        problems=problems,
    )


@blueprint.get("/<domain>/<dimension>")
def listing(domain: str, dimension: str) -> BaseResponse | str:
    """The long list of one dimension, with search."""
    found = asked.site_of(domain)
    if dimension != PROPERTIES and not is_list(dimension):
        abort(404)
    with database.current_engine().connect() as connection:
        scene, problems = _scene(connection, found, dimension)
        if meant := asked.settled(scene.place, problems):
            return redirect(meant)
        table = report.table(
            connection,
            found,
            scene.place.view,
            scene.place.dimension,
            scene.now,
            search=scene.place.search,
            called=called(scene.place.dimension, scene.place.search),
            limit=_ROWS_OF_A_FILE if asked.as_file() else _ROWS,
            offset=asked.skip(),
        )
    shown = scene.place.dimension
    wanted = columns(found, shown)
    if asked.as_file():
        return _list_as_file(table, scene, wanted)
    return render_template(
        "list.html",
        **page.frame(scene),
        dimension=dimension_of(shown) or ANY_PROPERTY,
        columns=wanted,
        lines=lines(table.rows, shown, wanted, None, scene.place.site, scene.reader),
        skip=asked.skip(),
        limit=_ROWS,
        file=_file_with(scene.place, asked.skip()),
        lists_of_all=[(each.key, each.plural) for each in (*DIMENSIONS, ANY_PROPERTY)],
        more=table.more,
        problems=problems,
    )


def _list_as_file(table: Table, scene: Scene, wanted: Sequence[Column]) -> Response:
    """A file of a long list; if that is only a part of it, its name says which."""
    first, last = asked.skip() + 1, asked.skip() + len(table.rows)
    name = _file_name(scene.place, scene.site)
    if table.more or 1 < first <= last:
        name += f" {first}-{last}"
    response = downloads.table_csv(table.rows, scene.place.dimension, wanted, name)
    if table.more:
        following = _file_with(scene.place, last)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def _file_with(place: Place, row: int) -> str:
    """The address of the file that has a row of a long list."""
    skipped = row // _ROWS_OF_A_FILE * _ROWS_OF_A_FILE
    skip = [("skip", f"{skipped}")] if skipped else []
    return place.address(*skip, ("format", "csv"))


def _scene(connection: Connection, found: Site, dimension: str = "") -> tuple[Scene, list[str]]:
    """Who looks at what, and a sentence for each thing in the address that was left out."""
    now = datetime.now(UTC)
    first_day = report.first_day(connection, found)
    today = now.astimezone(found.time_zone).date()
    place, problems = asked.place(found, today, first_day, dimension)
    return Scene(found, place, now, first_day, asked.language()), problems


def _file_name(place: Place, found: Site) -> str:
    """`blog.example page 28d`, of letters that every system takes."""
    parts = [found.domain, place.listing, place.name, place.view.period.key]
    return " ".join(part for part in parts if part)
