"""The curve: inside its picture, honest about gaps and about what has not ended."""

import re
from xml.etree import ElementTree

import pytest
from analytics.seeing.charts import Mark, curve, labelled, scale, sparkline
from analytics.seeing.measures import Unit
from hypothesis import given
from hypothesis import strategies as st

UNITS: list[Unit] = ["count", "decimal", "percent", "seconds"]
VALUE = st.none() | st.floats(0, 1e9)


def mark(value: float | None, before: float | None = None, whole: bool = True) -> Mark:
    return Mark(value, before, "label", "title", whole)


def drawn(marks: list[Mark], top: float = 10) -> dict[str, str]:
    """The paths of the picture by their class."""
    picture = ElementTree.fromstring(curve(marks, [(0, "0"), (top, "10")], "name"))  # noqa: S314 - our own
    return {path.attrib["class"]: path.attrib["d"] for path in picture.iter("path")}


@given(st.floats(0, 1e12), st.sampled_from(UNITS))
def test_the_scale_has_few_round_lines_and_room_for_all(highest: float, unit: Unit) -> None:
    lines = scale(highest, unit)
    assert lines[0] == 0
    assert lines[-1] >= highest
    assert 2 <= len(lines) <= 6
    if unit == "count":
        assert all(line == int(line) for line in lines)


@pytest.mark.parametrize(
    ("highest", "unit", "lines"),
    [
        (0, "count", [0, 1]),
        (3, "count", [0, 1, 2, 3]),
        (100, "count", [0, 25, 50, 75, 100]),
        (450, "count", [0, 200, 400, 600]),
        (53, "percent", [0, 20, 40, 60]),
        (130, "seconds", [0, 60, 120, 180]),
    ],
)
def test_lines_are_where_one_would_draw_them(
    highest: float, unit: Unit, lines: list[float]
) -> None:
    assert scale(highest, unit) == lines


@given(st.lists(st.builds(mark, VALUE, VALUE, st.booleans()), min_size=1, max_size=40))
def test_any_curve_is_a_picture_within_its_bounds(marks: list[Mark]) -> None:
    known = [each for one in marks for each in (one.value, one.before) if each is not None]
    lines = [(line, "<&>") for line in scale(max(known, default=0), "decimal")]
    picture = ElementTree.fromstring(curve(marks, lines, '"<&'))  # noqa: S314 - our own
    for path in picture.iter("path"):
        numbers = [
            float(number) for number in re.findall(r"-?[\d.]+(?:e[-+]\d+)?", path.attrib["d"])
        ]
        assert all(0 <= number <= 1000 for number in numbers)


def test_a_gap_is_not_bridged() -> None:
    assert drawn([mark(0), mark(10), mark(None), mark(5)])["now"] == "M0 1000L333.3 0M1000 500h0"


def test_what_still_grows_is_dotted() -> None:
    paths = drawn([mark(0), mark(10), mark(5, whole=False)])
    assert paths["now"] == "M0 1000L500 0"
    assert paths["open"] == "M500 0L1000 500"


def test_the_first_hour_is_a_dot() -> None:
    assert drawn([mark(5, whole=False)])["open"] == "M500 500h0"


def test_the_compared_period_is_behind() -> None:
    assert list(drawn([mark(1, 2), mark(3, 4)])) == ["past", "area", "now"]


@given(st.integers(1, 1000))
def test_the_axis_has_room_for_its_labels(count: int) -> None:
    assert 1 <= len(labelled(count)) <= 7
    assert labelled(count)[0] == 0


def test_a_sparkline_of_nothing_lies_on_the_ground() -> None:
    assert "M0 1000L1000 1000" in sparkline([0, 0])
