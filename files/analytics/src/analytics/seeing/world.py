"""The dashboard's world map: one SVG, drawn here, whose colours are in static/world.css.

The page works without script, and under a Content-Security-Policy without `unsafe-inline`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analytics.countries import name_of
from analytics.seeing.projection import HEIGHT, WIDTH
from analytics.seeing.shapes import Shape, shapes

# Codes and their numbers; None is where the country isn't known.
Counts = Mapping[str, int] | Mapping[str | None, int]

# Classes c1 to c6; c0 is land without a visitor. More than six shades can't be told apart.
STEPS = 6
_CODE = re.compile("[A-Z]{2}")
# Units of the sheet; a narrow screen's stylesheet makes it larger.
_DOT = 8


@dataclass(frozen=True, slots=True)
class _Standing:
    """A country among the others. The share is of everything counted, unknown countries too."""

    code: str
    count: int
    share: float
    rank: int


def plain(number: int) -> str:
    """1,234: how numbers are written when the reader's locale isn't known."""
    return f"{number:,}"


def world_map(
    counts: Counts,
    *,
    title: str,
    href: Callable[[str], str] | None = None,
    number: Callable[[int], str] = plain,
) -> Markup:
    """The map as inline SVG: the stronger a country's colour, the higher its number.

    Each country says its name, number, share and rank. With href, which gives the address for a
    code, the counted ones are links, reached by keyboard in the order of their ranks. What has no
    place on the map is left out.
    """
    standings = _standings(counts)
    lowest = steps(counts)
    counted = {standing.code for standing in standings}
    land = [_land(code, shape) for code, shape in shapes().items() if code not in counted]
    countries = [
        _country(shape, standing, _class(lowest, standing.count), href, number)
        for standing in standings
        if (shape := shapes().get(standing.code))
    ]
    # Children of an image aren't presented to screen readers, so links need a group:
    # https://www.w3.org/TR/wai-aria-1.2/#childrenArePresentational
    return Markup(
        '<svg class="world" role="{}" viewBox="0 0 {} {}"><title>{}</title><desc>{}</desc>'
        '<g class="c0">{}</g>{}</svg>'
    ).format(
        "group" if href else "img",
        WIDTH,
        HEIGHT,
        title,
        _description(standings, number),
        Markup("").join(land),
        Markup("").join(countries),
    )


def legend(counts: Counts, *, number: Callable[[int], str] = plain) -> Markup:
    """The numbers that each colour of the map stands for, as a list; empty if none is counted."""
    lowest = steps(counts)
    if not lowest:
        return Markup("")
    most = max(standing.count for standing in _standings(counts))
    items = [Markup('<li class="c0">{}</li>').format(number(0))]
    for low, high in zip(lowest, [*(low - 1 for low in lowest[1:]), most], strict=True):
        text = number(low) if low == high else f"{number(low)}\N{EN DASH}{number(high)}"
        items.append(Markup('<li class="c{}">{}</li>').format(_class(lowest, low), text))
    return Markup('<ul class="world-legend" aria-label="Colours of the map">{}</ul>').format(
        Markup("").join(items)
    )


def steps(counts: Counts) -> list[int]:
    """The lowest number of each colour, at most six, rising from 1.

    Equal factors, rounded to one digit: visitors come by the thousand from one country and one by
    one from many, which equal differences would paint as one dark land and a pale rest, and equal
    shares of countries as if 3 were far from 1.
    """
    most = max((standing.count for standing in _standings(counts)), default=0)
    if not most:
        return []
    return sorted({min(most, _one_digit(most ** (step / STEPS))) for step in range(STEPS)})


def _one_digit(value: float) -> int:
    return int(float(f"{value:.0e}"))


def _class(lowest: Sequence[int], count: int) -> int:
    """The colour's class. The highest step always has the strongest, however few there are."""
    return STEPS - sum(low > count for low in lowest)


def _standings(counts: Counts) -> list[_Standing]:
    """Every country with visitors, highest first. Equal numbers have equal ranks.

    What is no code at all, as an import may bring it, is one more unknown country.
    """
    total = sum(count for count in counts.values() if count > 0)
    known = [
        (code, count)
        for code, count in counts.items()
        if code and _CODE.fullmatch(code) and count > 0
    ]
    known.sort(key=lambda row: (-row[1], row[0]))
    standings: list[_Standing] = []
    for code, count in known:
        tied = standings and standings[-1].count == count
        rank = standings[-1].rank if tied else len(standings) + 1
        standings.append(_Standing(code, count, count / total, rank))
    return standings


def _land(code: str, shape: Shape) -> Markup:
    """A country without visitors, which needs no dot to be seen."""
    if not shape.outline:
        return Markup("")
    return Markup('<path d="{}"><title>{}</title></path>').format(shape.outline, name_of(code))


def _country(
    shape: Shape,
    standing: _Standing,
    step: int,
    href: Callable[[str], str] | None,
    number: Callable[[int], str],
) -> Markup:
    drawing = Markup("<title>{}</title>").format(_label(standing, number))
    if shape.outline:
        drawing += Markup('<path d="{}"/>').format(shape.outline)
    if shape.dot:
        drawing += Markup('<circle cx="{}" cy="{}" r="{}"/>').format(*shape.dot, _DOT)
    if href:
        link = href(standing.code)
        return Markup('<a class="c{}" href="{}">{}</a>').format(step, link, drawing)
    return Markup('<g class="c{}">{}</g>').format(step, drawing)


def _label(standing: _Standing, number: Callable[[int], str]) -> str:
    share = f"{standing.share:.0%}" if standing.share >= 0.01 else "under 1%"
    return f"{name_of(standing.code)}: {number(standing.count)}, {share}, rank {standing.rank}"


def _description(standings: Sequence[_Standing], number: Callable[[int], str]) -> str:
    if not standings:
        return "Nothing from a known country yet."
    first = "; ".join(_label(standing, number) for standing in standings[:3])
    return f"Stronger colours are higher numbers. {len(standings)} countries. {first}."
