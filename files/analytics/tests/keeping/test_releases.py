"""Releases of the site are marked by themselves, once, and stay away when the owner says so."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from analytics.config import Settings
from analytics.keeping import annotations
from analytics.sites import Site
from analytics.worker import Worker
from flask import Flask
from sqlalchemy import Engine

RELEASES = ["20260305T233000Z-1f3a9c0b77de", "20260401T101500Z-aaaaaaaaaaaa"]
BLOG = Site("blog.test", time_zone=ZoneInfo("Europe/Berlin"))


def days(engine: Engine) -> list[date]:
    with engine.connect() as connection:
        return [one.day for one in annotations.of(connection, BLOG)]


def mark(engine: Engine, *names: str) -> None:
    with engine.begin() as connection:
        annotations.mark_releases(connection, BLOG, names)


def test_a_release_is_marked_once_at_its_day_on_the_site(engine: Engine) -> None:
    mark(engine, *RELEASES, ".incoming", "nonsense", "20261399T000000Z-x", "\N{SNOWMAN}")
    mark(engine, *RELEASES)
    assert days(engine) == [date(2026, 3, 6), date(2026, 4, 1)]


def test_one_that_the_owner_took_away_does_not_come_back(engine: Engine) -> None:
    mark(engine, *RELEASES)
    with engine.begin() as connection:
        first, _ = annotations.of(connection, BLOG)
        annotations.remove(connection, BLOG, first.id)
    mark(engine, *RELEASES)
    assert days(engine) == [date(2026, 4, 1)]


def test_the_worker_finds_them_where_deploys_put_them(
    app: Flask, engine: Engine, tmp_path: Path
) -> None:
    known: Settings = app.extensions["settings"]
    for name in RELEASES:
        (tmp_path / name).mkdir()
    unreadable = tmp_path / ("x" * 256)
    for folder in (tmp_path, tmp_path / "missing", unreadable, None):
        worker = Worker(replace(known, releases=folder), engine)
        with engine.connect() as connection:
            worker._do_chores(connection)
    assert days(engine) == [date(2026, 3, 5), date(2026, 4, 1)]
