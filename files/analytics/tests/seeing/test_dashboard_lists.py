"""The long lists and the files: all of what is shown, in Plausible's words."""

import csv
import io
from collections.abc import Callable

import pytest
from analytics.seeing import dashboard
from analytics.sites import FIELDS
from flask.testing import FlaskClient
from markup import Page, opened
from sightings import seen

Keep = Callable[..., None]

PAGES = "/stats/blog.test/page"


@pytest.fixture
def visits(keep: Keep) -> None:
    """A visitor of many pages, and some with sources of any kind."""
    many = [seen(f"/post-{number:03}", days=3, visitor=1) for number in range(105)]
    sources = ["=HYPERLINK(1)", "Google", None, 'with "quotes", and\ncomma']
    more = [seen("/", days=3, visitor=10 + n, source=s) for n, s in enumerate(sources)]
    keep([*many, *more, seen("/", days=5, visitor=2)])


def names(page: Page) -> list[str]:
    return [row.text for row in page.all("th", scope="row")]


def file(client: FlaskClient, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.status_code == 200
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True), newline="")))


@pytest.mark.usefixtures("visits")
def test_a_card_leads_to_the_whole_list_in_parts(client: FlaskClient) -> None:
    first = opened(client, opened(client, "/stats/blog.test").link("All pages"))
    second = opened(client, first.link("Next 100 \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"))
    found = names(first) + names(second)
    assert len(found) == len(set(found)) == 106
    assert found[0] == "/"
    assert names(
        opened(client, second.link("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} Previous 100"))
    ) == names(first)


@pytest.mark.usefixtures("visits")
def test_search_finds_parts_of_a_name_and_stays_when_the_period_changes(
    client: FlaskClient,
) -> None:
    page = opened(client, f"{PAGES}?search=ST-10")
    assert sorted(names(page)) == [f"/post-{number}" for number in range(100, 105)]
    assert names(opened(client, page.link("Last 91 days"))) == names(page)
    assert "Nothing contains “%”." in opened(client, f"{PAGES}?search=%25").text


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("country?search=Germany", ["Germany"]),
        ("country?search=LAND", ["Netherlands"]),
        ("country?search=nl", ["Netherlands"]),
        ("country?search=unkn", ["Unknown"]),
        ("language?search=german", ["German"]),
        ("screen?search=phone", ["Phone"]),
        ("source?search=direct", ["Direct or unknown"]),
        ("source?search=STACK%20over", ["Stack Overflow"]),
        ("source?search=stackover", ["Stack Overflow"]),
        ("page?search=unknown", []),
        ("country?search=germany&source=Google", ["Germany"]),
        ("country?search=germany&source=", []),
    ],
)
def test_search_finds_what_a_list_calls_its_values(
    client: FlaskClient, keep: Keep, address: str, found: list[str]
) -> None:
    keep(
        [
            seen(visitor=1, country="NL", language="nl", screen="Desktop"),
            seen(visitor=2, country="DE", language="de", screen="Mobile", source="Google"),
            seen(visitor=3),
            seen(visitor=4, source="StackOverflow", country="FR", language="fr"),
        ]
    )
    assert names(opened(client, f"/stats/blog.test/{address}")) == found


@pytest.mark.usefixtures("visits")
def test_the_overview_of_sites_is_a_file_too(client: FlaskClient) -> None:
    address = opened(client, "/stats/").link("Download as CSV")
    assert file(client, address) == [
        {"name": "blog.test", "visitors": "6", "pageviews": "110"},
        {"name": "www.shop.test", "visitors": "0", "pageviews": "0"},
    ]
    answer = client.get(address)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sites 28d.csv"'


@pytest.mark.usefixtures("visits")
def test_visitors_that_are_not_collected_are_nothing_in_a_file(
    client_with: Callable[..., FlaskClient], sign_in: Callable[[FlaskClient], None]
) -> None:
    browser = client_with(collect=frozenset(FIELDS) - {"visitor"})
    sign_in(browser)
    assert file(browser, "/stats/?format=csv")[0]["visitors"] == ""


@pytest.mark.usefixtures("visits")
def test_a_click_in_a_list_filters_the_sites_page(client: FlaskClient) -> None:
    assert opened(client, f"{PAGES}?search=104").link("/post-104") == (
        "/stats/blog.test?page=/post-104"
    )


@pytest.mark.usefixtures("visits")
def test_a_file_has_all_rows_in_plausibles_words(client: FlaskClient) -> None:
    rows = file(client, opened(client, f"{PAGES}?search=post").link("Download as CSV"))
    assert len(rows) == 105
    assert list(rows[0]) == ["name", "pageviews", "visitors", "time_on_page", "scroll_depth"]
    assert min(rows, key=lambda row: row["name"]) == {
        "name": "/post-000",
        "pageviews": "1",
        "visitors": "1",
        "time_on_page": "",
        "scroll_depth": "",
    }


@pytest.mark.usefixtures("visits")
def test_a_longer_list_is_files_that_say_which_rows_they_have(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many rows as a list may have do not fit into the memory at once."""
    monkeypatch.setattr(dashboard, "_ROWS_OF_A_FILE", 50)
    address = opened(client, f"{PAGES}?search=post").link("Download as CSV")
    found: list[str] = []
    for rows in ("1-50", "51-100", "101-105"):
        answer = client.get(address)
        name = f"blog.test page 28d {rows}.csv"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        found += [row["name"] for row in file(client, address)]
        address = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert address == ""
    assert sorted(found) == [f"/post-{number:03}" for number in range(105)]
    last = opened(client, f"{PAGES}?search=post&skip=100").link("Download as CSV")
    assert [row["name"] for row in file(client, last)] == found[100:]


@pytest.mark.usefixtures("visits")
def test_no_visitor_can_put_a_formula_into_a_file(client: FlaskClient) -> None:
    rows = file(client, "/stats/blog.test/source?format=csv")
    assert {row["name"] for row in rows} >= {
        "'=HYPERLINK(1)",
        "Google",
        'with "quotes", and\ncomma',
    }


@pytest.mark.usefixtures("visits")
def test_the_curve_is_a_file_with_a_row_for_each_day(client: FlaskClient) -> None:
    rows = file(client, opened(client, "/stats/blog.test").link("Download the curve as CSV"))
    assert len(rows) == 28
    assert list(rows[0]) == [
        "date",
        "visitors",
        "visits",
        "pageviews",
        "views_per_visit",
        "bounce_rate",
        "visit_duration",
    ]
    assert sum(int(row["pageviews"]) for row in rows) == 110
    assert rows[0]["bounce_rate"] == ""
