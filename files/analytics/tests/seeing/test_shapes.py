"""Shapes of all countries, as strings that a browser can draw."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import accumulate, pairwise

import iptocc
import pytest
from analytics.seeing import shapes as module
from analytics.seeing.projection import HEIGHT, WIDTH, Place, place
from analytics.seeing.shapes import shapes
from iso3166 import countries

# Without a place on the map, and why.
ABSENT = {
    "AQ",  # left out: the map ends south of Cape Horn
    "BV",  # uninhabited, in no list of places
    "HM",  # likewise
}


def test_every_country_has_an_outline_or_a_dot() -> None:
    assert {country.alpha2 for country in countries} - shapes().keys() == ABSENT
    assert all(shape.outline or shape.dot for shape in shapes().values())


def test_every_country_that_an_address_can_have_is_on_the_map() -> None:
    every_16 = [str(IPv4Address(number << 16)) for number in range(1 << 16)]
    every_28 = [str(IPv6Address(0x2000 << 112 | number << 100)) for number in range(1 << 16)]
    found = {code for code in iptocc.country_code(every_16 + every_28) if code}
    assert len(found) > 150
    # The registries' "somewhere in Europe", which countries.country_of takes for no country.
    assert found - shapes().keys() - ABSENT <= {"EU"}


def _subpaths(outline: str) -> Iterator[list[Place]]:
    """An independent reading of path data. https://www.w3.org/TR/SVG2/paths.html#PathData"""
    for subpath in outline.removesuffix("z").split("z"):
        match = re.fullmatch(r"M(\d+) (\d+)l([-\d ]+)", subpath)
        assert match, subpath
        numbers = [int(number) for number in re.findall(r"-?\d+", match[3])]
        assert len(numbers) % 2 == 0
        start = (int(match[1]), int(match[2]))
        steps = zip(numbers[::2], numbers[1::2], strict=True)
        yield list(accumulate(steps, lambda a, b: (a[0] + b[0], a[1] + b[1]), initial=start))


def test_outlines_are_drawn_within_the_sheet() -> None:
    drawn = [
        place
        for shape in shapes().values()
        if shape.outline
        for subpath in _subpaths(shape.outline)
        for place in subpath
    ]
    assert len(drawn) > 8000
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)


def test_no_line_crosses_the_map_from_edge_to_edge() -> None:
    for shape in shapes().values():
        if not shape.outline:
            continue
        for subpath in _subpaths(shape.outline):
            assert len(subpath) >= 3
            assert all(abs(x2 - x1) < WIDTH / 10 for (x1, _), (x2, _) in pairwise(subpath))


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("SG", 103.85, 1.28),
        ("MT", 14.5, 35.9),
        ("HK", 114.15, 22.3),
        ("MU", 57.5, -20.16),
        ("WS", -171.7, -13.8),
        ("LU", 6.15, 49.6),
    ],
)
def test_small_countries_are_dots_where_they_lie(
    code: str, longitude: float, latitude: float
) -> None:
    dot = shapes()[code].dot
    assert dot
    expected = place((longitude, latitude))
    assert abs(dot[0] - expected[0]) <= 3
    assert abs(dot[1] - expected[1]) <= 3


def test_what_can_be_seen_has_no_dot() -> None:
    assert not any(shapes()[code].dot for code in ("NL", "BE", "CH", "SI", "US", "GF", "XK"))


def test_positions_read_seconds_and_signs() -> None:
    assert module._point("+404251-0740023") == pytest.approx((-74.00639, 40.71417), abs=1e-5)
    assert module._point("-0004+00036") == pytest.approx((0.6, -0.06667), abs=1e-5)


def test_without_time_zones_there_are_only_outlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TZPATH", ())
    found = shapes.__wrapped__()
    assert "SG" not in found
    assert found["NL"].outline
