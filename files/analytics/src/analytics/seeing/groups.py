"""Groups: which lists share a card of the dashboard, and which of them an address asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from analytics.seeing.filters import DIMENSIONS


@dataclass(frozen=True, slots=True)
class Group:
    """One card. Its first list is the one that is shown unasked."""

    key: str
    label: str
    dimensions: tuple[str, ...]


GROUPS = (
    Group("places", "Countries", ("country",)),
    Group("pages", "Pages", ("page", "entry_page", "exit_page")),
    Group("sources", "Sources", ("source", "channel", "referrer", "utm_campaign")),
    Group("devices", "Devices", ("browser", "system", "screen", "language")),
    Group("events", "Events", ("event",)),
)

# What a tab is called where the card's heading already says the rest.
TABS = {
    "page": "Top",
    "entry_page": "Entry",
    "exit_page": "Exit",
    "source": "Sources",
    "channel": "Channels",
    "referrer": "Referrers",
    "utm_campaign": "Campaigns",
    "browser": "Browsers",
    "system": "Systems",
    "screen": "Screens",
    "language": "Languages",
}

# Which setting of a site (see analytics.sites.FIELDS) makes a list.
_FIELDS = {
    "source": "referrer",
    "channel": "referrer",
    "referrer": "referrer",
    "country": "country",
    "browser": "browser",
    "system": "system",
    "screen": "screen",
    "language": "language",
}


def field_of(dimension: str) -> str | None:
    """The field that must be collected for this list; None if it is made in any case."""
    return "campaign" if dimension.startswith("utm_") else _FIELDS.get(dimension)


def group_of(dimension: str) -> Group | None:
    """The card that has this list among its tabs."""
    return next((group for group in GROUPS if dimension in group.dimensions), None)


def chosen(tabs: Iterable[str]) -> dict[str, str]:
    """The list that each card shows, by the card's key; the last word of an address counts."""
    shown = {group.key: group.dimensions[0] for group in GROUPS}
    for tab in tabs:
        if group := group_of(tab):
            shown[group.key] = tab
    return shown


def is_list(key: str) -> bool:
    """Whether there is a long list of that dimension."""
    return any(key == dimension.key for dimension in DIMENSIONS)
