"""Links that sign in: seen by anyone, used once, over after ten minutes, told to nobody."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from analytics.access import expiry, login_links, sessions
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

MakeKey = Callable[[], str]
SignIn = Callable[[FlaskClient], None]


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def signed_in(client: FlaskClient) -> bool:
    return client.get("/stats/sessions").status_code == 200


def test_looking_at_a_link_any_number_of_times_does_not_use_it_up(
    client: FlaskClient, make_key: MakeKey
) -> None:
    key = make_key()
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        seen = client.open("/stats/sign-in", method=method, query_string={"key": key})
        assert seen.status_code == 200
        assert "Set-Cookie" not in seen.headers
    assert client.post("/stats/sign-in", data={"key": key}).status_code == 303


def test_the_key_in_the_address_of_a_post_signs_nobody_in(
    client: FlaskClient, make_key: MakeKey
) -> None:
    assert client.post("/stats/sign-in", query_string={"key": make_key()}).status_code == 410
    assert not signed_in(client)


def test_the_page_with_the_key_is_told_to_nobody(client: FlaskClient, make_key: MakeKey) -> None:
    page = client.get("/stats/sign-in", query_string={"key": make_key()})
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert '<meta name="referrer" content="no-referrer">' in page.text
    assert "http" not in page.text.replace("http-equiv", "")


def test_a_page_with_forms_lets_old_browsers_tell_where_they_are_from(
    client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in(client)
    page = client.get("/stats/sessions")
    assert '<meta name="referrer" content="same-origin">' in page.text
    assert "Referrer-Policy" not in page.headers


def test_a_link_works_once_and_says_so_afterwards(
    app: Flask, client: FlaskClient, make_key: MakeKey
) -> None:
    key = make_key()
    client.post("/stats/sign-in", data={"key": key})
    other = app.test_client()
    for answer in (
        other.get("/stats/sign-in", query_string={"key": key}),
        other.post("/stats/sign-in", data={"key": key}),
    ):
        assert answer.status_code == 410
        assert "used already" in answer.text
        assert "make dashboard" in answer.text
    assert not signed_in(other)


def test_of_many_who_use_a_link_at_the_same_moment_one_is_signed_in(
    app: Flask, make_key: MakeKey
) -> None:
    key = make_key()

    def press(_: int) -> int:
        return app.test_client().post("/stats/sign-in", data={"key": key}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(press, range(8))) == [303] + [410] * 7


def test_a_link_is_over_after_ten_minutes(
    client: FlaskClient, engine: Engine, make_key: MakeKey
) -> None:
    key = make_key()
    run(engine, "UPDATE login_links SET expires = expires - interval '9 minutes 50 seconds'")
    assert client.get("/stats/sign-in", query_string={"key": key}).status_code == 200
    run(engine, "UPDATE login_links SET expires = expires - interval '11 seconds'")
    for answer in (
        client.get("/stats/sign-in", query_string={"key": key}),
        client.post("/stats/sign-in", data={"key": key}),
    ):
        assert answer.status_code == 410
        assert "older than ten minutes" in answer.text
        assert "make dashboard" in answer.text


def test_what_is_over_is_deleted(engine: Engine) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        for days in (0, 31):
            sessions.create(connection, None, now - timedelta(days=days))
            login_links.create(connection, now - timedelta(days=days))
        expiry.expire(connection, now)
        for table in ("sessions", "login_links"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 1
