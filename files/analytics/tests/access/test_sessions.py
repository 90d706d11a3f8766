"""The page of sessions, and the commands for links, sessions and tokens."""

import re
from collections.abc import Callable

import pytest
from analytics.access import sessions
from analytics.app import create_app
from analytics.config import Settings
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text

MakeSettings = Callable[[URL], Settings]
SignIn = Callable[[FlaskClient], None]

HERE = {"Sec-Fetch-Site": "same-origin"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


@pytest.fixture
def browsers(app: Flask, engine: Engine, sign_in: SignIn) -> list[FlaskClient]:
    """Three of the owner's, signed in; their sessions are numbered from 1."""
    found = [app.test_client() for _ in range(3)]
    for browser in found:
        sign_in(browser)
    return found


def statuses(browsers: list[FlaskClient]) -> list[int]:
    return [browser.get("/stats/sessions").status_code for browser in browsers]


def test_the_page_lists_every_browser_and_marks_its_own(browsers: list[FlaskClient]) -> None:
    page = browsers[1].get("/stats/sessions").text
    assert page.count("Unknown browser</strong>") == 3
    assert page.count("this browser</span>") == 1
    assert sorted(re.findall(r"/sessions/(\d+)/revoke", page)) == ["1", "3"]


def test_one_browser_is_signed_out_from_another(browsers: list[FlaskClient]) -> None:
    done = browsers[0].post("/stats/sessions/2/revoke", headers=HERE)
    assert (done.status_code, done.location) == (303, "/stats/sessions")
    assert statuses(browsers) == [200, 401, 200]


def test_all_others_are_signed_out(browsers: list[FlaskClient]) -> None:
    browsers[2].post("/stats/sessions/revoke-others", headers=HERE)
    assert statuses(browsers) == [401, 401, 200]
    assert "revoke-others" not in browsers[2].get("/stats/sessions").text


@pytest.mark.parametrize("number", [0, 4, 2**31, 2**63, 10**40])
def test_a_number_that_is_no_session_changes_nothing(
    browsers: list[FlaskClient], number: int
) -> None:
    assert browsers[0].post(f"/stats/sessions/{number}/revoke", headers=HERE).status_code == 303
    assert statuses(browsers) == [200, 200, 200]


@pytest.mark.parametrize("path", ["sign-out", "sessions/1/revoke", "sessions/revoke-others"])
def test_another_site_signs_nobody_out(browsers: list[FlaskClient], path: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
        assert browsers[0].post(f"/stats/{path}", headers=headers).status_code == 403
    # By a link nothing is done either.
    assert browsers[0].get(f"/stats/{path}").status_code in (404, 405)
    assert statuses(browsers) == [200, 200, 200]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on GNU/Linux"),
        ("curl/8.5", "Unknown browser"),
        (None, "Unknown browser"),
        ("\ud800\x00<script>", "Unknown browser"),
    ],
)
def test_a_browser_has_a_short_name(user_agent: str | None, name: str) -> None:
    assert sessions.name_of(user_agent) == name


def test_the_link_of_the_command_signs_in(app: Flask, client: FlaskClient) -> None:
    printed = run(app, "dashboard-link").output
    found = re.fullmatch(r"https://blog\.test/stats/sign-in\?key=([\w-]{43})\n", printed)
    assert found
    assert client.post("/stats/sign-in", data={"key": found[1]}).status_code == 303


def test_the_link_can_have_another_base(app: Flask, engine: Engine) -> None:
    printed = run(app, "dashboard-link", "--base", "https://blog.test:8443").output
    assert printed.startswith("https://blog.test:8443/stats/sign-in?key=")
    wrong = run(app, "dashboard-link", "--base", "blog.test")
    assert wrong.exit_code == 2
    assert "must begin with https:// or http://" in wrong.output


def test_the_commands_list_and_revoke_sessions(app: Flask, browsers: list[FlaskClient]) -> None:
    for arguments in (["sessions"], ["sessions", "list"]):
        lines = run(app, *arguments).output.splitlines()
        assert lines[0].split("  ")[0] == "ID"
        assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert run(app, "sessions", "revoke", "2").output == "Signed out: 1.\n"
    assert statuses(browsers) == [200, 401, 200]
    unknown = run(app, "sessions", "revoke", "2")
    assert (unknown.exit_code, unknown.output) == (
        1,
        "Error: There is no session 2; there are: 1, 3.\n",
    )
    assert run(app, "sessions", "revoke", "all").output == "Signed out: 2.\n"
    assert statuses(browsers) == [401, 401, 401]
    assert "Nobody is signed in" in run(app, "sessions").output


def test_the_commands_make_list_and_revoke_tokens(app: Flask, engine: Engine) -> None:
    made = app.test_cli_runner().invoke(args=["token", "create", "--site", "shop.test", "my phone"])
    secret = made.stdout.strip()
    assert re.fullmatch(r"freehold_[\w-]{43}", secret)
    assert "can't be shown again" in made.stderr
    assert run(app, "token", "create", "everything").exit_code == 0
    listed = run(app, "token", "list").output
    assert secret not in listed
    assert [re.split(" {2,}", line)[:3] for line in listed.splitlines()[1:]] == [
        ["1", "my phone", "www.shop.test"],
        ["2", "everything", "all sites"],
    ]
    with engine.connect() as connection:
        assert secret not in str(connection.execute(text("SELECT t::text FROM tokens t")).all())
    assert run(app, "token", "revoke", "1").output == "Revoked: 1.\n"
    unknown = run(app, "token", "revoke", "1")
    assert (unknown.exit_code, unknown.output) == (
        1,
        "Error: There is no token 1; there are: 2.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--site", "other.test", "x"], "other.test is none of blog.test, www.shop.test."),
        (["  "], "one line of 1 to 100 characters"),
        (["a\nb"], "one line of 1 to 100 characters"),
        (["\x1b[2J"], "one line of 1 to 100 characters"),
        (["a" * 101], "one line of 1 to 100 characters"),
    ],
)
def test_a_wrong_token_is_a_sentence(
    app: Flask, engine: Engine, arguments: list[str], sentence: str
) -> None:
    result = run(app, "token", "create", *arguments)
    assert result.exit_code == 2
    assert sentence in result.output


@pytest.mark.parametrize(
    "arguments",
    [["dashboard-link"], ["sessions"], ["sessions", "revoke", "all"], ["token", "list"]],
)
def test_a_database_that_is_away_is_one_sentence(
    make_settings: MakeSettings, arguments: list[str]
) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    result = run(create_app(make_settings(url)), *arguments)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert result.output.startswith("Error: The database is unavailable (")


@pytest.mark.parametrize("command", ["dashboard-link", "sessions", "token"])
def test_every_command_has_a_help_text(app: Flask, command: str) -> None:
    assert run(app, command, "--help").exit_code == 0
    assert re.search(rf"^  {command} +\w", run(app, "--help").output, re.MULTILINE)
