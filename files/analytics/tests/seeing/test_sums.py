"""What the sums say of a period: tables by value, in their order, and the days' totals."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from analytics.keeping.dimensions import NUMBERS
from analytics.seeing import sums
from analytics.seeing.figures import Row, Totals
from analytics.seeing.sums import Slice
from analytics.spool.record import Record
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

Keep = Callable[..., None]

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)
NEXT = date(2026, 3, 2)
BLOG, SHOP = "blog.test", "www.shop.test"


def record(minutes: float, **fields: Any) -> Record:
    values: dict[str, Any] = {"site": "blog.test", "hostname": "blog.test", "name": "pageview"}
    time = round((FIRST + timedelta(minutes=minutes)).timestamp() * 1000)
    return Record(time=time, **values | {"path": "/", "visitor": 1} | fields)


@pytest.fixture
def connection(engine: Engine, keep: Keep) -> Iterator[Connection]:
    """Three visits of two days, and one of another site."""
    keep(
        [
            record(0, path="/a", country="NL", source="Google"),
            record(1, path="/b", country="NL", source="Google"),
            record(2, path="/b", name="engagement", engaged=9_500, scroll=80),
            record(3, path="/b", name="signup"),
            record(0, visitor=2, path="/a"),
            record(24 * 60, visitor=3, path="/a", country="US"),
            record(0, site="www.shop.test", path="/a", country="US"),
        ]
    )
    with engine.connect() as found:
        yield found


def number(connection: Connection, domain: str) -> int:
    query = text("SELECT id FROM sites WHERE domain = :domain")
    return connection.scalar(query, {"domain": domain}) or 0


def rows(
    connection: Connection,
    dimension: str,
    first: date = DAY,
    last: date = DAY,
    sites: tuple[str, ...] = (BLOG,),
    wanted: Slice = Slice(9),  # noqa: B008 - frozen
) -> list[Row]:
    numbers = [number(connection, site) for site in sites]
    return sums.tables(connection, numbers, [dimension], first, last, wanted)[dimension].rows


def test_pages(connection: Connection) -> None:
    assert rows(connection, "page") == [
        Row("/a", Totals(visitors=2, visits=2, page_views=2)),
        Row("/b", Totals(1, 1, 1, seconds=9), time_on_page=9.0, scroll_depth=80.0),
    ]


def test_what_is_unknown_has_no_value(connection: Connection) -> None:
    assert sorted(rows(connection, "country"), key=lambda row: str(row.value)) == [
        Row("NL", Totals(visitors=1, visits=1, page_views=2, bounces=0, seconds=180)),
        Row(None, Totals(visitors=1, visits=1, page_views=1, bounces=1, seconds=0)),
    ]


def test_the_totals_of_days(connection: Connection) -> None:
    assert sums.days(connection, number(connection, BLOG), DAY - timedelta(days=9), NEXT) == {
        DAY: Totals(visitors=2, visits=2, page_views=3, bounces=1, seconds=180),
        NEXT: Totals(visitors=1, visits=1, page_views=1, bounces=1, seconds=0),
    }
    assert sums.days(connection, number(connection, SHOP), NEXT, NEXT) == {}


def test_days_and_sites_are_added_up(connection: Connection) -> None:
    (total,) = rows(connection, "total", DAY, NEXT, (BLOG, SHOP))
    assert total.totals == Totals(visitors=4, visits=4, page_views=5, bounces=3, seconds=180)


def test_the_owner_s_own_events(connection: Connection) -> None:
    assert rows(connection, "event") == [Row("signup", Totals(1, 1, 1))]


@pytest.mark.parametrize(
    ("dimension", "values"),
    [("entry_page", {"/a"}), ("exit_page", {"/a", "/b"}), ("source", {"Google", None}),
     ("hostname", {"blog.test"}), ("utm_campaign", set())],
)  # fmt: skip
def test_other_dimensions(connection: Connection, dimension: str, values: set[str | None]) -> None:
    assert {row.value for row in rows(connection, dimension)} == values


def test_a_part_of_a_table_says_that_there_is_more(connection: Connection) -> None:
    def table(wanted: Slice) -> tuple[list[str | None], bool]:
        blog = number(connection, BLOG)
        found = sums.tables(connection, [blog], ["page"], DAY, DAY, wanted)["page"]
        return [row.value for row in found.rows], found.more

    assert table(Slice(1)) == (["/a"], True)
    assert table(Slice(1, offset=1)) == (["/b"], False)
    assert table(Slice(2)) == (["/a", "/b"], False)
    assert table(Slice(0, whole=("page",))) == (["/a", "/b"], False)
    assert table(Slice(9, search="B")) == (["/b"], False)
    assert table(Slice(9, search="%")) == ([], False)


def test_of_every_dimension_there_are_none_without_events(connection: Connection) -> None:
    found = sums.tables(connection, [99], NUMBERS, DAY, DAY, Slice(9))
    assert found.keys() == NUMBERS.keys()
    assert not any(table.rows or table.more for table in found.values())


@given(st.text(max_size=9) | st.sampled_from(["\\", "%_", "\0", "\ud800", "\\%"]))
def test_any_search_is_a_pattern_of_what_contains_it(part: str) -> None:
    """As PostgreSQL reads it: a backslash makes the next character a plain one."""
    pattern = sums.containing(part)
    assert pattern[0] == pattern[-1] == "%"
    pattern.encode()
    plain, escaped = "", False
    for character in pattern[1:-1]:
        if escaped or character != "\\":
            assert escaped or character not in "%_\0"
            plain += character
            escaped = False
        else:
            escaped = True
    assert not escaped
    assert plain == part.replace("\0", "").encode(errors="ignore").decode()
