"""A reader visits the site in a real browser, and the owner sees it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, Response, sync_playwright

from emulator import Droplet
from tests.outside import Outside
from tests.runs import run

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def page(outside: Outside) -> Iterator[Page]:
    """A page of a fresh Chromium that finds the site by its name."""
    found = shutil.which("chromium")
    assert found, "These tests need Chromium. Type: apt-get install chromium"
    leads_here = f"--host-resolver-rules=MAP {outside.domain} 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            # As root Chromium has no sandbox of its own; it visits nothing but our own site.
            chromium_sandbox=False,
            args=[*QUIET, leads_here],
        )
        context = browser.new_context(
            ignore_https_errors=True,
            base_url=f"https://{outside.domain}:{outside.ports.https}",
        )
        context.set_default_timeout(60_000)
        yield context.new_page()
        browser.close()


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

    stats = run("make", "stats", "LIMIT=emulated")
    assert stats.code == 0, stats.said
    assert "/about" in stats.stdout
    # Where the emulated droplet's visitors come from: emulator/process.py says why.
    assert "GB" in stats.stdout


def test_a_wrong_address_shows_the_sites_own_page(page: Page) -> None:
    answer = page.goto("/nothing/here")
    assert answer
    assert answer.status == 404
    assert page.locator("a[href='/']").count() >= 1
