"""Who may see which site, and change anything: the owner, tokens, and the public."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from analytics import sites
from analytics.access import tokens
from analytics.access import viewer as access
from analytics.app import create_app
from analytics.config import Settings
from analytics.environment import ConfigError
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text

MakeSettings = Callable[[URL], Settings]
SignIn = Callable[[FlaskClient], None]
MakeToken = Callable[[str | None], dict[str, str]]


def with_pages(settings: Settings) -> Flask:
    """The service with pages behind `access.required`: one of all sites, one of each, a switch."""
    blueprint = Blueprint("pages", __name__, url_prefix="/pages")
    blueprint.before_request(access.required)

    @blueprint.route("/", methods=["GET", "POST"])
    @blueprint.route("/<domain>", methods=["GET", "POST"])
    def show(domain: str = "") -> str:
        return ",".join(site.domain for site in access.visible_sites())

    @blueprint.route("/owner")
    def owner() -> str:
        return str(access.is_owner())

    application = create_app(settings)
    application.register_blueprint(blueprint)
    return application


@pytest.fixture(scope="module")
def guarded(app: Flask) -> Iterator[Flask]:
    """blog.test is private, www.shop.test is public."""
    given: Settings = app.extensions["settings"]
    blog, shop = given.sites
    application = with_pages(replace(given, sites=(blog, replace(shop, public=True))))
    yield application
    application.extensions["engine"].dispose()


@pytest.fixture
def browser(guarded: Flask, engine: Engine) -> FlaskClient:
    return guarded.test_client()


@pytest.fixture
def make_token(engine: Engine) -> MakeToken:
    """Makes a token of one site, or of all, as a request carries it."""

    def make(site: str | None) -> dict[str, str]:
        with engine.begin() as connection:
            secret = tokens.create(connection, "a program", site, datetime.now(UTC))
        return {"Authorization": f"Bearer {secret}"}

    return make


def test_a_stranger_sees_public_sites_only(browser: FlaskClient) -> None:
    seen = browser.get("/pages/www.shop.test")
    assert (seen.status_code, seen.text) == (200, "www.shop.test")
    for path in ("/pages/blog.test", "/pages/", "/pages/other.test"):
        refused = browser.get(path)
        assert refused.status_code == 401
        assert "make dashboard" in refused.text
        assert "blog.test" not in refused.text
        assert "WWW-Authenticate" in refused.headers


def test_a_stranger_changes_nothing_of_a_public_site(browser: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser.post("/pages/www.shop.test", headers=headers).status_code == 401


def test_the_owner_sees_every_site(browser: FlaskClient, sign_in: SignIn) -> None:
    sign_in(browser)
    for path in ("/pages/", "/pages/blog.test", "/pages/www.shop.test", "/pages/shop.test"):
        assert browser.get(path).text == "blog.test,www.shop.test"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://localhost"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://localhost"}, 200),
        ({"Origin": "https://localhost:8443"}, 200),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "https://localhost.evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://[::1"}, 403),
        ({}, 403),
    ],
)
def test_a_change_must_come_from_a_page_of_ours(
    browser: FlaskClient, sign_in: SignIn, headers: dict[str, str], status: int
) -> None:
    sign_in(browser)
    assert browser.post("/pages/", headers=headers).status_code == status


def test_a_token_reads_its_site_and_no_other(browser: FlaskClient, make_token: MakeToken) -> None:
    token = make_token("blog.test")
    assert browser.get("/pages/blog.test", headers=token).text == "blog.test"
    for path in ("/pages/www.shop.test", "/pages/"):
        refused = browser.get(path, headers=token)
        assert refused.status_code == 403
        assert refused.json is not None
    everything = make_token(None)
    assert browser.get("/pages/", headers=everything).text == "blog.test,www.shop.test"


def test_a_token_changes_nothing_and_sees_no_sessions(
    browser: FlaskClient, make_token: MakeToken
) -> None:
    token = make_token(None) | {"Sec-Fetch-Site": "same-origin"}
    assert browser.post("/pages/", headers=token).status_code == 403
    assert browser.get("/stats/sessions", headers=token).status_code == 403
    assert browser.post("/stats/sign-out", headers=token).status_code == 403


def test_a_token_that_was_revoked_is_worth_nothing(
    browser: FlaskClient, engine: Engine, make_token: MakeToken
) -> None:
    token = make_token(None)
    with engine.begin() as connection:
        tokens.revoke(connection, tokens.all_of(connection)[0].id)
    refused = browser.get("/pages/blog.test", headers=token)
    assert refused.status_code == 401
    assert refused.json == {"error": "The token is not valid."}


@pytest.mark.parametrize("given", ["Basic \xff", "Basic YTpi", "Bearer \xff", "Bearer", "x", ""])
def test_any_authorization_is_an_answer(browser: FlaskClient, engine: Engine, given: str) -> None:
    refused = browser.get("/pages/blog.test", headers={"Authorization": given})
    assert refused.status_code == 401


def test_a_token_of_a_site_that_is_no_longer_set_reads_nothing(
    browser: FlaskClient, make_token: MakeToken
) -> None:
    token = make_token("gone.test")
    for path in ("/pages/", "/pages/blog.test", "/pages/gone.test"):
        assert browser.get(path, headers=token).status_code == 403


@pytest.mark.parametrize("table", ["sessions", "tokens"])
def test_of_the_last_use_the_day_is_kept(
    browser: FlaskClient, engine: Engine, sign_in: SignIn, make_token: MakeToken, table: str
) -> None:
    sign_in(browser)
    token = make_token(None)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET last_used = '2026-01-02'"))
    browser.get("/pages/", headers=token if table == "tokens" else {})
    with engine.connect() as connection:
        last_used = connection.scalar(text(f"SELECT last_used FROM {table}"))
    assert last_used == datetime.now(UTC).date()


def test_the_owner_is_known_by_the_cookie_alone(browser: FlaskClient, sign_in: SignIn) -> None:
    with browser.application.test_request_context("/api/event"):
        assert access.is_owner() is False
    sign_in(browser)
    assert browser.get("/pages/owner").text == "True"


def test_without_a_database_nobody_is_the_owner_and_events_go_on(
    make_settings: MakeSettings,
) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    application = create_app(make_settings(url))
    with application.test_request_context(headers={"Cookie": "__Host-freehold=x"}):
        assert access.is_owner() is False


def test_a_stranger_without_a_cookie_costs_no_look_up(make_settings: MakeSettings) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    browser = with_pages(make_settings(url)).test_client()
    assert browser.get("/pages/").status_code == 401


@pytest.mark.parametrize(("given", "insecure"), [("0", False), ("1", True)])
def test_insecure_cookies_are_a_setting(given: str, insecure: bool) -> None:
    environment = {
        "ANALYTICS_SITES": "blog.test",
        "ANALYTICS_DATABASE_URL": "postgresql://u@h/n",
        "ANALYTICS_INSECURE_COOKIES": given,
    }
    assert Settings.from_environment(environment).insecure_cookies is insecure
    with pytest.raises(ConfigError, match="must be 1 for yes or 0 for no"):
        Settings.from_environment(environment | {"ANALYTICS_INSECURE_COOKIES": "yes"})


def test_a_site_is_private_unless_it_is_set_public() -> None:
    found, faults = sites.read(
        '{"a.test": {"public": true}, "b.test": {}, "c.test": {"public": 1}}'
    )
    assert [site.public for site in found] == [True, False]
    assert faults == ["'c.test' public must be true or false."]
