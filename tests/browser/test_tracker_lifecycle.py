"""Pages that are not seen yet, and pages that are seen again."""

import subprocess
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.chromium import QUIET, chromium
from tests.browser.tracked_site import ELSEWHERE, Site, hide


def test_a_page_behind_another_counts_when_it_is_shown(site: Site, page: Page) -> None:
    page.add_init_script(
        'Object.defineProperty(document, "hidden", {value: true, configurable: true})'
    )
    page.goto(site.url())
    page.evaluate("history.replaceState(null, '', '/moved')")
    assert site.is_silent()
    hide(page, hidden=False)
    assert site.next()["u"] == site.url("/moved")
    hide(page, hidden=True)
    site.next("engagement")
    hide(page, hidden=False)
    assert site.is_silent()


def test_a_page_that_is_only_prepared_counts_when_it_is_shown(site: Site, tmp_path: Path) -> None:
    # Without Playwright, under which Chromium prepares nothing.
    site.policy += " 'inline-speculation-rules'"
    site.body = '<script src="/prepare.js"></script>'
    arguments = ["--headless", "--no-sandbox", f"--user-data-dir={tmp_path}", *QUIET, ELSEWHERE]
    browser = subprocess.Popen(
        [chromium(), *arguments, site.url("/first")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert site.next()["u"] == site.url("/first")
        assert site.next("prepared")["u"] == site.url("/second")
        assert site.is_silent()
        assert site.next()["u"] == site.url("/second")
    finally:
        browser.terminate()
        browser.wait()


def test_a_page_that_comes_back_from_memory_is_read_again(site: Site, page: Page) -> None:
    page.goto(site.url("/back"))
    page.evaluate("addEventListener('pageshow', event => window.back = event.persisted)")
    page.goto(site.url("/next"))
    page.evaluate("history.back()")
    views = [site.next()["u"] for _ in range(3)]
    assert views == [site.url(path) for path in ("/back", "/next", "/back")]
    assert page.evaluate("back") is True, "it was loaded anew"
