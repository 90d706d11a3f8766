"""The world map's markup: whole, escaped, ranked, and right for any numbers."""

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from analytics.countries import name_of
from analytics.seeing import world
from analytics.seeing.projection import HEIGHT, WIDTH
from analytics.seeing.shapes import shapes
from analytics.seeing.world import legend, steps, world_map
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

CODES = st.sampled_from(sorted(shapes())) | st.none() | st.text(max_size=3)
STATIC = Path(world.__file__).parent / "static"
STYLESHEET = (STATIC / "world.css").read_text(encoding="utf-8")
COUNTS = st.dictionaries(CODES, st.integers(min_value=0, max_value=2**63 - 1), max_size=30)
SOME = {"NL": 600, "DE": 300, "SG": 300, "LU": 2, "XX": 7, None: 191}


def parse(markup: Markup) -> ET.Element:
    return ET.fromstring(str(markup))  # noqa: S314 - our own


def without_shape(counts: Mapping[str | None, int]) -> list[str]:
    """The codes with a number that the map can't show, highest first. Unknown is no code."""
    return [one.code for one in world._standings(counts) if one.code not in shapes()]


def titles(svg: ET.Element, tag: str) -> list[str]:
    """What the marked countries say, in the order of the document."""
    return [group.findtext("title", "") for group in svg.findall(tag) if group.get("class") != "c0"]


def test_a_country_says_its_name_number_share_and_rank() -> None:
    assert titles(parse(world_map(SOME, title="Visitors")), "g") == [
        f"{name_of('NL')}: 600, 43%, rank 1",
        f"{name_of('DE')}: 300, 21%, rank 2",
        f"{name_of('SG')}: 300, 21%, rank 2",
        f"{name_of('LU')}: 2, under 1%, rank 5",
    ]


def test_it_is_one_image_with_a_name_and_a_description() -> None:
    svg = parse(world_map(SOME, title="Visitors of <b>&\"'"))
    assert (svg.tag, svg.get("role")) == ("svg", "img")
    assert svg.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    assert svg.findtext("title") == "Visitors of <b>&\"'"
    description = svg.findtext("desc", "")
    assert "5 countries" in description
    assert f"{name_of('NL')}: 600" in description
    assert not svg.findall(".//a")


def test_links_are_reached_in_the_order_of_ranks_and_are_no_part_of_an_image() -> None:
    svg = parse(world_map(SOME, title="Visitors", href=lambda code: f'?a="<&>&country={code}'))
    assert svg.get("role") == "group"
    links = [link.get("href") for link in svg.findall("a")]
    assert links == [f'?a="<&>&country={code}' for code in ("NL", "DE", "SG", "LU")]
    assert len(titles(svg, "a")) == 4


def test_land_without_visitors_is_drawn_and_named() -> None:
    land = parse(world_map(SOME, title="")).find("g[@class='c0']")
    assert land is not None
    names = {path.findtext("title") for path in land.findall("path")}
    assert name_of("BR") in names
    assert name_of("NL") not in names
    assert not land.findall("circle")


def test_small_countries_with_visitors_are_dots() -> None:
    svg = parse(world_map({"SG": 1, "LU": 1, "NL": 1}, title=""))
    assert len(svg.findall("g/circle")) == 2


def test_nothing_yet_is_an_empty_map_without_a_legend() -> None:
    svg = parse(world_map({}, title="Visitors"))
    assert svg.findtext("desc") == "Nothing from a known country yet."
    assert titles(svg, "g") == []
    assert legend({}) == ""


def test_no_style_in_the_markup_as_the_policy_forbids_it() -> None:
    markup = world_map(SOME, title="", href=str) + legend(SOME)
    assert not re.search(r"style|fill=|stroke=|onclick|<script", markup)


def test_numbers_are_written_as_the_caller_wants() -> None:
    def german(number: int) -> str:
        return f"{number:,}".replace(",", ".")

    assert "1.234" in world_map({"NL": 1234}, title="", number=german)
    assert "1.234" in legend({"NL": 1234}, number=german)


