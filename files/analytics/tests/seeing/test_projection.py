"""Equal Earth: its published properties, and that the whole sheet is used."""

from math import pi, radians, sin

import pytest
from analytics.seeing import projection
from analytics.seeing.projection import HEIGHT, NORTH, SOUTH, WIDTH, place
from hypothesis import given
from hypothesis import strategies as st

LONGITUDES = st.floats(-180, 180)
LATITUDES = st.floats(SOUTH, NORTH)


def test_the_authors_figures() -> None:
    # The equator is 2.05458 times as long as the meridian, from pole to pole.
    equator = 2 * projection._equal_earth(180, 0)[0]
    meridian = 2 * projection._equal_earth(0, 90)[1]
    assert equator / meridian == pytest.approx(2.05458, abs=1e-5)
    # A pole is a line of 0.59247 times the equator's length.
    pole = 2 * projection._equal_earth(180, 90)[0]
    assert pole / equator == pytest.approx(0.59247, abs=1e-5)


@given(st.floats(-89, 89))
def test_areas_are_true(latitude: float) -> None:
    """A band around the sphere has the area 2 pi (sin b - sin a): thin, it is nearly a bar."""
    south, north = latitude - 0.01, latitude + 0.01
    true = 2 * pi * (sin(radians(north)) - sin(radians(south)))
    width = 2 * projection._equal_earth(180, latitude)[0]
    tall = projection._equal_earth(0, north)[1] - projection._equal_earth(0, south)[1]
    assert width * tall == pytest.approx(true, rel=1e-3)


@given(LONGITUDES, LATITUDES)
def test_every_point_is_on_the_sheet(longitude: float, latitude: float) -> None:
    x, y = place((longitude, latitude))
    assert 0 < x < WIDTH
    assert 0 < y < HEIGHT


@given(LONGITUDES)
def test_north_is_up(longitude: float) -> None:
    assert place((longitude, 50))[1] < place((longitude, 0))[1] < place((longitude, -50))[1]


def test_the_two_sides_of_the_bering_strait_are_the_edges() -> None:
    chukotka, alaska = place((-169.9, 66.0)), place((-168.1, 65.7))
    assert chukotka[0] > 0.8 * WIDTH
    assert alaska[0] < 0.2 * WIDTH
    assert place((180, 10)) == place((-180, 10))
