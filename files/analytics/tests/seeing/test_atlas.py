"""Natural Earth's outlines, as vendored."""

import re
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from analytics.seeing import atlas

VENDORED = Path(atlas.__file__).parents[1] / "vendor" / "natural-earth"


@pytest.fixture(scope="module")
def polygons() -> list[tuple[str, list[atlas.Ring]]]:
    return list(atlas.polygons())


def test_the_files_are_those_that_the_readme_names() -> None:
    readme = (VENDORED / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| `(.+)` \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    files = {path.name: path for path in VENDORED.iterdir() if path.name != "README.md"}
    assert named == {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_rings_end_where_they_begin(polygons: list[tuple[str, list[atlas.Ring]]]) -> None:
    for _, rings in polygons:
        for ring in rings:
            assert len(ring) >= 4
            assert ring[0] == ring[-1]


def test_points_are_on_the_earth(polygons: list[tuple[str, list[atlas.Ring]]]) -> None:
    points = [point for _, rings in polygons for ring in rings for point in ring]
    assert len(points) > 10_000
    assert all(abs(x) < 180.001 and -60 < y < 84 for x, y in points)


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("NL", 5.5, 52.1),
        ("BR", -50.0, -10.0),
        ("RU", 100.0, 60.0),
        ("ZA", 22.0, -31.0),
        ("LS", 28.3, -29.6),  # a hole in South Africa
        ("GF", -53.0, 4.0),
        ("UA", 34.2, 45.3),  # Crimea
        ("SJ", 16.0, 78.5),
        ("XK", 20.9, 42.6),
        ("CY", 33.5, 35.3),
        ("SO", 45.0, 9.5),
    ],
)
def test_a_place_is_in_its_country_alone(
    polygons: list[tuple[str, list[atlas.Ring]]], code: str, longitude: float, latitude: float
) -> None:
    found = Counter(
        owner for owner, rings in polygons for ring in rings if _inside(ring, longitude, latitude)
    )
    # In a hole is twice inside: of the coast, and of the hole.
    assert [owner for owner, times in found.items() if times % 2] == [code]


def _inside(ring: atlas.Ring, x: float, y: float) -> bool:
    """Whether a line to the west crosses the ring an odd number of times."""
    crossings = 0
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x1 + (y - y1) / (y2 - y1) * (x2 - x1) < x:
            crossings += 1
    return crossings % 2 == 1