def test_what_is_no_code_is_no_country_and_the_rest_is_ranked() -> None:
    assert without_shape({"NL": 9, "XX": 2, "AQ": 3, "ZZ": 0, None: 5, "": 4, "\b": 6}) == [
        "AQ",
        "XX",
    ]


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0, []),
        (1, [1]),
        (2, [1, 2]),
        (7, [1, 2, 3, 4, 5]),
        (18_423, [1, 5, 30, 100, 700, 4000]),
        (1_000_000, [1, 10, 100, 1000, 10_000, 100_000]),
    ],
)
def test_steps_are_round_numbers_at_equal_factors(most: int, expected: list[int]) -> None:
    assert steps({"NL": most}) == expected


def test_the_legend_tells_where_each_colour_begins_and_ends() -> None:
    items = parse(legend({"NL": 7, "BE": 1}))
    assert [(item.get("class"), item.text) for item in items] == [
        ("c0", "0"),
        ("c2", "1"),
        ("c3", "2"),
        ("c4", "3"),
        ("c5", "4"),
        ("c6", "5\N{EN DASH}7"),
    ]


@given(COUNTS)
def test_any_numbers_make_a_whole_map(counts: Mapping[str | None, int]) -> None:
    svg = parse(world_map(counts, title="Visitors", href=lambda code: f"?country={len(code)}"))
    shown = {code for code, count in counts.items() if code in shapes() and count}
    assert len(svg.findall("a")) == len(shown)
    assert shown.isdisjoint(without_shape(counts))
    assert bool(legend(counts)) == bool(shown or without_shape(counts))


@given(COUNTS)
def test_higher_numbers_never_have_weaker_colours(counts: Mapping[str | None, int]) -> None:
    lowest = steps(counts)
    assert lowest == sorted(set(lowest))
    assert len(lowest) <= world.STEPS
    numbers = sorted(count for code, count in counts.items() if code in shapes() and count)
    if numbers:
        assert lowest[0] == 1
        classes = [world._class(lowest, number) for number in numbers]
        assert classes == sorted(classes)
        assert classes[0] >= 1
        assert classes[-1] == world.STEPS or without_shape(counts)


def test_the_largest_map_is_light() -> None:
    counts = {code: number * 997 for number, code in enumerate(shapes(), 1)}
    largest = world_map(counts, title="Visitors by country", href=lambda code: f"?country={code}")
    assert len(largest.encode()) < 72_000
    assert len(world_map({}, title="Visitors by country").encode()) < 50_000


def test_the_colours_are_told_apart_by_lightness_alone_on_both_grounds() -> None:
    light, dark = re.split(r"@media \(prefers-color-scheme: dark\)", STYLESHEET)[:2]
    for palette, falls in ((light, True), (dark, False)):
        colours = [re.findall(rf"--c{step}: #(\w+);", palette) for step in range(world.STEPS + 1)]
        ground = re.findall(r"--world-ground: #(\w+);", palette)
        steps = [_luminance(colour) for (colour,) in [ground, *colours]]
        assert steps == sorted(steps, reverse=falls)
        contrasts = [(max(pair) + 0.05) / (min(pair) + 0.05) for pair in pairwise(steps)]
        assert min(contrasts) > 1.25


def test_the_compared_curve_can_be_told_from_every_ground() -> None:
    """https://www.w3.org/TR/WCAG22/#non-text-contrast"""
    pages = (STATIC / "base.css").read_text(encoding="utf-8")
    for palette in re.split(r"@media \(prefers-color-scheme: dark\)", pages)[:2]:
        colours = dict(re.findall(r"--(\w+): #(\w+);", palette))
        past, *grounds = [_luminance(colours[name]) for name in ("past", "ground", "wash")]
        for ground in grounds:
            assert (max(past, ground) + 0.05) / (min(past, ground) + 0.05) >= 3


def test_every_class_of_the_markup_has_a_colour() -> None:
    for step in range(world.STEPS + 1):
        assert f".world .c{step} {{ fill: var(--c{step}); }}" in STYLESHEET
        assert f".world-legend .c{step} {{ --swatch: var(--c{step}); }}" in STYLESHEET


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance, with #fff as short for #ffffff."""
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
