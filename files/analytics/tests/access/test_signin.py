"""Signing in: by a link that works once, whoever else has seen it; and out again."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from analytics.app import create_app
from analytics.config import Settings
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Engine, text

MakeSettings = Callable[[URL], Settings]
MakeKey = Callable[[], str]
SignIn = Callable[[FlaskClient], None]

COOKIE = "__Host-freehold"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HERE = {"Sec-Fetch-Site": "same-origin"}


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def signed_in(client: FlaskClient) -> bool:
    return client.get("/stats/sessions").status_code == 200


def test_a_link_shows_a_button_and_the_button_signs_in(
    client: FlaskClient, make_key: MakeKey
) -> None:
    key = make_key()
    page = client.get("/stats/sign-in", query_string={"key": key})
    assert page.status_code == 200
    assert f'value="{key}"' in page.text
    assert not signed_in(client)
    done = client.post("/stats/sign-in", data={"key": key}, headers=HERE | {"User-Agent": FIREFOX})
    assert (done.status_code, done.location) == (303, "/stats/")
    assert signed_in(client)
    assert "Firefox on GNU/Linux" in client.get("/stats/sessions").text


def test_the_cookie_is_bound_to_this_host_to_https_and_to_no_script(
    client: FlaskClient, make_key: MakeKey
) -> None:
    done = client.post("/stats/sign-in", data={"key": make_key()})
    parts = done.headers["Set-Cookie"].split("; ")
    assert parts[0].startswith(f"{COOKIE}=")
    assert len(parts[0]) >= len(COOKIE) + 43
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=2592000"} <= set(parts)
    assert not any(part.startswith("Domain") for part in parts)


@pytest.mark.parametrize("name", ["signin.css", "opt-out.js"])
def test_styles_and_scripts_need_no_sign_in(client: FlaskClient, name: str) -> None:
    with client.get(f"/stats/static/{name}") as found:
        assert found.status_code == 200


def test_without_a_link_the_page_says_how_to_get_one(client: FlaskClient) -> None:
    page = client.get("/stats/sign-in")
    assert page.status_code == 401
    assert page.headers["WWW-Authenticate"].startswith("Bearer")
    assert "make dashboard" in page.text


def test_a_form_of_another_site_signs_nobody_in(client: FlaskClient, make_key: MakeKey) -> None:
    key = make_key()
    for site in ("cross-site", "same-site", "none"):
        answer = client.post("/stats/sign-in", data={"key": key}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert not signed_in(client)
    assert client.post("/stats/sign-in", data={"key": key}, headers=HERE).status_code == 303


def test_signing_in_again_ends_the_browser_s_session_before(
    client: FlaskClient, engine: Engine, sign_in: SignIn
) -> None:
    sign_in(client)
    sign_in(client)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sessions")) == 1


def test_who_is_signed_in_needs_no_link(client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client)
    page = client.get("/stats/sign-in")
    assert (page.status_code, page.location) == (303, "/stats/")


def test_a_session_ends_after_thirty_days_whatever_the_browser_keeps(
    client: FlaskClient, engine: Engine, sign_in: SignIn
) -> None:
    sign_in(client)
    run(engine, "UPDATE sessions SET expires = expires - interval '29 days 23 hours'")
    assert signed_in(client)
    run(engine, "UPDATE sessions SET expires = expires - interval '61 minutes'")
    assert not signed_in(client)


def test_signing_out_ends_the_session_and_takes_the_cookie(
    client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in(client)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    out = client.post("/stats/sign-out", headers=HERE)
    assert out.status_code == 303
    assert {"Max-Age=0", "Secure", "Path=/"} <= set(out.headers["Set-Cookie"].split("; "))
    assert client.get_cookie(COOKIE) is None
    client.set_cookie(COOKIE, cookie.value)
    assert not signed_in(client)


def test_only_who_signs_in_gets_a_cookie(client: FlaskClient, make_key: MakeKey) -> None:
    for path in ("/stats/sign-in", f"/stats/sign-in?key={make_key()}", "/stats/sessions"):
        assert "Set-Cookie" not in client.get(path).headers
    assert "Set-Cookie" not in client.post("/stats/sign-in", data={"key": "no"}).headers


def test_nothing_that_signs_in_is_stored_as_it_is(
    client: FlaskClient, engine: Engine, make_key: MakeKey
) -> None:
    key = make_key()
    client.post("/stats/sign-in", data={"key": key}, headers={"User-Agent": FIREFOX})
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    with engine.connect() as connection:
        query = text("SELECT l::text, s::text FROM login_links l, sessions s")
        kept = str(connection.execute(query).all())
    for secret in (key, cookie.value, key.encode().hex(), cookie.value.encode().hex()):
        assert secret not in kept
    assert FIREFOX not in kept


def test_development_without_https_has_a_cookie_of_another_name(
    app: Flask, make_key: MakeKey
) -> None:
    insecure = create_app(replace(app.extensions["settings"], insecure_cookies=True))
    client = insecure.test_client()
    done = client.post("/stats/sign-in", data={"key": make_key()})
    parts = done.headers["Set-Cookie"].split("; ")
    assert parts[0].startswith("freehold=")
    assert "Secure" not in parts
    assert "HttpOnly" in parts
    assert signed_in(client)
    insecure.extensions["engine"].dispose()


# Characters that a server lets into a header: it refuses the others before the service sees them.
header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"))


@given(key=st.text(), cookie=header_text, bearer=header_text)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_key_cookie_or_token_that_was_not_made_here_opens_anything(
    app: Flask, engine: Engine, key: str, cookie: str, bearer: str
) -> None:
    client = app.test_client(use_cookies=False)
    headers = HERE | {"Cookie": f"{COOKIE}={cookie}"}
    for answer in (
        client.get("/stats/sign-in", query_string={"key": key}, headers=headers),
        client.post("/stats/sign-in", data={"key": key}, headers=headers),
        client.get("/stats/sessions", headers=headers),
        client.get("/stats/sessions", headers={"Authorization": f"Bearer {bearer}"}),
        client.get("/stats/sessions", headers={"Authorization": bearer}),
        client.post("/stats/sign-out", headers=headers),
        client.post("/stats/sign-in", data=cookie, headers=headers, content_type=bearer),
    ):
        assert answer.status_code in (400, 401, 410)
        assert "Set-Cookie" not in answer.headers


def test_a_database_that_is_away_is_a_503_without_a_word_of_the_key(
    make_settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    client = create_app(make_settings(url)).test_client()
    answers = (
        client.get("/stats/sign-in?key=very-secret"),
        client.post("/stats/sign-in", data={"key": "very-secret"}),
    )
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all("The database is away" in answer.text for answer in answers)
    assert all(answer.mimetype == "text/html" for answer in answers)
    assert answers[0].headers["Referrer-Policy"] == "no-referrer"
    assert "very-secret" not in caplog.text + "".join(answer.text for answer in answers)
