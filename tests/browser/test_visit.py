"""A reader visits the site in a real browser, and the owner sees it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, Playwright, Response

from emulator import Droplet
from tests.browser.reader import reader, sign_in
from tests.outside import Outside
from tests.runs import run
from tests.waiting import wait_until


@pytest.fixture
def page(playwright: Playwright, outside: Outside) -> Iterator[Page]:
    """A page of a fresh Chromium that finds the site by its name."""
    with reader(playwright, outside.domain, outside.ports) as page:
        yield page


def test_a_visit_is_seen_by_the_owner(page: Page, droplet: Droplet, outside: Outside) -> None:
    complaints: list[str] = []
    events: list[int] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def note(response: Response) -> None:
        if response.url.endswith("/api/event"):
            events.append(response.status)

    page.on("console", complain)
    page.on("response", note)
    with page.expect_response("**/api/event"):
        answer = page.goto("/about")
    assert answer
    assert answer.status == 200
    assert page.locator("h1").count() == 1
    # Long enough for a second event, which there must not be.
    page.wait_for_timeout(500)
    assert events == [202]
    assert complaints == [], "the site's own policy forbids something that the site does"

    def printed() -> bool:
        stats = run("make", "stats", "LIMIT=emulated")
        assert stats.code == 0, stats.said
        # Where the emulated droplet's visitors come from: emulator/process.py says why.
        return "/about" in stats.stdout and "GB" in stats.stdout

    wait_until(printed, 240)


def test_the_owner_signs_in_and_sees_it_on_the_dashboard(page: Page, droplet: Droplet) -> None:
    """By the link that `make dashboard` prints; a stranger is told to type that."""
    page.goto("/stats/")
    assert "make dashboard" in page.inner_text("main")
    sign_in(page)
    shown = page.inner_text("main")
    assert "/about" in shown
    assert "Britain" in shown


def test_a_wrong_address_shows_the_sites_own_page(page: Page) -> None:
    answer = page.goto("/nothing/here")
    assert answer
    assert answer.status == 404
    assert page.locator("a[href='/']").count() >= 1
