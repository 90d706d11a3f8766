"""CSV files of what is shown, with the names that Plausible's exports have."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from flask import Response

from analytics.seeing.columns import Column
from analytics.seeing.labels import label_of
from analytics.seeing.measures import MEASURES, Unit
from analytics.seeing.overview import Glance
from analytics.seeing.printable import printable
from analytics.seeing.report import Point, Row

_PIECE = 65_536
_ROUNDED: dict[Unit, Callable[[float], float]] = {
    "count": int,
    "decimal": lambda value: round(value, 2),
    "percent": round,
    "seconds": round,
}


def curve_csv(points: Iterable[Point], name: str) -> Response:
    """The curve, one row a point: all measures by day, hour, week or month."""
    rows = (
        [
            point.bucket.label,
            *(_number(measure.unit, measure.value(point.totals)) for measure in MEASURES),
        ]
        for point in points
    )
    return _file(["date", *(measure.metric for measure in MEASURES)], rows, name)


def table_csv(rows: Iterable[Row], dimension: str, wanted: Sequence[Column], name: str) -> Response:
    """A list, one row a value."""
    return _file(
        ["name", *(column.field for column in wanted)],
        (
            [
                _text(row.value or label_of(dimension, None)),
                *(_number(column.unit, column.value(row)) for column in wanted),
            ]
            for row in rows
        ),
        name,
    )


def sites_csv(glances: Iterable[Glance], name: str) -> Response:
    """The overview, one row a site."""
    rows = (
        [one.domain, _number("count", one.visitors), _number("count", one.page_views)]
        for one in glances
    )
    return _file(["name", "visitors", "pageviews"], rows, name)


def _number(unit: Unit, value: float | None) -> str:
    """As Plausible writes it: whole percents and seconds, and nothing for what isn't known."""
    return "" if value is None else str(_ROUNDED[unit](value))


def _text(value: str) -> str:
    """What a visitor wrote must stay a text where the file is opened: no formula.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _file(header: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> Response:
    response = Response(_pieces(header, rows), content_type="text/csv; charset=utf-8")
    # No header can have a line break, which the name of a property may.
    response.headers.set("Content-Disposition", "attachment", filename=f"{printable(name)}.csv")
    return response


def _pieces(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The file bit by bit: whole, it would be in the memory beside its rows."""
    # Without a byte order mark, which programs would take for a part of the first name.
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        if text.tell() > _PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
