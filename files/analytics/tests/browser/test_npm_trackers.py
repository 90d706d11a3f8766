"""Plausible's own trackers, unmodified, in Chromium against the service: what is kept of them.

Ours, as a script tag, does the same where they do the same.
"""

import hashlib
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page
from tracked_pages import PACKAGES, TrackedPages, kept, start_new, start_old, start_tag, view

Start = Callable[..., None]

every = pytest.mark.parametrize("start", [start_new, start_old, start_tag])


def test_they_are_as_npm_has_them() -> None:
    listed = dict(
        re.findall(r"^\| `(.+?)` .* `(\w{64})` \|$", (PACKAGES / "README.md").read_text(), re.M)
    )
    found = {
        str(path.relative_to(PACKAGES)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in PACKAGES.rglob("*.js")
    }
    assert listed == found


@every
def test_a_page_view(pages: TrackedPages, tab: Page, start: Start) -> None:
    start(pages)
    tab.goto(
        pages.url("/po%20sts/?utm_source=letter&utm_medium=email&utm_campaign=may&page=2#part"),
        referer="http://www.news.test/today?secret",
    )
    record = pages.next()
    assert kept(record) == view(
        "/po sts/",
        referrer="news.test/today",
        source="letter",
        channel="Email",
        utm_source="letter",
        utm_medium="email",
        utm_campaign="may",
    )
    assert record.visitor != 0
    assert pages.is_silent()
    assert pages.answered() == ["202"]


@every
def test_history_and_the_visitor_stays_the_same(
    pages: TrackedPages, tab: Page, start: Start
) -> None:
    start(pages)
    tab.goto(pages.url("/first"))
    first = pages.next()
    tab.evaluate("history.pushState(null, '', '/second?page=1')")
    second = pages.next()
    tab.go_back()
    back = pages.next()
    assert [kept(one) for one in (first, second, back)] == [
        view("/first"),
        view("/second"),
        view("/first"),
    ]
    assert first.visitor == second.visitor == back.visitor


@every
def test_pages_that_differ_by_their_fragment(pages: TrackedPages, tab: Page, start: Start) -> None:
    start(pages, hashBasedRouting=True)
    pages.body = '<a href="#/se%20cond">second</a>'
    tab.goto(pages.url("/#/first"))
    assert kept(pages.next()) == view("/#/first")
    tab.click("a")
    assert kept(pages.next()) == view("/#/se cond")


@every
def test_an_event_of_the_page_s_own_has_its_properties(
    pages: TrackedPages, tab: Page, start: Start
) -> None:
    start(pages)
    tab.goto(pages.url("/shop"))
    pages.next()
    tab.evaluate(
        "plausible('Order', {props: {size: 'L', count: 3, gift: true, none: null, list: [1]}})"
    )
    assert kept(pages.next("Order")) == view(
        "/shop", name="Order", props={"size": "L", "count": "3", "gift": "true"}
    )


@every
def test_a_page_view_of_which_the_page_tells_a_masked_path_alone(
    pages: TrackedPages, tab: Page, start: Start
) -> None:
    start(pages)
    tab.goto(pages.url("/orders/4711"))
    pages.next()
    masked = "{url: '/orders/:id'}"
    if start is start_old:
        tab.evaluate(f"plausible('pageview', undefined, {masked})")
    else:
        tab.evaluate(f"plausible('pageview', {masked})")
    assert kept(pages.next()) == view("/orders/:id")
    assert set(pages.answered()) == {"202"}


@every
def test_several_sites_at_once(pages: TrackedPages, tab: Page, start: Start) -> None:
    start(pages, domain="site.test,all.test,other.test")
    tab.goto(pages.url("/a"))
    one, other = pages.next(), pages.next()
    assert [kept(one), kept(other)] == [view("/a"), view("/a", site="all.test")]
    assert one.visitor != other.visitor, "nothing links a visitor of two sites"
    assert pages.answered() == ["202 dropped 1"]


@every
def test_who_opted_out_is_left_alone(pages: TrackedPages, tab: Page, start: Start) -> None:
    start(pages)
    tab.goto(pages.url("/first"))
    pages.next()
    tab.evaluate("localStorage.plausible_ignore = 'true'")
    tab.evaluate("plausible('x')")
    tab.evaluate("history.pushState(null, '', '/second')")
    # How long the first page was read may still be told: it was counted.
    assert {record.name for record in pages.rest()} <= {"engagement"}
    tab.goto(pages.url("/third"))
    assert {record.path for record in pages.rest()} <= {"/first"}


@every
def test_the_pages_of_another_site_count_nothing(
    pages: TrackedPages, tab: Page, start: Start
) -> None:
    start(pages)
    tab.goto(pages.url("/copy", "evil.test"))
    tab.wait_for_timeout(500)
    assert set(pages.answered()) == {"403"}
    assert pages.is_silent()


@every
def test_a_browser_that_asks_not_to_be_tracked_is_not_counted(
    pages: TrackedPages, reader: Browser, start: Start
) -> None:
    start(pages)
    context = reader.new_context(extra_http_headers={"Sec-GPC": "1"})
    context.new_page().goto(pages.url())
    context.pages[0].wait_for_timeout(300)
    context.close()
    assert set(pages.answered()) == {"202 dropped 1"}
    assert pages.is_silent()
