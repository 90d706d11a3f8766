"""Equal Earth: the sheet that the world map is drawn on, and where a point of the Earth is on it.

Areas are true, so that no country looks more than it is, and the shapes stay familiar:
https://doi.org/10.1080/13658816.2018.1504949
"""

from math import asin, cos, radians, sin, sqrt

Point = tuple[float, float]  # degrees east and north
Place = tuple[int, int]  # units of the sheet, from its top left corner

# The sheet begins and ends in the Bering Strait, just off Alaska: no land is cut in two there.
_WEST = -168.4
# North of Greenland, and south of Cape Horn: the Antarctic would be a bar without a visitor.
NORTH, SOUTH = 83.7, -56.5
# What lies at an edge, such as Tonga, needs room for a dot.
_MARGIN = 14

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796


def _equal_earth(longitude: float, latitude: float) -> tuple[float, float]:
    """East and north of the centre, on a sphere of radius 1."""
    t = asin(sqrt(3) / 2 * sin(radians(latitude)))
    slope = 9 * _A4 * t**8 + 7 * _A3 * t**6 + 3 * _A2 * t**2 + _A1
    x = 2 * sqrt(3) / 3 * radians(longitude) * cos(t) / slope
    return x, t * (_A4 * t**8 + _A3 * t**6 + _A2 * t**2 + _A1)


WIDTH = 2000
_SCALE = (WIDTH / 2 - _MARGIN) / _equal_earth(180, 0)[0]
_TOP = _equal_earth(0, NORTH)[1]


def place(point: Point) -> Place:
    """The nearest whole unit to a point: 2,000 units are more than a map has pixels."""
    x, y = _equal_earth((point[0] - _WEST) % 360 - 180, point[1])
    return round(WIDTH / 2 + x * _SCALE), round(_MARGIN + (_TOP - y) * _SCALE)


HEIGHT = place((0, SOUTH))[1] + _MARGIN
