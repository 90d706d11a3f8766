"""Events with their properties: from a click on an event to the values, each of them a filter."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from analytics.sites import FIELDS
from flask.testing import FlaskClient
from markup import Page, opened
from sightings import noon, seen

Keep = Callable[..., None]
ClientWith = Callable[..., FlaskClient]

SITE = "/stats/blog.test"
# What an address, a path or a page could take for something else.
ODD = ["a/../b", "..", "50%", "a&name=b", "<b>", "ключ", "two words", "+"]


@pytest.fixture
def orders(keep: Keep) -> None:
    """Three orders of two visitors, one other event, and a page view with a property."""
    sold = [
        seen(days=noon(3), visitor=1, name="Order", props={"size": "L", "colour": "red"}),
        seen(days=noon(3) - 0.00001, visitor=1, name="Order", props={"size": "L"}),
        seen(days=noon(3), visitor=2, name="Order", props={"size": "M"}),
        seen(days=noon(3), visitor=2, name="Signup", props={"plan": "free"}),
    ]
    views = [seen(days=noon(3) + 0.00001, visitor=number) for number in (1, 2, 3)]
    keep([*views, *sold, seen("/post", days=3, visitor=4, props={"author": "Ann"})])


def rows(page: Page) -> dict[str, tuple[str, ...]]:
    """The numbers of each row, by its name."""
    found: dict[str, list[str]] = {}
    name = ""
    for element in page.elements:
        if element.tag == "th" and element.attributes.get("scope") == "row":
            name = element.text
            found[name] = []
        elif element.tag == "td" and name:
            found[name].append(element.text)
    return {name: tuple(numbers) for name, numbers in found.items()}


def file(client: FlaskClient, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True), newline="")))


@pytest.mark.usefixtures("orders")
def test_an_event_that_is_clicked_shows_its_properties_and_their_values(
    client: FlaskClient,
) -> None:
    whole = opened(client, SITE)
    assert "Properties of" not in whole.text
    page = opened(client, whole.link("Order"))
    found = rows(page)
    assert (found["L"], found["M"], found["red"]) == (("2", "1"), ("1", "1"), ("1", "1"))
    # Of another event of the same visit, and of a visit without an order.
    assert "free" not in found
    assert "Ann" not in found
    headings = [each.text for each in page.all("th", scope="col")]
    assert headings.index("size") < headings.index("colour"), "the most frequent is first"


@pytest.mark.usefixtures("orders")
def test_a_value_is_a_filter_beside_the_event_and_a_second_click_removes_it(
    client: FlaskClient,
) -> None:
    page = opened(client, opened(client, f"{SITE}?event=Order").link("L"))
    assert page.link("Remove filter: size is L \N{MULTIPLICATION SIGN}")
    assert "M" not in rows(page)
    assert page.link("L (filtered; click to remove)") == f"{SITE}?event=Order"


def test_an_event_and_its_properties_are_those_of_one_event(
    client: FlaskClient, keep: Keep
) -> None:
    keep(
        [
            seen(days=noon(3), visitor=1, name="Order", props={"size": "L", "colour": "red"}),
            seen(days=noon(3), visitor=1, name="Order", props={"size": "M", "colour": "blue"}),
            seen(days=noon(3), visitor=2, name="Order", props={"size": "S"}),
            seen(days=noon(3), visitor=2, name="Look", props={"size": "L", "colour": "blue"}),
        ]
    )

    def visits(query: str) -> str:
        return opened(client, f"{SITE}?{query}").all("a", class_="figure")[1].text.split()[1]

    assert visits("event=Order&prop:size=L") == "1"
    assert visits("prop:size=L&prop:colour=blue") == "1"
    assert visits("event=Order&prop:size=L&prop:colour=blue") == "0"
    assert visits("event=Order&prop:colour=") == "1", "an order without a colour"
    assert visits("event=Order&is_not.prop:size=L") == "2", "an order of another size"
    assert visits("is_not.event=Look&prop:size=L") == "1"
    # Of what the same visitor ordered otherwise, nothing.
    page = opened(client, f"{SITE}?event=Order&prop:size=L")
    assert page.link("L (filtered; click to remove)")
    assert set(rows(page)) & {"M", "red", "blue"} == {"red"}


@pytest.mark.usefixtures("orders")
def test_all_values_are_a_list_with_search_and_a_file(client: FlaskClient) -> None:
    page = opened(client, opened(client, f"{SITE}?event=Order").link("size"))
    assert rows(page) == {"L": ("2", "1"), "M": ("1", "1")}
    assert page.link("L") == f"{SITE}?event=Order&prop:size=L"
    assert file(client, page.link("Download as CSV")) == [
        {"name": "L", "events": "2", "visitors": "1"},
        {"name": "M", "events": "1", "visitors": "1"},
    ]
    searched = f"{SITE}/properties?event=Order&name=size&search=m"
    assert list(rows(opened(client, searched))) == ["M"]
    assert rows(opened(client, f"{SITE}/properties?event=Order&name=size&search=%25")) == {}


@pytest.mark.usefixtures("orders")
def test_all_properties_are_a_list_that_leads_to_their_values(client: FlaskClient) -> None:
    page = opened(client, opened(client, f"{SITE}?event=Order").link("All properties"))
    assert rows(page) == {"size": ("3", "2"), "colour": ("1", "1")}
    assert rows(opened(client, page.link("colour"))) == {"red": ("1", "1")}
    unfiltered = opened(client, f"{SITE}/properties")
    assert set(rows(unfiltered)) == {"size", "colour", "plan", "author"}
    assert len(file(client, unfiltered.link("Download as CSV"))) == 4


@pytest.mark.integration
def test_a_property_may_have_any_name_and_value(client: FlaskClient, keep: Keep) -> None:
    keep([seen(days=3, name="Odd", props=dict.fromkeys(ODD, "=1/2 & more"))])
    names = rows(opened(client, f"{SITE}/properties?event=Odd"))
    assert set(names) == set(ODD)
    for name in ODD:
        page = opened(client, opened(client, f"{SITE}/properties?event=Odd").link(name))
        filtered = page.link("=1/2 & more")
        query = parse_qs(urlsplit(filtered).query, keep_blank_values=True)
        assert query == {"event": ["Odd"], f"prop:{name}": ["=1/2 & more"]}
        assert "=1/2 & more" in opened(client, filtered).text
    (row,) = file(client, f"{SITE}/properties?name=..&format=csv")
    assert row["name"] == "'=1/2 & more"


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("name", ["%00", "x" * 400, "%ED%A0%80", "nowhere", "a%0Ab", "a%0D%0A%85"])
@pytest.mark.parametrize("more", ["", "&format=csv"])
def test_what_can_be_no_property_raises_nothing(client: FlaskClient, name: str, more: str) -> None:
    assert client.get(f"{SITE}/properties?name={name}{more}").status_code == 200


def test_a_visitor_counts_once_a_day_and_an_event_for_its_own_day(
    client: FlaskClient, keep: Keep
) -> None:
    days = [
        seen(days=day, visitor=visitor, name="Order", props={"size": "L"})
        for day, visitor in [(noon(2), 1), (noon(2) + 0.00001, 1), (noon(3), 1), (noon(3), 2)]
    ]
    keep(days)
    assert rows(opened(client, f"{SITE}?event=Order"))["L"] == ("4", "3")


def test_an_event_after_midnight_is_its_own_days_in_a_visit_that_goes_on(
    client: FlaskClient, keep: Keep
) -> None:
    since_midnight = datetime.now(UTC).time()
    midnight = 3 + (since_midnight.hour * 60 + since_midnight.minute) / 1440
    minute = 1 / 1440
    keep(
        [
            seen(days=midnight + 5 * minute, name="Order", props={"size": "L"}),
            seen(days=midnight - 5 * minute, name="Order", props={"size": "L"}),
        ]
    )
    page = opened(client, f"{SITE}?event=Order")
    assert rows(page)["L"] == ("2", "2")
    assert page.all("a", class_="figure")[1].text.split()[:2] == ["Visits", "1"]


def test_a_site_that_collects_none_says_so(
    client_with: ClientWith, keep: Keep, sign_in: Callable[[FlaskClient], None]
) -> None:
    client = client_with(collect=frozenset(FIELDS) - {"properties"})
    sign_in(client)
    keep([seen(days=3), seen(days=3, name="Order")])
    assert "does not collect properties" in opened(client, f"{SITE}?event=Order").text
    assert "does not collect properties" not in opened(client, SITE).text


def test_without_a_visitors_mark_events_alone_are_counted(
    client_with: ClientWith, keep: Keep, sign_in: Callable[[FlaskClient], None]
) -> None:
    client = client_with(collect=frozenset(FIELDS) - {"visitor"})
    sign_in(client)
    keep([seen(days=3, visitor=0), seen(days=3, visitor=0, name="Order", props={"size": "L"})])
    assert rows(opened(client, f"{SITE}?event=Order"))["L"] == ("1",)


def test_an_event_without_properties_says_how_it_gets_some(client: FlaskClient, keep: Keep) -> None:
    keep([seen(days=3), seen(days=3, name="Order")])
    assert "{props:" in opened(client, f"{SITE}?event=Order").text
