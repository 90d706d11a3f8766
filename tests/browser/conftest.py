"""The browser, and a site for the tests of the tracker."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.browser.chromium import LIKE_A_PERSON, launch
from tests.browser.tracked_site import ELSEWHERE, Site


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; there can be one at a time in a process, so it ends with its module."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One that seems to be a person's."""
    with launch(playwright, LIKE_A_PERSON, ELSEWHERE) as browser:
        yield browser


@pytest.fixture
def site() -> Iterator[Site]:
    """The site, up for one test."""
    serving = Site()
    thread = threading.Thread(target=serving.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield serving
    serving.server.shutdown()
    thread.join()
    serving.server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in which nothing may go wrong: no exception, no rejection that nobody handles."""
    context = browser.new_context(viewport={"width": 800, "height": 500})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert faults == []
