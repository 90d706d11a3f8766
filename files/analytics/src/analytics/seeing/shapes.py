"""The countries' shapes on the world map: outlines, and dots for those too small to be seen."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import TZPATH

from analytics.seeing import atlas
from analytics.seeing.projection import NORTH, SOUTH, Place, Point, place

# Square units of the sheet, about 13,000 km²: less can hardly be seen, and not on a phone.
_SMALL = 42
# A ring of fewer places encloses nothing; its last is its first.
_TRIANGLE = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """One country on the map.

    The outline is the data of an SVG path, empty when the atlas has none. The dot marks a country
    that is too small to be seen; None for all others.
    """

    outline: str
    dot: Place | None


@cache
def shapes() -> Mapping[str, Shape]:
    """All countries by their ISO 3166 alpha-2 codes. Read once; nothing but these is kept.

    There are no dots on a system without a time zone database.
    """
    outlines: defaultdict[str, str] = defaultdict(str)
    areas: defaultdict[str, float] = defaultdict(float)
    for code, rings in atlas.polygons():
        for ring in rings:
            places = _places(ring)
            if len(places) < _TRIANGLE:
                continue
            outlines[code] += _path(places)
            areas[code] += _area(places)
    dots = {
        code: place(position)
        for code, position in _positions()
        if abs(areas.get(code, 0)) < _SMALL and SOUTH < position[1] < NORTH
    }
    codes = sorted(outlines.keys() | dots.keys())
    return {code: Shape(outlines.get(code, ""), dots.get(code)) for code in codes}


def _places(ring: Sequence[Point]) -> list[Place]:
    """The ring on the sheet, without what has become the same place as the one before it."""
    places = [place(point) for point in ring]
    return [places[0], *(here for before, here in pairwise(places) if here != before)]


def _path(places: Sequence[Place]) -> str:
    """The data of an SVG path, in relative steps, which take fewer bytes."""
    x, y = places[0]
    steps = (f"{x2 - x1} {y2 - y1}" for (x1, y1), (x2, y2) in pairwise(places[:-1]))
    return f"M{x} {y}l{' '.join(steps)}z".replace(" -", "-")


def _area(places: Sequence[Place]) -> float:
    """Its sign is the direction of the ring, so that holes are taken off.

    https://en.wikipedia.org/wiki/Shoelace_formula
    """
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(places)) / 2


def _positions() -> Iterator[tuple[str, Point]]:
    """A town of each country: the first that the system's time zones list for it.

    https://data.iana.org/time-zones/tz-link.html
    """
    tables = (Path(folder) / "zone.tab" for folder in TZPATH)
    table = next((table for table in tables if table.is_file()), None)
    seen = set()
    for line in table.read_text(encoding="utf-8").splitlines() if table else []:
        code, *columns = line.split("\t")
        if line.startswith("#") or code in seen:
            continue
        seen.add(code)
        yield code, _point(columns[0])


def _point(text: str) -> Point:
    """ISO 6709 as in "+3554+01431" or "+404251-0740023": degrees, minutes, maybe seconds."""
    split = max(text.rfind("+"), text.rfind("-"))
    return _degrees(text[split:], 4), _degrees(text[:split], 3)


def _degrees(text: str, width: int) -> float:
    """Sign and degrees take the width; two digits each of minutes and seconds follow."""
    degrees, minutes, seconds = text[:width], text[width : width + 2], text[width + 2 :] or "0"
    size = abs(int(degrees)) + int(minutes) / 60 + int(seconds) / 3600
    return -size if text.startswith("-") else size
