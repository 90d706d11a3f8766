"""A reader visits the site in a real browser, and the owner sees it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, Playwright, Response

from emulator import Droplet
from tests.browser.chromium import LIKE_A_PERSON, launch
from tests.outside import Outside
from tests.runs import run
from tests.waiting import wait_until

PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)


@pytest.fixture
def page(playwright: Playwright, outside: Outside) -> Iterator[Page]:
    """A page of a fresh Chromium that finds the site by its name."""
    leads_here = f"--host-resolver-rules=MAP {outside.domain} 127.0.0.1"
    with launch(playwright, LIKE_A_PERSON, leads_here) as browser:
        context = browser.new_context(
            ignore_https_errors=True,
            # Playwright's own says HeadlessChrome, and robots are not counted.
            user_agent=PERSON,
            base_url=f"https://{outside.domain}:{outside.ports.https}",
        )
        context.set_default_timeout(60_000)
        yield context.new_page()


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

    wait_until(printed, 120)


def test_the_owner_signs_in_and_sees_it_on_the_dashboard(page: Page, droplet: Droplet) -> None:
    """By the link that `make dashboard` prints; a stranger is told to type that."""
    page.goto("/stats/")
    assert "make dashboard" in page.inner_text("main")
    printed = run("make", "dashboard", "LIMIT=emulated")
    assert printed.code == 0, printed.said
    link = re.search(r"https://\S+key=[\w-]+", printed.stdout)
    assert link, printed.said
    page.goto(link[0])
    page.get_by_role("button", name="Sign this browser in").click()
    page.wait_for_url("**/stats/blog.test**")
    shown = page.inner_text("main")
    assert "/about" in shown
    assert "Britain" in shown


def test_a_wrong_address_shows_the_sites_own_page(page: Page) -> None:
    answer = page.goto("/nothing/here")
    assert answer
    assert answer.status == 404
    assert page.locator("a[href='/']").count() >= 1
