"""Properties in the card of events: those of the event that is filtered, with their values."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.seeing.cards import Line, lines
from analytics.seeing.columns import columns
from analytics.seeing.filters import PREFIX
from analytics.seeing.formats import Reader
from analytics.seeing.links import Place
from analytics.seeing.printable import printable
from analytics.seeing.properties import events_of
from analytics.seeing.report import Report
from analytics.sites import Site


@dataclass(frozen=True, slots=True)
class PropertyCard:
    """The first values of one property; `href` is the address of all of them."""

    name: str
    columns: Sequence[str]
    lines: Sequence[Line]
    href: str
    more: bool
    """Whether there are others."""


@dataclass(frozen=True, slots=True)
class PropertyCards:
    """What the card of events says of properties; nothing where no event is filtered."""

    events: str
    """The events that are filtered, in words."""
    cards: Sequence[PropertyCard]
    all: str
    """The address of the list of all properties."""


def property_cards(
    report: Report, site: Site, place: Place, reader: Reader
) -> PropertyCards | None:
    """The properties of the filtered events; None without such a filter."""
    events = events_of(report.view.filters)
    if not events:
        return None
    return PropertyCards(
        " or ".join(map(printable, events)),
        [
            PropertyCard(
                printable(name),
                [column.label for column in wanted],
                lines(table.rows, table.dimension, wanted, None, place, reader),
                place.properties(name).address(),
                table.more,
            )
            for table in report.properties
            for name in [table.dimension.removeprefix(PREFIX)]
            for wanted in [columns(site, table.dimension)]
        ],
        place.properties().address(),
    )
