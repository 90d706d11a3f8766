"""The dashboard's pages, without a script: right numbers, links that lead on, and nothing loose."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from analytics.app import create_app
from analytics.seeing import dashboard
from analytics.sites import FIELDS, Site
from analytics.spool.record import Dropped
from analytics.taking.sources import of_host
from flask import Flask
from flask.testing import FlaskClient
from markup import Page, opened
from sightings import noon, seen

Keep = Callable[..., None]
Serve = Callable[..., FlaskClient]

BLOG = "/stats/blog.test"
EVIL = '/<script>alert(1)</script>"\u202egnp.exe'


@pytest.fixture
def visits(keep: Keep) -> None:
    """Three visitors of this period, and one of the period before."""
    keep(
        [
            seen("/old", days=40, visitor=9, country="US"),
            seen("/", visitor=1, country="NL", source="Google", channel="Organic Search"),
            seen("/about", days=2.999, visitor=1, country="NL", source="Google"),
            seen("/", visitor=2, country="DE", browser="Firefox", language="de"),
            seen(EVIL, visitor=3, country="NL", source="=1+1", name="pageview"),
            seen("/", visitor=3, days=2.99, name="Subscribe"),
            Dropped(
                time=round(datetime.now(UTC).timestamp() * 1000) - 3 * 86_400_000,
                site="blog.test",
                reasons={"bot: crawler": 1234, "a new reason": 2},
            ),
        ]
    )


@pytest.fixture
def serve(app: Flask) -> Iterator[Serve]:
    """The same service with other sites, which everybody may see."""
    made: list[Flask] = []

    def start(*sites: Site) -> FlaskClient:
        made.append(
            create_app(
                replace(
                    app.extensions["settings"],
                    sites=tuple(replace(site, public=True) for site in sites),
                )
            )
        )
        return made[-1].test_client()

    yield start
    for one in made:
        one.extensions["engine"].dispose()


@pytest.mark.usefixtures("visits")
def test_the_page_says_the_numbers_and_their_change(client: FlaskClient) -> None:
    figures = [
        " ".join(each.text.split()) for each in opened(client, BLOG).all("a", class_="figure")
    ]
    assert figures[0] == "Visitors 3 +200% more, 1 before"
    assert figures[2] == "Page views 4 +300% more, 1 before"
    assert len(figures) == 6


def test_the_change_of_a_rate_is_in_points(client: FlaskClient, keep: Keep) -> None:
    bounces = [seen(days=days, visitor=visitor) for days, visitor in ((3, 1), (40, 9), (41, 9))]
    stays = [seen(path, days=40.2, visitor=8) for path in ("/", "/about")]
    keep([*bounces, *stays])
    rate = opened(client, BLOG).all("a", class_="figure")[4]
    assert " ".join(rate.text.split()) == "Bounce rate 100% +33 pt more, 67% before"


@pytest.mark.usefixtures("visits")
def test_the_heading_is_the_name_and_not_the_menu_of_sites(client: FlaskClient) -> None:
    headings = [" ".join(each.text.split()) for each in opened(client, BLOG).all("h1")]
    assert headings == ["Site: blog.test"]


def test_who_may_see_some_sites_is_led_to_no_page_of_all(app: Flask, client: FlaskClient) -> None:
    known = app.extensions["settings"]
    blog, shop = known.sites
    sites = (replace(blog, public=True), replace(shop, public=True), Site("secret.test"))
    some = create_app(replace(known, sites=sites))
    assert opened(client, BLOG).link("All sites") == "/stats/"
    stranger = some.test_client()
    links = opened(stranger, BLOG).links()
    assert "/stats/www.shop.test" in links
    assert "/stats/" not in links
    some.extensions["engine"].dispose()


@pytest.mark.integration
@pytest.mark.usefixtures("visits")
def test_every_link_of_every_page_leads_on(client: FlaskClient) -> None:
    pages = {
        BLOG,
        "/stats/",
        f"{BLOG}?period=all&country=NL&is_not.page=/x",
        f"{BLOG}/page?search=a",
    }
    pages |= {"/stats/www.shop.test", f"{BLOG}?page=/nowhere"}
    links = {link for page in pages for link in opened(client, page).links()}
    links = {link for link in links if not link.startswith(("#", "https://www.shop.test/"))}
    assert len(links) > 60
    assert [link for link in links if client.get(link).status_code != 200] == []


@pytest.mark.usefixtures("visits")
def test_a_click_filters_and_another_removes_the_filter(client: FlaskClient) -> None:
    page = opened(client, BLOG)
    filtered = opened(client, page.link("Netherlands"))
    assert [" ".join(chip.text.split()) for chip in filtered.all("a", class_="chip")] == [
        "Remove filter: Country is Netherlands \N{MULTIPLICATION SIGN}"
    ]
    assert filtered.all("a", class_="figure")[0].text.split()[:2] == ["Visitors", "2"]
    both = opened(client, filtered.link("Google"))
    assert both.all("a", class_="figure")[0].text.split()[:2] == ["Visitors", "1"]
    assert filtered.all("a", class_="chip")[0].attributes["href"] == BLOG
    assert filtered.link("Netherlands (filtered; click to remove)") == BLOG


@pytest.mark.usefixtures("visits")
def test_a_tab_turns_one_card_and_leaves_the_others(client: FlaskClient) -> None:
    turned = opened(client, opened(client, BLOG).link("Channels"))
    turned = opened(client, turned.link("Languages"))
    current = [e.text for e in turned.all("a", aria_current="true") if "switch" in e.parents]
    assert {"Top", "Channels", "Languages"} <= set(current)
    assert turned.link("German") == f"{BLOG}?language=de&tab=channel&tab=language"


@pytest.mark.usefixtures("visits")
def test_what_visitors_wrote_cannot_break_out(client: FlaskClient) -> None:
    page = opened(client, BLOG)
    assert {script.attributes["src"].partition("?")[0] for script in page.all("script")} == {
        "/stats/static/vendor/htmx/htmx.min.js",
        "/stats/static/dashboard.js",
    }
    assert "\u202e" not in page.markup
    assert r'/<script>alert(1)</script>"\u202egnp.exe' in page.text
    assert all(link.startswith(("/stats", "/privacy", "#")) for link in page.links())


@pytest.mark.usefixtures("visits")
def test_nothing_on_the_page_needs_a_laxer_policy(client: FlaskClient) -> None:
    for address in (BLOG, "/stats/", f"{BLOG}/page", "/stats/www.shop.test", "/stats/x"):
        for element in Page(client.get(address).text).elements:
            assert element.tag != "style"
            assert "style" not in element.attributes
            assert not [name for name in element.attributes if name.startswith("on")]


@pytest.mark.usefixtures("visits")
def test_numbers_and_days_are_written_as_the_reader_does(client: FlaskClient) -> None:
    page = opened(client, BLOG, **{"Accept-Language": "de-DE"})
    assert "1.234" in page.text
    assert "+200 %" in page.text
    assert "1,234" in opened(client, BLOG, **{"Accept-Language": "x-nonsense;;"}).text


def test_a_day_is_one_of_the_sites_zone(serve: Serve, keep: Keep) -> None:
    zone = "Pacific/Kiritimati"
    keep([seen(days=0), seen(days=5, visitor=2)], zone=zone)
    client = serve(Site("blog.test", ZoneInfo(zone)))
    page = opened(client, f"{BLOG}?period=day")
    assert page.all("a", class_="figure")[0].text.split()[1] == "1"
    today = datetime.now(ZoneInfo(zone)).date()
    assert page.all("input", name="to")[0].attributes["value"] == today.isoformat()
    assert zone in page.text


@pytest.mark.usefixtures("visits")
def test_what_was_not_counted_is_told_with_its_reason(client: FlaskClient) -> None:
    text = opened(client, BLOG).text
    assert "Crawlers 1,234" in text
    assert "a new reason 2" in text


@pytest.mark.usefixtures("visits")
def test_of_a_public_page_the_owner_alone_sees_what_was_not_counted(serve: Serve) -> None:
    page = opened(serve(Site("blog.test")), BLOG)
    assert page.all("a", class_="figure")
    assert "Not counted" not in page.text


@pytest.mark.usefixtures("visits")
def test_what_a_site_does_not_collect_is_said(serve: Serve) -> None:
    kept = frozenset(FIELDS) - {"country", "visitor", "campaign"}
    page = opened(serve(Site("blog.test", collect=kept)), f"{BLOG}?tab=utm_campaign")
    assert "does not collect the country" in page.text
    assert "does not collect the campaign" in page.text
    assert "Not collected: campaign, country, visitor, engagement." in page.text
    assert [figure.text.split()[0] for figure in page.all("a", class_="figure")] == ["Page"]
    assert not page.all("svg", class_="world")


def test_without_the_visitors_mark_the_map_is_of_page_views(serve: Serve, keep: Keep) -> None:
    keep([seen("/", visitor=0, country="NL"), seen("/about", visitor=0, country="NL")])
    client = serve(Site("blog.test", collect=frozenset(FIELDS) - {"visitor"}))
    page = opened(client, BLOG)
    (world,) = page.all("svg", class_="world")
    assert "World map of page views" in world.text
    assert "Netherlands: 2, 100%, rank 1" in world.text
    assert "online now" not in page.text


def test_before_the_first_visit_the_page_says_what_to_do(client: FlaskClient) -> None:
    page = opened(client, BLOG)
    assert '<script defer src="/js/script.js" data-domain="blog.test"></script>' in page.text


def test_pages_of_a_site_that_is_elsewhere_load_the_tracker_by_its_whole_address(
    client: FlaskClient,
) -> None:
    page = opened(client, "/stats/www.shop.test")
    assert 'src="https://localhost/js/script.js" data-domain="www.shop.test"' in page.text
    assert "https://localhost/api/event" in page.text


@pytest.mark.usefixtures("visits")
def test_a_view_without_visits_says_why(client: FlaskClient) -> None:
    assert "No visit passes these filters" in opened(client, f"{BLOG}?country=XX").text
    assert "Nobody was here in these days" in opened(client, f"{BLOG}?period=2020").text


@pytest.mark.usefixtures("visits")
def test_what_makes_no_sense_in_an_address_is_told(client: FlaskClient) -> None:
    page = opened(client, f"{BLOG}?period=soon&nonsense=\u202e")
    assert "'soon' is no period" in page.text
    assert "\u202e" not in page.markup


@pytest.mark.usefixtures("visits")
def test_forms_lead_to_the_address_of_what_they_ask_for(client: FlaskClient) -> None:
    added = client.get(f"{BLOG}?period=7d&about=page&how=contains&value=/2026")
    assert added.location == f"{BLOG}?period=7d&contains.page=/2026"
    days = client.get(f"{BLOG}?country=NL&from=2026-01-01&to=2026-01-31")
    assert days.location == f"{BLOG}?period=2026-01-01..2026-01-31&country=NL"
    assert client.get(f"{BLOG}?from=never&to=").status_code == 200


@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize(
    ("about", "how", "typed", "query"),
    [
        ("country", "is", "Germany", "country=DE"),
        ("country", "is_not", "germany", "is_not.country=DE"),
        ("country", "contains", "Germany", "contains.country=DE"),
        ("country", "is", "de", "country=DE"),
        ("country", "is", "Atlantis", "country=Atlantis"),
        ("country", "is", "unknown", "country="),
        ("country", "contains", "unknown", "contains.country=unknown"),
        ("language", "is", "German", "language=de"),
        ("language", "is", "ga", "language=ga"),
        ("language", "is", "Ga", "language=gaa"),
        ("screen", "is", "Phone", "screen=Mobile"),
        ("source", "is", "Direct or unknown", "source="),
        ("source", "is", "YouTube", "source=Youtube"),
        ("source", "is", "Youtube", "source=Youtube"),
        ("utm_source", "is", "YouTube", "utm_source=YouTube"),
        ("page", "is", "Germany", "page=Germany"),
        ("utm_campaign", "is", "none", "utm_campaign=none"),
    ],
)
def test_a_filter_may_be_typed_as_its_value_is_called(
    client: FlaskClient, about: str, how: str, typed: str, query: str
) -> None:
    added = client.get(BLOG, query_string={"about": about, "how": how, "value": typed})
    assert added.location == f"{BLOG}?{query}"


def test_sources_are_spelled_as_people_do(client: FlaskClient, keep: Keep) -> None:
    hosts = ("m.youtube.com", "stackoverflow.com", "superuser.com", "m.vk.com", "google.com")
    keep([seen(visitor=n, source=of_host(host).name) for n, host in enumerate(hosts, 1)])
    rows = opened(client, f"{BLOG}/source").all("th", scope="row")
    expected = {"YouTube", "Stack Overflow", "Stack Exchange", "VKontakte", "Google"}
    assert {row.text for row in rows} == expected


@pytest.mark.usefixtures("visits")
def test_a_country_that_is_typed_has_its_visitors(client: FlaskClient) -> None:
    added = client.get(f"{BLOG}?about=country&how=is&value=netherlands")
    page = opened(client, added.location or "")
    assert page.all("a", class_="figure")[0].text.split()[:2] == ["Visitors", "2"]
    assert "Country is Netherlands" in " ".join(page.all("a", class_="chip")[0].text.split())


@pytest.mark.usefixtures("visits")
def test_several_sites_have_an_overview_and_one_has_none(client: FlaskClient, serve: Serve) -> None:
    assert opened(client, "/stats/").link("blog.test 3 visitors 4 page views") == BLOG
    alone = serve(Site("blog.test")).get("/stats/")
    assert (alone.status_code, alone.location) == (302, BLOG)


@pytest.mark.parametrize("days", [0, 1])
def test_a_site_that_has_just_begun_is_seen_in_the_overview(
    client: FlaskClient, keep: Keep, days: int
) -> None:
    keep([seen(days=noon(days), visitor=1), seen("/b", days=noon(days), visitor=2)])
    page = opened(client, "/stats/")
    assert page.link("blog.test today included 2 visitors 2 page views") == BLOG
    assert page.link("www.shop.test Waiting for the first visit") == "/stats/www.shop.test"


def test_today_is_left_out_of_the_overview_of_an_older_site(
    client: FlaskClient, keep: Keep
) -> None:
    keep([seen(days=noon(days), visitor=1) for days in (0, 1, 2, 28, 29)])
    assert opened(client, "/stats/").link("blog.test 3 visitors 3 page views") == BLOG


def test_pages_are_kept_by_no_one_and_their_files_for_a_year(client: FlaskClient) -> None:
    response = client.get(BLOG)
    assert response.headers["Cache-Control"] == "no-store"
    for link in Page(response.text).all("link", rel="stylesheet"):
        with client.get(link.attributes["href"]) as style:
            assert "immutable" in style.headers["Cache-Control"]
    with client.get("/stats/static/base.css?v=of-an-older-release") as old:
        assert old.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["././base.css", "vendor/../base.css", "vendor//htmx/LICENSE", "vendor", "x"]
)
def test_a_file_has_one_name(client: FlaskClient, name: str) -> None:
    """Spellings can be made up without end: of none may anything be kept."""
    with client.get(
        "/stats/static/", environ_overrides={"PATH_INFO": f"/stats/static/{name}"}
    ) as found:
        assert found.status_code == 404


def test_the_first_reader_waits_for_no_template(
    app: Flask, client: FlaskClient, visits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app.jinja_env.cache is not None
    app.jinja_env.cache.clear()
    dashboard.warm_up(app)
    monkeypatch.setattr(app.jinja_env, "compile", None)
    assert client.get(BLOG).status_code == 200
