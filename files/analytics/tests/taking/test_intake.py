"""What is not counted, and why: told to the sender by a number, and to the owner by reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from analytics.sites import FIELDS, Site
from analytics.spool.record import Dropped, Record
from analytics.taking import drops, payload
from analytics.taking.collect import Sender
from analytics.taking.intake import why_not
from flask import Flask
from flask.testing import FlaskClient
from sightings import EVENT, ORIGIN
from werkzeug.test import TestResponse

Send = Callable[..., TestResponse]
Spooled = Callable[..., list[Any]]


def reasons(client: FlaskClient, spooled: Spooled) -> dict[str, int]:
    """Why events were dropped since the test began; the service's spool is closed by this."""
    client.application.extensions["intake"].close()
    found: dict[str, int] = {}
    for drop in spooled(Dropped):
        assert drop.site == "blog.test"
        found |= drop.reasons
    return found


@pytest.fixture
def choosy(client_with: Callable[..., FlaskClient]) -> FlaskClient:
    """A service that ignores pages, keeps a parameter, and counts who asked not to be tracked."""
    return client_with(
        honour_do_not_track=False,
        ignored_paths=("/drafts/*", "/admin"),
        kept_parameters=("id", "lang"),
    )


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"DNT": "1"}, "do not track"),
        ({"Sec-GPC": "1"}, "do not track"),
        ({"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "bot: crawler"),
        ({"User-Agent": "Mozilla/5.0 HeadlessChrome/120.0"}, "bot: headless"),
        ({"User-Agent": "python-requests/2.32"}, "bot: library"),
        ({"User-Agent": ""}, "bot: empty"),
    ],
)
def test_who_is_not_counted(
    client: FlaskClient, spooled: Spooled, headers: dict[str, str], reason: str, send: Send
) -> None:
    response = send(client, headers=ORIGIN | headers)
    assert (response.status_code, response.text) == (202, "ok")
    assert response.headers["x-plausible-dropped"] == "1"
    assert spooled() == []
    assert reasons(client, spooled) == {reason: 1}


def test_a_spammer_s_referrer_is_not_counted(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    for host in ("semalt.com", "www.semalt.com", "semalt.company.test"):
        send(client, EVENT | {"referrer": f"https://{host}/x"})
    assert [record.referrer for record in spooled()] == ["semalt.company.test/x"]
    assert reasons(client, spooled) == {"spam referrer": 2}


def test_a_missing_user_agent_a_false_signal_and_curl_are_people(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    send(client, headers=ORIGIN | {"User-Agent": "curl/8.0"})
    send(client, headers=ORIGIN | {"DNT": "0", "Sec-GPC": "0"})
    environment = {"HTTP_ORIGIN": "https://blog.test", "HTTP_USER_AGENT": None}
    client.post("/api/event", json=EVENT, environ_overrides=environment)
    assert len(spooled()) == 3


BARE = ["Mozilla/5.0", "Firefox/120", "Opera/9.80", "Chrome/131.0.0.0"]


@pytest.mark.parametrize("user_agent", BARE)
def test_who_says_no_more_than_which_browser_is_a_person(
    client: FlaskClient, spooled: Spooled, user_agent: str, send: Send
) -> None:
    send(client, headers=ORIGIN | {"User-Agent": user_agent})
    assert len(spooled()) == 1
    for given in ({"User-Agent": f"{user_agent} bot"}, {"From": "robot@search.example"}):
        headers = ORIGIN | {"User-Agent": user_agent} | given
        assert send(client, headers=headers).headers["x-plausible-dropped"] == "1"


@pytest.mark.parametrize("user_agent", BARE)
def test_in_a_log_that_is_a_program_with_a_borrowed_name(user_agent: str) -> None:
    event, sender = payload.parse(json.dumps(EVENT).encode()), Sender("::1", user_agent, None)
    assert why_not(Site("blog.test"), event, sender, {}, from_log=True) == "bot: library"


def test_a_site_may_count_who_asked_not_to_be_tracked(
    choosy: FlaskClient, spooled: Spooled, send: Send
) -> None:
    send(choosy, headers=ORIGIN | {"DNT": "1", "Sec-GPC": "1"})
    assert len(spooled()) == 1


def test_the_owner_s_own_visits_are_left_out(
    client: FlaskClient, spooled: Spooled, sign_in: Callable[[FlaskClient], None], send: Send
) -> None:
    sign_in(client)
    assert send(client).headers["x-plausible-dropped"] == "1"
    assert spooled() == []
    assert reasons(client, spooled) == {"owner": 1}


def test_ignored_pages(choosy: FlaskClient, spooled: Spooled, send: Send) -> None:
    for path in ("/drafts/one/two", "/admin", "/admin/x", "/drafts"):
        send(choosy, EVENT | {"url": f"https://blog.test{path}"})
    assert [record.path for record in spooled()] == ["/admin/x", "/drafts"]
    assert reasons(choosy, spooled) == {"ignored page": 2}


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "/a"),
        ("?session=1", "/a"),
        ("?lang=de&session=1&id=7", "/a?id=7&lang=de"),
        ("?id=a%26b%3Dc", "/a?id=a%26b%3Dc"),
        ("?id=", "/a?id="),
        ("?id=1&id=2", "/a?id=2"),
    ],
)
def test_kept_parameters_are_part_of_the_path(
    choosy: FlaskClient, spooled: Spooled, query: str, path: str, send: Send
) -> None:
    send(choosy, EVENT | {"url": f"https://blog.test/a{query}"})
    assert [record.path for record in spooled()] == [path]


@pytest.mark.parametrize("off", ["engagement", "visitor"])
def test_without_engagement_nothing_tells_when_a_page_was_left(
    client_with: Callable[..., FlaskClient], spooled: Spooled, send: Send, off: str
) -> None:
    client = client_with(collect=frozenset(FIELDS) - {off})
    left = EVENT | {"name": "engagement", "e": 4711, "sd": 37}
    assert send(client, EVENT).status_code == 202
    assert [record.name for record in spooled()] == ["pageview"]
    response = send(client, left)
    assert (response.status_code, response.headers["x-plausible-dropped"]) == (202, "1")
    assert [record.name for record in spooled()] == ["pageview"]
    assert reasons(client, spooled) == {}


def test_sums_of_what_was_dropped_travel_with_the_next_event(
    client: FlaskClient, spooled: Spooled, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    # On a busy machine they have soon waited long enough to go by themselves.
    monkeypatch.setattr(drops, "_LONGEST_SECONDS", float("inf"))
    for _ in range(3):
        send(client, headers=ORIGIN | {"DNT": "1"})
    assert spooled(Dropped) == []
    send(client)
    assert [drop.reasons for drop in spooled(Dropped)] == [{"do not track": 3}]
    assert len(spooled(Record)) == 1


def test_a_full_spool_is_a_503_before_any_promise(
    client: FlaskClient, app: Flask, spooled: Spooled, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    monkeypatch.setattr(app.extensions["intake"]._spool, "_limit_bytes", 0)
    response = send(client)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Access-Control-Allow-Origin"] == "https://blog.test"
    monkeypatch.undo()
    assert spooled() == []
    assert send(client).status_code == 202
    assert len(spooled()) == 1


def test_a_folder_of_keys_that_can_t_be_used_is_a_503(
    client: FlaskClient,
    app: Flask,
    spooled: Spooled,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    send: Send,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(app.extensions["intake"]._visitors, "_folder", tmp_path / "file" / "keys")
    assert send(client).status_code == 503
    assert spooled() == []
