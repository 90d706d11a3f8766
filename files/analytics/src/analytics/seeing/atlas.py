"""The outlines of the countries: Natural Earth's, by the codes of ISO 3166.

They come as TopoJSON (vendor/natural-earth): https://github.com/topojson/topojson-specification
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from iso3166 import countries_by_numeric

from analytics.seeing.projection import Point

Ring = Sequence[Point]

_FILE = Path(__file__).parents[1] / "vendor" / "natural-earth" / "countries-110m.json"
_ANTARCTICA = "AQ"
# These have no number in ISO 3166. Addresses there are registered under these codes.
_UNNUMBERED = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
# The atlas draws who holds a land; ISO 3166 gives these parts of three countries to other codes.
# The part's code, and its bounds in degrees west, south, east, north.
_PARTS = {
    "FR": ("GF", -55, 2, -51, 6),
    "NO": ("SJ", 10, 76, 28, 81),
    "RU": ("UA", 32, 44, 37, 47),  # Crimea is UA-43.
}


def polygons() -> Iterator[tuple[str, list[Ring]]]:
    """Country code and rings of each piece of land but the Antarctic.

    The first ring is the coast or border; the others are holes, and run the other way round. All
    end where they begin.
    """
    atlas = json.loads(_FILE.read_bytes())
    arcs = _arcs(atlas)
    for country in atlas["objects"]["countries"]["geometries"]:
        code = _code(country)
        if code == _ANTARCTICA:
            continue
        several = country["type"] == "MultiPolygon"
        for polygon in country["arcs"] if several else [country["arcs"]]:
            rings = [_ring(arcs, indexes) for indexes in polygon]
            yield _part_of(code, rings[0]), rings


def _code(country: Mapping[str, Any]) -> str:
    number = country.get("id")
    if number is None:
        return _UNNUMBERED[country["properties"]["name"]]
    return countries_by_numeric[number].alpha2


def _part_of(code: str, ring: Ring) -> str:
    """The code of this piece of a country, which may be another than the country's."""
    if code not in _PARTS:
        return code
    part, west, south, east, north = _PARTS[code]
    inside = all(west <= x <= east and south <= y <= north for x, y in ring)
    return part if inside else code


def _arcs(atlas: Mapping[str, Any]) -> list[Ring]:
    """The lines that rings are made of, in degrees. Two neighbours share the one between them."""
    scale, origin = atlas["transform"]["scale"], atlas["transform"]["translate"]

    def degrees(steps: Sequence[int], axis: int) -> Iterator[float]:
        return (position * scale[axis] + origin[axis] for position in accumulate(steps))

    columns = (zip(*arc, strict=True) for arc in atlas["arcs"])
    return [list(zip(degrees(x, 0), degrees(y, 1), strict=True)) for x, y in columns]


def _ring(arcs: Sequence[Ring], indexes: Sequence[int]) -> Ring:
    """Arcs end to end. A negative index is the complement of one that runs backwards."""
    return [
        point
        for index in indexes
        for point in (arcs[index] if index >= 0 else reversed(arcs[~index]))
    ]
