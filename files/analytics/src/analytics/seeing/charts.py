"""The curve as one inline SVG, drawn here, whose colours are in static/course.css.

All places are hundredths of the picture, so that it fits any screen without a script, and its
letters keep their size. Only the lines are in a picture of their own that is stretched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from analytics.seeing.measures import Unit

# The stretched picture is a square of this side.
_SIDE = 1000
_LINES = 4
_LABELS = 7
# How many letters of a line's value fit beside the curve; "2 Min. 30 Sek." needs the wide margin.
_NARROW = 7
# The size of a letter in the picture, in course.css.
_LETTER = 0.75
# More points are narrower than a pointer is steady; the table has them all.
_MOST_POINTED_AT = 200
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the curve; what isn't known or hasn't begun is None, and leaves a gap."""

    value: float | None
    before: float | None
    label: str
    """For the axis; only those of `labelled` are drawn."""
    title: str
    """For whoever points at it."""
    whole: bool = True
    """Whether its time is over; the way to a point that still grows is dotted."""
    note: str = ""
    """The numbers of the annotations at this point, such as `2` or `3-5`."""


Place = tuple[float, float]


def scale(highest: float, unit: Unit) -> list[float]:
    """The values of the lines across, from 0 to the first round one above the highest."""
    step = _step(highest / _LINES, unit)
    count = max(1, -int(-highest / step // 1))
    return [step * number for number in range(count + 1)]


def labelled(count: int) -> range:
    """Which of so many points have their name on the axis."""
    return range(0, count, max(1, -(-count // _LABELS)))


def curve(marks: Sequence[Mark], lines: Sequence[tuple[float, str]], name: str) -> Markup:
    """The picture. `lines` are the values of `scale`, as they are written; `name` is read out."""
    top = lines[-1][0]
    across = [_across(number, len(marks)) for number in range(len(marks))]
    now = [_place(x, mark.value, top) for x, mark in zip(across, marks, strict=True)]
    before = [_place(x, mark.before, top) for x, mark in zip(across, marks, strict=True)]
    wide = max(len(text) for _, text in lines) > _NARROW
    return Markup(
        '<svg class="curve{}" role="img" aria-label="{}">{}'
        '<svg class="lines" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>{}{}{}</svg>'
    ).format(
        " wide" if wide else "",
        name,
        _grid(lines, top, 6 if wide else 3),
        _SIDE,
        _SIDE,
        _strokes(now, before, marks),
        _labels(marks, across),
        _notes(marks, across),
        _points(marks, now) if len(marks) <= _MOST_POINTED_AT else "",
    )


def sparkline(values: Sequence[float]) -> Markup:
    """The course alone, small and without numbers: for beside the numbers themselves."""
    top = max([1, *values])
    places = [
        _place(_across(number, len(values)), value, top) for number, value in enumerate(values)
    ]
    marks = [Mark(value, None, "", "") for value in values]
    return Markup(
        '<svg class="lines" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}'
        "</svg>"
    ).format(_SIDE, _SIDE, _strokes(places, [], marks))


def _step(wanted: float, unit: Unit) -> float:
    """The least round step that is as large as wanted."""
    if unit == "seconds":
        days = wanted / _DAY
        return next((step for step in _SECONDS if step >= wanted), 0) or _DAY * _step(days, "count")
    least = {"count": 1.0, "decimal": 0.5, "percent": 1.0}[unit]
    power = least if wanted <= least else 10 ** _exponent(wanted)
    # A quarter of something whole need not be whole: 25, but not 2.5.
    factors = (1, 2, 2.5, 5, 10) if power > least else (1, 2, 5, 10)
    return next(power * factor for factor in factors if power * factor >= wanted)


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def _across(number: int, count: int) -> float:
    return round(_SIDE * number / (count - 1), 1) if count > 1 else _SIDE / 2


def _place(x: float, value: float | None, top: float) -> Place | None:
    return None if value is None else (x, round(_SIDE * (1 - value / top), 1))


def _runs(places: Sequence[Place | None]) -> Iterator[list[Place]]:
    """The places that follow one another without a gap."""
    run: list[Place] = []
    for place in [*places, None]:
        if place is not None:
            run.append(place)
        elif run:
            yield run
            run = []


def _path(run: Sequence[Place]) -> str:
    # A point between two gaps is a line without length, whose round ends are a dot.
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in run) + ("h0" if len(run) == 1 else "")


def _strokes(
    now: Sequence[Place | None], before: Sequence[Place | None], marks: Sequence[Mark]
) -> Markup:
    """Behind: the compared period. Before it: the area, the line, and its unfinished end."""
    growing = next((number for number, mark in enumerate(marks) if not mark.whole), len(marks))
    drawn = "".join(_path(run) for run in _runs(before))
    areas = "".join(
        f"{_path(run)}L{run[-1][0]:g} {_SIDE}L{run[0][0]:g} {_SIDE}z" for run in _runs(now)
    )
    solid = "".join(_path(run) for run in _runs(now[:growing]))
    dotted = "".join(
        _path([one, other])
        for one, other in pairwise(now[max(0, growing - 1) :])
        if one is not None and other is not None
    )
    if not dotted and not solid:
        dotted = "".join(_path(run) for run in _runs(now))
    return Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(kind, path)
        for kind, path in (("past", drawn), ("area", areas), ("now", solid), ("open", dotted))
        if path
    )


def _grid(lines: Sequence[tuple[float, str]], top: float, margin: int) -> Markup:
    """The lines across. They begin before the curve, in a margin with room for their values."""
    return Markup("").join(
        Markup(
            '<line x1="-{2}em" x2="100%" y1="{0}%" y2="{0}%"/>'
            '<text class="y" x="-{3:g}em" y="{0}%">{1}</text>'
        ).format(_short(100 - 100 * value / top), text, margin, margin / _LETTER)
        for value, text in lines
    )


def _labels(marks: Sequence[Mark], across: Sequence[float]) -> Markup:
    """Some of the points' names; a narrow screen's stylesheet hides every other one."""
    return Markup("").join(
        Markup('<text class="x{}" x="{}%" y="100%">{}</text>').format(
            _edge(across[index]) + (" minor" if number % 2 else ""),
            _short(across[index] / 10),
            marks[index].label,
        )
        for number, index in enumerate(labelled(len(marks)))
    )


def _notes(marks: Sequence[Mark], across: Sequence[float]) -> Markup:
    """A line down from the number of each annotation, whose words are in the list below."""
    return Markup("").join(
        Markup(
            '<g class="note"><line x1="{0}%" x2="{0}%" y1="0" y2="100%"/>'
            '<text x="{0}%" y="0">{1}</text></g>'
        ).format(_short(x / 10), mark.note)
        for mark, x in zip(marks, across, strict=True)
        if mark.note
    )


def _edge(x: float) -> str:
    """The class of a name that must not stand out over the picture's side."""
    if x < _SIDE * 0.04:
        return " first"
    return " last" if x > _SIDE * 0.96 else ""


def _points(marks: Sequence[Mark], now: Sequence[Place | None]) -> Markup:
    """Strips that say a point's number under the pointer."""
    width = 100 / max(1, len(marks) - 1)
    strips = []
    for number, (mark, place) in enumerate(zip(marks, now, strict=True)):
        if place is None:
            continue
        left = (number - 0.5) * width if len(marks) > 1 else 0
        strips.append(
            Markup(
                '<g><title>{}</title><rect x="{}%" width="{}%" height="100%"/>'
                '<circle cx="{}%" cy="{}%" r="4"/></g>'
            ).format(
                mark.title,
                _short(left),
                _short(width),
                _short(place[0] / 10),
                _short(place[1] / 10),
            )
        )
    return Markup('<g class="points">{}</g>').format(Markup("").join(strips))


def _short(number: float) -> str:
    return f"{number:.4g}"
