"""Links: where the reader is on the dashboard, and the addresses of what is one step away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack
from urllib.parse import urlencode

from analytics.seeing.comparisons import Mode
from analytics.seeing.filters import PREFIX, Filters
from analytics.seeing.groups import GROUPS, group_of
from analytics.seeing.intervals import Interval
from analytics.seeing.periods import Period
from analytics.seeing.views import Metric, View

# Not the property's own path: its name may have any letters, "/" and ".." too.
PROPERTIES = "properties"

Pairs = list[tuple[str, str]]


class Changes(TypedDict, total=False):
    """What a link may change of a view."""

    period: Period
    comparison: Mode
    interval: Interval | None
    metric: Metric
    filters: Filters


@dataclass(frozen=True, slots=True)
class Place:
    """A page about a site, with its view and which list each card shows (see groups.chosen)."""

    root: str
    """The path of the site's page: `/stats/blog.example`."""
    view: View
    shown: Mapping[str, str]
    listing: str = ""
    """The dimension, on the page of a long list."""
    search: str = ""
    name: str = ""
    """That of the property, on the page of its values."""

    @property
    def site(self) -> "Place":
        """The site's page under the same view."""
        return replace(self, listing="", search="", name="")

    @property
    def dimension(self) -> str:
        """What the long list is of; `prop:` of the names of all properties."""
        return f"{PREFIX}{self.name}" if self.listing == PROPERTIES else self.listing

    def to_query(self) -> Pairs:
        """The pairs of the address; what is as usual is left out."""
        usual = {group.key: group.dimensions[0] for group in GROUPS}
        tabs = [("tab", tab) for key, tab in self.shown.items() if tab != usual[key]]
        search = [("search", self.search)] if self.search else []
        name = [("name", self.name)] if self.name else []
        return self.view.to_query() + tabs + name + search

    def without(self, *keys: str) -> Pairs:
        """The same without some keys: what a form that sends those must carry along."""
        return [pair for pair in self.to_query() if pair[0] not in keys]

    def href(self, **changes: Unpack[Changes]) -> str:
        """This page with some things of its view changed."""
        return replace(self, view=replace(self.view, **changes)).address()

    def tab(self, dimension: str) -> str:
        """This page with a card turned to another of its lists; the browser goes to the card."""
        group = group_of(dimension)
        if group is None:
            return self.address()
        turned = replace(self, shown={**self.shown, group.key: dimension})
        return f"{turned.address()}#{group.key}"

    def list(self, dimension: str) -> "Place":
        """The long list of a dimension under the same view."""
        return replace(self, listing=dimension, search="", name="")

    def properties(self, name: str = "") -> "Place":
        """The long list of a property's values under the same view; without a name, of names."""
        return replace(self, listing=PROPERTIES, search="", name=name)

    def address(self, *more: tuple[str, str]) -> str:
        """The address of this page."""
        path = f"{self.root}/{self.listing}" if self.listing else self.root
        return address(path, [*self.to_query(), *more])


def address(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """A path with a query, both safe in an address."""
    # Paths and properties stay readable: these may stand in a query as they are.
    # https://www.rfc-editor.org/rfc/rfc3986#section-3.4
    query = urlencode(list(pairs), safe="/:")
    return f"{path}?{query}" if query else path
