"""When the tracker says nothing, and what it bears."""

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.chromium import launch
from tests.browser.tracked_site import ELSEWHERE, Site


@pytest.mark.parametrize("key", ["analytics_ignore", "plausible_ignore"])
def test_who_opted_out_is_left_alone_from_then_on(site: Site, page: Page, key: str) -> None:
    page.goto(site.url())
    site.next()
    page.evaluate(f"localStorage.{key} = 'true'")
    result = page.evaluate(
        "() => new Promise(done => plausible('x', {callback: r => done(r === undefined)}))"
    )
    assert result is True, "the page would wait for ever"
    page.goto(site.url("/second"))
    assert site.is_silent()
    page.evaluate(f"localStorage.{key} = 'false'")
    page.goto(site.url("/third"))
    site.next("engagement")
    assert site.next()["u"] == site.url("/third")


def test_a_browser_without_storage_counts(site: Site, page: Page) -> None:
    page.add_init_script(
        'Object.defineProperty(window, "localStorage", {get() { throw new Error("no") }})'
    )
    page.goto(site.url())
    site.next()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_authors_own_machine_counts_only_on_request(site: Site, page: Page, host: str) -> None:
    page.goto(site.url(host=host))
    assert site.is_silent()
    site.attributes = "data-local"
    page.goto(site.url("/local", host))
    assert site.next()["u"] == site.url("/local", host)


def test_a_browser_that_is_driven_by_a_program_does_not_count(
    site: Site, playwright: Playwright
) -> None:
    with launch(playwright, ELSEWHERE) as browser:
        page = browser.new_page()
        page.goto(site.url())
        assert page.evaluate("navigator.webdriver && typeof plausible") == "function"
        assert site.is_silent()


def test_who_drives_a_browser_can_have_it_counted_as_with_plausible(
    site: Site, playwright: Playwright
) -> None:
    with launch(playwright, ELSEWHERE) as browser:
        page = browser.new_page()
        page.add_init_script("window.__plausible = true")
        page.goto(site.url())
        assert page.evaluate("navigator.webdriver")
        assert site.next()["u"] == site.url()


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_a_server_that_refuses_is_borne(site: Site, page: Page, status: int) -> None:
    site.status = status
    page.goto(site.url())
    site.next()
    page.evaluate("history.pushState(null, '', '/second')")
    site.next("engagement")
    site.next()
    result = page.evaluate(
        "() => new Promise(done => plausible('x', {callback: r => done(r.status)}))"
    )
    assert result == status


@pytest.mark.parametrize("api", ["http://stats.test:9/api/event", "http://forbidden.invalid/"])
def test_a_server_that_is_not_there_is_borne(site: Site, page: Page, api: str) -> None:
    site.attributes = f'data-api="{api}"'
    page.goto(site.url())
    result = page.evaluate(
        "() => new Promise(done => plausible('x', {callback: r => done(r.error.name)}))"
    )
    assert result == "TypeError"
