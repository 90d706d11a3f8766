"""Clicks, leaving a page, and a visit as a whole: what is kept of Plausible's own trackers."""

from collections.abc import Callable

import msgspec
import pytest
from analytics.config import Settings
from analytics.keeping.carrier import Carrier
from playwright.sync_api import Page
from sqlalchemy import Engine, text
from tracked_pages import TrackedPages, kept, start_new, start_old, start_tag, stay, view

Start = Callable[..., None]
Work = Callable[[Settings], Carrier]


@pytest.mark.parametrize("start", [start_new, start_old, start_tag])
def test_a_link_to_elsewhere(pages: TrackedPages, tab: Page, start: Start) -> None:
    start(pages, outboundLinks=True)
    target = pages.url("/a?b=c", "other.test")
    pages.body = f'<a href="{target}">elsewhere</a>'
    tab.goto(pages.url("/links"))
    pages.next()
    tab.click("a")
    assert kept(pages.next("Outbound Link: Click")) == view(
        "/links", name="Outbound Link: Click", props={"url": target}
    )
    tab.wait_for_url(target)


@pytest.mark.parametrize("start", [start_new, start_tag])
def test_leaving_tells_how_far_and_how_long(pages: TrackedPages, tab: Page, start: Start) -> None:
    start(pages)
    pages.body = "<br>" * 2000
    tab.goto(pages.url("/long"))
    pages.next()
    tab.evaluate(
        """() => new Promise(done => {
            addEventListener("scroll", done, {once: true});
            scrollTo(0, document.documentElement.scrollHeight / 2 - 500);
        })"""
    )
    tab.wait_for_timeout(300)
    tab.goto(pages.url("/next"))
    told = pages.next("engagement")
    assert told.engaged is not None
    assert 300 <= told.engaged < 5000
    assert kept(msgspec.structs.replace(told, engaged=None)) == view(
        "/long", name="engagement", scroll=50
    )
    assert pages.next().path == "/next"


@pytest.mark.parametrize("start", [start_new, start_tag])
def test_the_page_hears_that_its_event_was_kept_by_another_host(
    pages: TrackedPages, tab: Page, start: Start
) -> None:
    address = pages.url("/api/event", "stats.test")
    start(pages, **({"endpoint": address} if start is start_new else {}))
    pages.head = pages.head.replace("defer", f'defer data-api="{address}"')
    tab.goto(pages.url("/a"))
    pages.next()
    result = tab.evaluate(
        """() => new Promise(done => plausible("Order", {
            interactive: false,
            revenue: {amount: 12.5, currency: "EUR"},
            callback: ({status}) => done(status),
        }))"""
    )
    assert result == 202
    assert kept(pages.next("Order")) == view("/a", name="Order", interactive=False)


def test_downloads_tagged_links_and_forms(pages: TrackedPages, tab: Page) -> None:
    """Of the newer package only."""
    start_new(pages, fileDownloads=True, formSubmissions=True, customProperties={"author": "Ada"})
    pages.body = """
    <a id="file" href="/papers/one.pdf?v=2">paper</a>
    <a id="tag" class="plausible-event-name=Sign+up plausible-event-plan=pro" href="/in">in</a>
    <form action="/sent"><button>send</button></form>
    """
    tab.goto(pages.url("/a"))
    assert kept(pages.next()) == view("/a", props={"author": "Ada"})
    stay(tab)
    tab.click("#file")
    file = pages.url("/papers/one.pdf")
    assert pages.next("File Download").props == {"author": "Ada", "url": file}
    tab.click("#tag")
    assert pages.next("Sign up").props == {"author": "Ada", "plan": "pro", "url": pages.url("/in")}
    tab.evaluate("document.forms[0].requestSubmit()")
    assert kept(pages.next("Form: Submission")) == view(
        "/a", name="Form: Submission", props={"author": "Ada"}
    )
    # A tab that is on its way to somewhere was seen to keep Chromium from closing it.
    tab.wait_for_url("**/sent**")


@pytest.mark.parametrize("start", [start_new, start_tag])
def test_a_whole_visit_in_the_database(
    pages: TrackedPages,
    tab: Page,
    engine: Engine,
    work: Work,
    start: Start,
) -> None:
    start(pages)
    tab.goto(pages.url("/first"), referer="https://www.google.com/")
    pages.next()
    tab.evaluate("plausible('Order', {props: {size: 'L'}})")
    pages.next("Order")
    tab.wait_for_timeout(300)
    tab.evaluate("history.pushState(null, '', '/second')")
    pages.next()
    pages.next("engagement")
    work(pages.service.extensions["settings"])
    with engine.connect() as connection:
        visit = connection.execute(
            text(
                "SELECT entry.text, exit.text, v.page_views, v.bounce, source.text, v.seconds < 9"
                " FROM visits v JOIN texts entry ON entry.id = v.entry"
                " JOIN texts exit ON exit.id = v.exit JOIN arrivals a ON a.id = v.arrival"
                " JOIN texts source ON source.id = a.source"
            )
        ).all()
        events = connection.execute(
            text(
                "SELECT name.text, path.text, e.scroll, e.engaged >= 300, e.props"
                " FROM events e JOIN texts name ON name.id = e.name"
                " JOIN texts path ON path.id = e.path ORDER BY 2, 1"
            )
        ).all()
    assert visit == [("/first", "/second", 2, 0, "Google", True)]
    assert events == [
        ("Order", "/first", None, None, {"size": "L"}),
        ("engagement", "/first", 100, True, None),
        ("pageview", "/first", None, None, None),
        ("pageview", "/second", None, None, None),
    ]
