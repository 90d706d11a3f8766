"""Annotations in the dashboard: the owner's own words, seen by all who see the numbers."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from analytics.app import create_app
from analytics.keeping import annotations
from analytics.sites import Site
from flask import Flask
from flask.testing import FlaskClient
from markup import Page
from sightings import seen
from sqlalchemy import Engine

Keep = Callable[..., None]

BLOG = "/stats/blog.test"
HERE = {"Sec-Fetch-Site": "same-origin"}
DAY = datetime.now(UTC).date() - timedelta(days=3)
EVIL = '<b>"bold" & \N{LATIN SMALL LETTER E WITH ACUTE}'


@pytest.fixture(autouse=True)
def visits(keep: Keep) -> None:
    keep([seen("/"), seen("/", days=2, visitor=2)])


@pytest.fixture
def public(app: Flask) -> Iterator[FlaskClient]:
    settings = app.extensions["settings"]
    blog, *others = settings.sites
    other = create_app(replace(settings, sites=(replace(blog, public=True), *others)))
    yield other.test_client()
    other.extensions["engine"].dispose()


def add(client: FlaskClient, day: object = DAY, text: str = EVIL, query: str = "") -> int:
    form = {"day": str(day), "text": text}
    return client.post(f"{BLOG}/annotations{query}", data=form, headers=HERE).status_code


def stored(engine: Engine) -> list[tuple[date, str]]:
    with engine.connect() as connection:
        return [(one.day, one.text) for one in annotations.of(connection, Site("blog.test"))]


def test_the_owner_adds_one_and_takes_it_away_without_a_script(
    client: FlaskClient, engine: Engine
) -> None:
    page = Page(client.get(f"{BLOG}?metric=visits&page=/").text)
    (form,) = [
        one
        for one in page.all("form")
        if one.attributes.get("action", "").startswith(f"{BLOG}/annotations")
    ]
    done = client.post(
        form.attributes["action"], data={"day": str(DAY), "text": f" {EVIL} "}, headers=HERE
    )
    assert (done.status_code, done.location) == (303, f"{BLOG}?metric=visits&page=%2F#notes")
    assert stored(engine) == [(DAY, EVIL)]
    text = client.get(BLOG).text
    assert "<b>&#34;bold&#34;" not in text
    page = Page(text)
    (item,) = [one for one in page.all("li") if one.attributes.get("value") == "1"]
    assert EVIL in item.text
    assert [cell.text for cell in page.all("td")].count(EVIL) == 1, "in the table"
    assert '<text x="' in text
    assert 'class="note"' in text
    (remove,) = [
        one.attributes["action"]
        for one in page.all("form")
        if one.attributes.get("action", "").endswith("/delete")
    ]
    assert client.post(remove, headers=HERE).status_code == 303
    assert stored(engine) == []


def test_others_see_them_and_change_nothing(
    client: FlaskClient, public: FlaskClient, engine: Engine
) -> None:
    add(client)
    page = Page(public.get(BLOG).text)
    assert any(EVIL in one.text for one in page.all("li"))
    assert not any("annotations" in one.attributes.get("action", "") for one in page.all("form"))
    for stranger in (public, client.application.test_client()):
        assert add(stranger) == 401
        assert stranger.post(f"{BLOG}/annotations/1/delete", headers=HERE).status_code == 401
    for site in ("cross-site", "same-site"):
        from_elsewhere = {"Sec-Fetch-Site": site}
        for address in (f"{BLOG}/annotations", f"{BLOG}/annotations/1/delete"):
            form = {"day": str(DAY), "text": "x"}
            answer = client.post(address, data=form, headers=from_elsewhere)
            assert answer.status_code == 403
    assert stored(engine) == [(DAY, EVIL)]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        *(("", "x"), ("2026-02-30", "x"), ("0001-01-01", "x"), ("9999-12-31", "x")),
        *((DAY, ""), (DAY, " "), (DAY, "x" * 201), (DAY, "a\nb"), (DAY, "\0"), (DAY, "\u202ex")),
    ],
)
def test_what_makes_no_note_is_told(
    client: FlaskClient, engine: Engine, day: object, text: str
) -> None:
    assert add(client, day, text) == 400
    assert stored(engine) == []


def test_no_address_is_an_error_of_ours(client: FlaskClient) -> None:
    assert add(client, query="?a=%ff%00&metric=%ED%A0%80") == 303
    assert client.post(f"{BLOG}/annotations/{10**30}/delete", headers=HERE).status_code == 303
    assert client.post("/stats/nowhere/annotations", headers=HERE).status_code == 404
    assert client.get(f"{BLOG}/annotations").status_code == 404


def test_a_note_of_another_site_is_out_of_reach(client: FlaskClient, engine: Engine) -> None:
    add(client)
    with engine.connect() as connection:
        (one,) = annotations.of(connection, Site("blog.test"))
    client.post(f"/stats/www.shop.test/annotations/{one.id}/delete", headers=HERE)
    assert len(stored(engine)) == 1


@pytest.mark.parametrize("interval", ["hour", "day", "week"])
def test_each_note_is_at_one_point_whatever_the_interval(
    client: FlaskClient, interval: str
) -> None:
    add(client, DAY, "first")
    add(client, DAY, "second")
    page = Page(client.get(f"{BLOG}?period=7d&interval={interval}").text)
    assert [cell.text for cell in page.all("td") if "first" in cell.text] == ["first; second"]
    assert page.markup.count('class="note"') == 1
    assert ">1-2</text>" in page.markup


def test_the_notes_of_many_years_cost_no_reader_his_patience(
    client: FlaskClient, engine: Engine
) -> None:
    """A site that is published daily has a thousand after three years; here all are read."""
    days = [DAY - timedelta(days=number // 2) for number in range(2000)]
    with engine.begin() as connection:
        for day in days:
            annotations.add(connection, Site("blog.test"), day, "x")
    query = f"from=1990-01-01&to={DAY + timedelta(days=2)}&interval=week"
    start = time.process_time()
    page = client.get(f"{BLOG}?{query}", follow_redirects=True).text
    # Each note at each point took ten times as long, in the only process that there is.
    assert time.process_time() - start < 5
    weeks = {day.isocalendar()[:2] for day in days}
    assert page.count('class="note"') == len(weeks)
