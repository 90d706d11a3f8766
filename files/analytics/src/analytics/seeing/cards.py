"""Cards: the lists of the dashboard, each row with its bar, number, share and a link to filter."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analytics.seeing.columns import Column, columns
from analytics.seeing.filters import PREFIX, Filters, dimension
from analytics.seeing.formats import Reader
from analytics.seeing.groups import GROUPS, TABS, Group, field_of
from analytics.seeing.labels import label_of
from analytics.seeing.links import Place
from analytics.seeing.measures import write, write_short
from analytics.seeing.menus import Item
from analytics.seeing.report import Report, Row, Table, Totals
from analytics.sites import Site

ROWS = 9
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `bar` is its length in hundredths of the longest."""

    label: str
    href: str
    active: bool
    bar: str
    cells: Sequence[str]
    exact: str
    share: str


@dataclass(frozen=True, slots=True)
class Card:
    """One list of a group, with the group's other lists as tabs."""

    key: str
    label: str
    dimension: str
    noun: str
    noun_plural: str
    number: str
    tabs: Sequence[Item]
    lines: Sequence[Line]
    more: str
    left_out: str
    """The field that the site doesn't collect, if that is why there is no list."""


def cards(report: Report, site: Site, place: Place, reader: Reader) -> dict[str, Card]:
    """Every card of the page, by its key."""
    return {group.key: _card(group, report, site, place, reader) for group in GROUPS}


def _card(group: Group, report: Report, site: Site, place: Place, reader: Reader) -> Card:
    shown = place.shown[group.key]
    table = report.tables.get(shown) or Table(shown, [], False)
    field = field_of(shown)
    first = columns(site, shown)[:1]
    found = dimension(shown)
    return Card(
        key=group.key,
        label=group.label,
        dimension=shown,
        noun=found.label if found else shown,
        noun_plural=found.plural if found else shown,
        number=first[0].label,
        tabs=[
            Item(TABS[each], place.tab(each), each == shown)
            for each in group.dimensions
            if len(group.dimensions) > 1
        ],
        lines=lines(table.rows[:ROWS], shown, first, report.totals, place, reader),
        more=place.list(shown).address() if table.more or len(table.rows) > ROWS else "",
        left_out="" if field is None or site.collects(field) else field,
    )


def lines(
    rows: Iterable[Row],
    shown: str,
    wanted: Sequence[Column],
    totals: Totals | None,
    place: Place,
    reader: Reader,
) -> list[Line]:
    """The rows with these columns; bars are of the first one, and so are shares of the totals."""
    rows = list(rows)
    first = wanted[0]
    most = max((first.value(row) or 0 for row in rows), default=0)
    whole = (first.value(Row(None, totals)) if totals else None) or 0
    return [
        Line(
            label=label_of(shown, row.value),
            href=_href(place, shown, row.value),
            active=place.view.filters.has(shown, row.value or ""),
            bar=f"{_HUNDRED * (number / most if most else 0):.3g}",
            cells=[
                write_short(reader, column.unit, column.value(row))
                if len(wanted) == 1
                else write(reader, column.unit, column.value(row))
                for column in wanted
            ],
            exact=write(reader, first.unit, number),
            share=_share(number, whole, shown, reader),
        )
        for row in rows
        for number in [first.value(row) or 0]
    ]


def _href(place: Place, shown: str, value: str | None) -> str:
    """Where a click leads: a filter, but from a property's name to its values."""
    if shown == PREFIX:
        return place.properties(value or "").address()
    return place.href(filters=toggled(place.view.filters, shown, value))


def toggled(filters: Filters, shown: str, value: str | None) -> Filters:
    """What a click on a row does: only this value of the dimension, or all of them again.

    Adding a second value to the first would widen the view, which no one expects of a click.
    """
    if filters.has(shown, value or ""):
        return filters.toggle(shown, value or "")
    return filters.without(shown, "is").with_(shown, value or "")


def to_country(place: Place) -> Callable[[str], str]:
    """Where a click on a country of the map leads, by its code."""
    return lambda code: place.href(filters=toggled(place.view.filters, "country", code))


def _share(number: float, whole: float, shown: str, reader: Reader) -> str:
    """The part of the whole. Events are no part of the page views, so theirs is not told."""
    return reader.percent(number / whole) if whole and shown != "event" else ""
