"""Somebody at a real browser: a reader of the site, or its owner."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Playwright

from emulator.ports import Ports
from tests.browser.chromium import LIKE_A_PERSON, launch
from tests.runs import run

PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/140.0.0.0 Safari/537.36"
)


@contextmanager
def reader(playwright: Playwright, domain: str, ports: Ports) -> Iterator[Page]:
    """A page of a fresh Chromium that finds the site by its name."""
    leads_here = (
        f"--host-resolver-rules=MAP {domain}:443 127.0.0.1:{ports.https},MAP {domain} 127.0.0.1"
    )
    with launch(playwright, LIKE_A_PERSON, leads_here) as browser:
        context = browser.new_context(
            ignore_https_errors=True,
            # Playwright's own says HeadlessChrome, and robots are not counted.
            user_agent=PERSON,
            base_url=f"https://{domain}",
        )
        context.set_default_timeout(60_000)
        yield context.new_page()


def sign_in(page: Page) -> None:
    """By the link that `make dashboard` prints."""
    printed = run("make", "dashboard", "LIMIT=emulated")
    assert printed.code == 0, printed.said
    link = re.search(r"https://\S+key=[\w-]+", printed.stdout)
    assert link, printed.said
    page.goto(link[0])
    page.get_by_role("button", name="Sign this browser in").click()
    page.wait_for_url("**/stats/blog.test**")
    # On a busy machine the first page may take longer than nginx waits for it, and says so.
    deadline = time.monotonic() + 240
    while "away for a moment" in page.inner_text("main"):
        assert time.monotonic() < deadline, "The dashboard stays away."
        time.sleep(2)
        page.reload()
