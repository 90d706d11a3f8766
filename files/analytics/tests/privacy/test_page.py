"""The page for visitors: it says what the settings say, asks nothing, and leaves nothing behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.privacy.statement import EVENT, VISIT
from analytics.sites import FIELDS, Site
from flask.testing import FlaskClient
from markup import Page
from sightings import seen
from sqlalchemy import URL

MakeSettings = Callable[[URL], Settings]
# Nobody listens there: the page asks no database.
AWAY = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
BY_FIELD = {one.field: one.what for one in (*VISIT, *EVENT) if one.field}


@contextmanager
def serving(settings: Settings) -> Iterator[FlaskClient]:
    app = create_app(settings)
    yield app.test_client()
    app.extensions["engine"].dispose()


@pytest.fixture
def page_of(make_settings: MakeSettings) -> Callable[..., str]:
    """The words of the page of a blog with other settings."""

    def ask(headers: dict[str, str] | None = None, **changes: object) -> str:
        settings = make_settings(AWAY)
        blog, *others = settings.sites
        changed = replace(blog, **changes)  # type: ignore[arg-type]
        with serving(replace(settings, sites=(changed, *others))) as client:
            answer = client.get("/privacy", headers=headers, base_url="https://blog.test")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        Page(answer.text)
        return " ".join(answer.text.split())

    return ask


def test_every_field_that_can_be_collected_has_its_words() -> None:
    assert BY_FIELD.keys() == set(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_told_exactly_when_it_is_collected(
    page_of: Callable[..., str], field: str
) -> None:
    # Whose engagement it is, a mark alone tells.
    wanted = {field, "visitor"} if field == "engagement" else {field}
    lost = {field, "engagement"} if field == "visitor" else {field}
    only = page_of(collect=frozenset(wanted))
    without = page_of(collect=frozenset(FIELDS) - {field})
    for other, words in BY_FIELD.items():
        assert (f'"row">{words}<' in only) == (other in wanted)
        assert (f'"row">{words}<' in without) == (other not in lost)
    assert "Switched off on this site, so no longer computed or stored: " in without
    assert "Switched off on this site" not in page_of(collect=frozenset(FIELDS))


@pytest.mark.parametrize(("days", "told"), [(1, "after 1 day;"), (37, "after 37 days;")])
def test_what_was_stored_while_a_field_was_on_is_told(
    page_of: Callable[..., str], days: int, told: str
) -> None:
    page = page_of(collect=frozenset(FIELDS) - {"country"}, keep_days=days)
    switched_off = page.partition("Switched off on this site")[2].partition("</li>")[0]
    assert ": the country. What was stored while it was on is deleted " + told in switched_off
    assert "the sums of each day" in switched_off
    two = page_of(collect=frozenset(FIELDS) - {"country", "screen"})
    assert "What was stored while they were on is deleted after" in two
    assert "those that forge visits" not in two
    assert "those that forge visits" in page_of(collect=frozenset(FIELDS) - {"referrer"})


def test_backups_are_told_with_their_time(make_settings: MakeSettings) -> None:
    with serving(replace(make_settings(AWAY), backup_days=373)) as client:
        told = " ".join(client.get("/privacy").text.split())
    assert "about 373 days" in told
    assert "encrypted copy" in told
    assert "This program makes none" not in told
    assert "no other service takes part" not in told
    # What waits is kept for them, and never with what ties two days together.
    assert "only the first is in what is kept for the encrypted copies, and in these" in told
    assert "but for the second mark, is kept on the server until an encrypted copy has it" in told
    assert "for about 373 days more, or longer while no newer copy proves to be good" in told


def test_without_backups_none_is_told(page_of: Callable[..., str]) -> None:
    assert "This program makes none" in page_of()
    assert "no other service takes part" in page_of()
    assert "encrypted" not in page_of()
    assert "Only the first mark is stored." in page_of()
    assert "The file itself goes within a few minutes." in page_of()


def test_what_a_new_database_leaves_is_told(page_of: Callable[..., str]) -> None:
    assert "the one of before stays beside it, however old, until the owner removes it" in page_of()


def test_the_name_that_was_used_is_told_as_it_is_kept() -> None:
    name = next(one for one in VISIT if one.what.startswith("the name of this site"))
    assert name.what.endswith("without www.")
    assert not name.example.startswith("www.")


def test_without_marks_none_is_explained(page_of: Callable[..., str]) -> None:
    assert "pseudonym" in page_of(collect=frozenset(FIELDS))
    without = page_of(collect=frozenset(FIELDS) - {"visitor"})
    assert "pseudonym" not in without
    assert "first mark" not in without


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"keep_days": 37}, "after 37 days"),
        ({"keep_days": 1}, "after 1 day,"),
        ({"sums_days": None}, "The sums of each day stay"),
        ({"sums_days": 800}, "The sums of each day are deleted after 800 days"),
        ({"public": True}, "are public"),
        ({"public": False}, "Only the owner"),
        ({"kept_parameters": ("id",)}, "<code>id</code>"),
        (
            {"kept_parameters": ("id", "ref"), "collect": frozenset({"country"})},
            "campaigns (but for the parts of an address that are named above)",
        ),
        ({"privacy_contact": "me@blog.test"}, 'href="mailto:me@blog.test"'),
        ({"privacy_contact": "https://blog.test/me"}, 'href="https://blog.test/me"'),
        ({"privacy_contact": "<Anna> at 1 Road"}, "&lt;Anna&gt; at 1 Road"),
        ({"honour_do_not_track": True}, "Global Privacy Control"),
        ({"server_senders": True}, "Other servers"),
    ],
)
def test_a_setting_is_told(
    page_of: Callable[..., str], changes: dict[str, object], told: str
) -> None:
    assert told in page_of(**changes)


@pytest.mark.parametrize("contact", ["javascript:alert(1)", "http://blog.test", "a b@blog.test"])
def test_only_what_is_an_address_becomes_a_link(page_of: Callable[..., str], contact: str) -> None:
    page = page_of(privacy_contact=contact)
    assert contact in page
    assert f'href="{contact}' not in page
    assert "mailto:" not in page


def test_signals_that_are_not_honoured_are_not_promised(page_of: Callable[..., str]) -> None:
    assert "Do Not Track" not in page_of(honour_do_not_track=False, headers={"DNT": "1"})


@pytest.mark.parametrize(("header", "value"), [("DNT", "1"), ("Sec-GPC", "1"), ("DNT", "0")])
def test_who_sends_a_signal_is_told_so(
    page_of: Callable[..., str], header: str, value: str
) -> None:
    page = page_of(headers={header: value})
    assert ("so you are not counted" in page) == (value == "1")
    assert ("does not send it" in page) == (value != "1")


def test_each_host_has_the_page_of_its_own_site(make_settings: MakeSettings) -> None:
    with serving(make_settings(AWAY)) as client:
        for host, site in {
            "blog.test": "blog.test",
            "shop.test": "www.shop.test",
            "www.shop.test:8443": "www.shop.test",
            "unknown.test": "blog.test",
        }.items():
            page = client.get("/privacy", base_url=f"https://{host}")
            assert f"<title>What is counted on {site}</title>" in page.text


def test_the_owner_chooses_the_path_or_none(make_settings: MakeSettings) -> None:
    with serving(replace(make_settings(AWAY), privacy_path="/about/data.html")) as client:
        assert client.get("/about/data.html").status_code == 200
        assert client.get("/privacy").status_code == 404
        assert client.post("/about/data.html").status_code == 405
    with serving(replace(make_settings(AWAY), privacy_path="")) as client:
        assert client.get("/privacy").status_code == 404


def test_all_that_the_page_loads_is_there_for_everybody(make_settings: MakeSettings) -> None:
    with serving(make_settings(AWAY)) as client:
        page = Page(client.get("/privacy").text)
        loaded = [
            one.attributes.get("href") or one.attributes["src"]
            for one in page.elements
            if one.tag == "script" or one.attributes.get("rel") == "stylesheet"
        ]
        assert len(loaded) == 3
        for address in loaded:
            with client.get(address) as found:
                assert found.status_code == 200
        # The site's policy lets no style or script in a page itself take effect.
        assert not any(one.tag == "style" or "style" in one.attributes for one in page.elements)


def test_a_mark_that_the_page_sets_is_one_that_the_tracker_obeys() -> None:
    package = Path(create_app.__code__.co_filename).parent
    tracker = (package / "taking/tracker/script.js").read_text()
    switch = (package / "seeing/static/opt-out.js").read_text()
    for mark in ("plausible_ignore", "analytics_ignore"):
        assert f"localStorage.{mark}" in tracker
        assert f'"{mark}"' in switch


def test_the_dashboard_leads_to_the_page_of_its_site(
    client: FlaskClient, sign_in: Callable[[FlaskClient], None], keep: Callable[..., None]
) -> None:
    keep([seen("/"), seen("/", site="www.shop.test")])
    sign_in(client)
    assert 'href="/privacy"' in client.get("/stats/blog.test").text
    shop = client.get("/stats/www.shop.test")
    assert 'href="/privacy?site=www.shop.test"' in shop.text


def test_the_page_of_a_site_that_is_elsewhere_has_no_switch_that_could_not_work(
    make_settings: MakeSettings,
) -> None:
    with serving(make_settings(AWAY)) as client:
        there = client.get("/privacy?site=shop.test", base_url="https://blog.test")
        assert "<title>What is counted on www.shop.test</title>" in there.text
        assert 'href="https://www.shop.test/"' in there.text
        assert "on the server of blog.test" in there.text
        assert "data-opt-out" not in there.text
        assert "plausible_ignore" in there.text
        own = client.get("/privacy?site=www.blog.test", base_url="https://blog.test")
        assert "data-opt-out" in own.text
        for nowhere in ("nowhere.test", "", "%00", "%ED%A0%80", "x" * 5000):
            assert client.get(f"/privacy?site={nowhere}").status_code == 404


def test_a_site_without_settings_has_a_page_too(make_settings: MakeSettings) -> None:
    settings = replace(make_settings(AWAY), sites=(Site("localhost"),))
    with serving(settings) as client:
        assert "the site itself says" in client.get("/privacy").text
