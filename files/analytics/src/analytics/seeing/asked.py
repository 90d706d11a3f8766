"""What the address of a page asks for: its view, and what only the dashboard itself reads."""

from collections.abc import Collection
from datetime import date

from flask import abort, request, url_for

from analytics.config import current_settings
from analytics.seeing import filters, views
from analytics.seeing.filters import OPERATORS, PREFIX, Filters
from analytics.seeing.formats import Reader, reader
from analytics.seeing.groups import chosen
from analytics.seeing.labels import value_of
from analytics.seeing.links import PROPERTIES, Place
from analytics.sites import Site

_OWN_KEYS = frozenset({"tab", "format", "search", "skip", "name", "about", "how", "value"})
_LONGEST_SEARCH = 200
_MOST_SKIPPED = 1_000_000


def site_of(domain: str) -> Site:
    """The site, or 404."""
    found = next((one for one in current_settings().sites if one.domain == domain), None)
    return found or abort(404)


def place(
    site: Site, today: date, first_day: date | None, listing: str = ""
) -> tuple[Place, list[str]]:
    """Where the reader is, and a sentence for each thing in the address that was left out."""
    view, problems = views.from_query(
        request.args.items(multi=True), today, first_day, others=_OWN_KEYS
    )
    root = url_for("dashboard.site", domain=site.domain)
    name = property_name() if listing == PROPERTIES else ""
    shown = chosen(request.args.getlist("tab"))
    return Place(root, view, shown, listing, search(), name), problems


def language() -> Reader:
    """Who reads: by the browser's languages."""
    return reader(request.headers.get("Accept-Language"))


def as_file() -> bool:
    """Whether a CSV file is wanted."""
    return request.args.get("format") == "csv"


def search() -> str:
    """What a long list is searched for. What PostgreSQL can't hold is in none."""
    text = request.args.get("search", "").strip()[:_LONGEST_SEARCH]
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def property_name() -> str:
    """The property whose values are asked for; "" for the list of all, and for what is no name."""
    name = request.args.get("name", "")
    return name if filters.dimension(f"{PREFIX}{name}") else ""


def skip() -> int:
    """How many rows of a long list come before."""
    text = request.args.get("skip", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST_SKIPPED))):
        return 0
    return min(int(text), _MOST_SKIPPED)


def settled(here: Place, problems: Collection[str]) -> str | None:
    """The address that a form means, which sends its parts apart; None if no form was sent."""
    if request.args.get("about"):
        return here.site.href(filters=_with_added(here))
    # What made no sense is told on the page, and would be forgotten by a redirect.
    return here.address() if request.args.get("from") and not problems else None


def _with_added(here: Place) -> Filters:
    about, how = request.args["about"], request.args.get("how")
    operator = next((each for each in OPERATORS if each == how), "is")
    key = about if operator == "is" else f"{operator}.{about}"
    typed = request.args.get("value", "").strip()
    value = value_of(about, typed)
    if operator.startswith("contains"):
        value = value or typed  # no part is in the unknown
    found, _ = filters.from_query([(key, value)])
    return Filters(here.view.filters.conditions | found.conditions)
