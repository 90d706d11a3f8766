"""Chromium as a reader has it, and pages with a tracker before the real service."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.sites import Site
from analytics.spool.record import Record
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from tracked_pages import TrackedPages

# Playwright's own way of saying so does not reach what a page sends when it is left.
_PERSON = (
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@pytest.fixture(scope="module")
def reader() -> Iterator[Browser]:
    """A German reader's, to which *.test are hosts of this machine, and no localhost."""
    found = shutil.which("chromium")
    assert found, "These tests need Chromium. Type: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found,
            args=[
                *(*_QUIET, _PERSON, "--accept-lang=de-AT"),
                "--host-resolver-rules=MAP *.test 127.0.0.1",
                # Without it a page can see that a program drives the browser.
                "--disable-blink-features=AutomationControlled",
            ],
        )
        yield running
        running.close()


@pytest.fixture
def pages(
    app: Flask, engine: Engine, spooled: Callable[[], list[Record]]
) -> Iterator[TrackedPages]:
    """Two sites that are counted together; pages of other hosts may send nothing."""
    serving = TrackedPages(spooled)
    origins = frozenset({serving.url("")})
    given: Settings = app.extensions["settings"]
    sites = tuple(Site(name, allowed_origins=origins) for name in ("site.test", "all.test"))
    service = create_app(replace(given, sites=sites))
    serving.service = service
    thread = threading.Thread(target=serving.server.serve_forever, args=(0.02,))
    thread.start()
    yield serving
    serving.server.shutdown()
    thread.join()
    serving.server.server_close()
    service.extensions["intake"].close()
    service.extensions["engine"].dispose()


@pytest.fixture
def tab(reader: Browser, pages: TrackedPages) -> Iterator[Page]:
    """A page in which nothing may go wrong: no exception, no rejection that nobody handles."""
    context = reader.new_context(viewport={"width": 800, "height": 500})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert faults == []
