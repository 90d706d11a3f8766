"""Clicks on links to elsewhere and on downloads."""

from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.browser.tracked_site import Site

LINKS = """
<a id="out" href="http://other.test/a?b=c#d"><b>elsewhere</b></a>
<a id="in" href="/in">here</a>
<a id="file" href="/papers/one.pdf?v=2">paper</a>
<a id="mail" href="mailto:a@site.test">mail</a>
<a id="name">no link</a>
<svg width="9" height="9"><a href="http://other.test/"><rect width="9" height="9"/></a></svg>
"""


def stay(page: Page) -> None:
    """Lets no link lead away."""
    page.evaluate(
        """() => {
            for (const type of ["click", "auxclick"]) {
                addEventListener(type, event => event.preventDefault());
            }
        }"""
    )


@pytest.fixture
def links(site: Site, page: Page) -> Page:
    """A page of links that stays when one is followed."""
    site.body = LINKS
    site.attributes = 'data-outbound data-downloads="zip, pdf"'
    page.goto(site.url())
    site.next()
    stay(page)
    return page


@pytest.mark.parametrize("button", ["left", "middle"])
def test_a_link_to_elsewhere_is_told(
    site: Site, links: Page, button: Literal["left", "middle"]
) -> None:
    links.click("#out b", button=button)
    assert site.next("Outbound Link: Click")["p"] == {"url": "http://other.test/a?b=c#d"}


def test_a_download_is_told(site: Site, links: Page) -> None:
    links.click("#file")
    assert site.next("File Download")["p"] == {"url": site.url("/papers/one.pdf")}


def test_other_clicks_are_not_told(site: Site, links: Page) -> None:
    links.click("#out", button="right")
    for other in ("#in", "#mail", "#name", "rect", "body"):
        links.click(other)
    links.evaluate("document.dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert site.is_silent()


def test_links_are_nobodys_business_unless_asked_for(site: Site, page: Page) -> None:
    site.body = LINKS
    page.goto(site.url())
    site.next()
    stay(page)
    page.click("#out")
    page.click("#file")
    assert site.is_silent()
