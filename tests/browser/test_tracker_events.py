"""What the tracker sends of a page's views and of its own events."""

import pytest
from playwright.sync_api import Page

from tests.browser.tracked_site import Site


def test_a_page_view_is_a_plain_post_that_sets_no_cookie(site: Site, page: Page) -> None:
    page.goto(site.url("/from"))
    site.next()
    page.goto(site.url("/posts/?utm_source=letter#part"), referer="http://news.test/today")
    site.next("engagement")
    assert site.next() == {
        "n": "pageview",
        "u": site.url("/posts/?utm_source=letter"),
        "d": "site.test",
        "r": "http://news.test/today",
        "h": False,
    }
    assert site.headers["Content-Type"].partition(";")[0] == "text/plain"
    assert site.headers["Origin"] == site.url("")
    # What the site itself has set goes along to its own server, so that the owner is known.
    assert [cookie.get("name") for cookie in page.context.cookies()] == ["own"]


def test_a_page_that_holds_the_script_twice_is_counted_once(site: Site, page: Page) -> None:
    site.body = f'<script defer src="{site.source}" data-domain="site.test"></script>'
    page.goto(site.url("/a"))
    assert site.next()["u"] == site.url("/a")
    assert site.is_silent()
    page.evaluate("history.pushState(null, '', '/b')")
    site.next("engagement")
    assert site.next()["u"] == site.url("/b")
    page.evaluate("plausible('Order')")
    assert site.next("Order")["u"] == site.url("/b")
    assert site.is_silent()


def test_the_scripts_of_two_hosts_both_count(site: Site, page: Page) -> None:
    other = site.url("/js/script.js", "stats.test")
    site.body = f'<script defer src="{other}" data-domain="site.test"></script>'
    page.goto(site.url("/a"))
    assert [site.next()["u"], site.next()["u"]] == [site.url("/a")] * 2


def test_the_domain_is_the_pages_own_unless_another_is_named(site: Site, page: Page) -> None:
    site.attributes = ""
    page.goto(site.url(host="www.site.test"))
    assert site.next()["d"] == "www.site.test"


def test_another_site_can_load_it(site: Site, page: Page) -> None:
    site.source = site.url("/js/script.js", "stats.test")
    page.goto(site.url())
    assert site.next()["u"] == site.url()
    assert site.headers["Host"] == f"stats.test:{site.port}"


def test_events_can_go_to_another_address(site: Site, page: Page) -> None:
    site.attributes = f'data-api="{site.url("/api/event", "stats.test")}"'
    page.goto(site.url())
    site.next()
    assert site.headers["Host"] == f"stats.test:{site.port}"


@pytest.mark.parametrize("change", ["pushState", "replaceState"])
def test_a_new_path_is_a_page_view_and_a_new_query_is_none(
    site: Site, page: Page, change: str
) -> None:
    page.goto(site.url("/first"))
    site.next()
    page.evaluate(f"history.{change}(null, '', '/second?page=1')")
    site.next("engagement")
    assert site.next()["u"] == site.url("/second?page=1")
    page.evaluate(f"history.{change}({{a: 1}}, '', '/second?page=2')")
    assert page.evaluate("history.state") == {"a": 1}
    assert site.is_silent()


def test_going_back_within_a_page_is_a_page_view(site: Site, page: Page) -> None:
    page.goto(site.url("/first"))
    views = [site.next()["u"]]
    page.evaluate("history.pushState(null, '', '/second')")
    views.append(site.next()["u"])
    page.go_back()
    views.append(site.next()["u"])
    assert views == [site.url(path) for path in ("/first", "/second", "/first")]


def test_a_fragment_is_another_page_in_hash_mode_only(site: Site, page: Page) -> None:
    site.body = '<a href="#/second">second</a>'
    page.goto(site.url("/"))
    site.next()
    page.click("a")
    assert site.is_silent()
    site.attributes = "data-hash"
    page.goto(site.url("/#/first"))
    page.reload()
    first = site.next()
    assert (first["u"], first["h"]) == (site.url("/#/first"), True)
    page.click("a")
    site.next("engagement")
    assert site.next()["u"] == site.url("/#/second")


def test_events_before_the_script_wait_for_it(site: Site, page: Page) -> None:
    site.body = '<script src="/stub.js"></script>'
    page.goto(site.url())
    site.next()
    assert site.next("early")["p"] == {"number": 1}


def test_a_page_may_tell_of_its_views_by_itself(site: Site, page: Page) -> None:
    site.body = '<script src="/manual.js"></script>'
    page.goto(site.url())
    assert site.next()["u"] == "http://site.test/named"
    page.evaluate("history.pushState(null, '', '/second')")
    assert site.is_silent()
    page.evaluate("plausible('pageview')")
    assert site.next("engagement")["u"] == "http://site.test/named"
    assert site.next()["u"] == site.url("/second")
    assert site.is_silent()


def test_a_page_has_events_of_its_own(site: Site, page: Page) -> None:
    page.goto(site.url("/shop"))
    site.next()
    result = page.evaluate(
        """() => new Promise(done => plausible("Order", {
            props: {size: "L"},
            interactive: false,
            revenue: {amount: 12.5, currency: "EUR"}, // Plausible's; nothing here keeps it
            callback: ({status}) => done(status),
        }))"""
    )
    assert result == 202
    order = site.next("Order")
    assert (order["u"], order["p"], order["i"]) == (site.url("/shop"), {"size": "L"}, False)
    assert not {"$", "revenue"} & set(order)
    page.evaluate("plausible('Bare', null)")
    assert "p" not in site.next("Bare")
    page.evaluate("plausible('pageview', {url: 'http://site.test/other'})")
    site.next("engagement")
    assert site.next()["u"] == "http://site.test/other"


def test_an_address_may_have_the_name_that_plausibles_script_gives_it(
    site: Site, page: Page
) -> None:
    """https://plausible.io/docs/custom-locations"""
    page.goto(site.url())
    site.next()
    page.evaluate("plausible('pageview', {u: 'http://site.test/other'})")
    site.next("engagement")
    assert site.next()["u"] == "http://site.test/other"


def test_what_is_no_json_fails_in_the_callback(site: Site, page: Page) -> None:
    page.goto(site.url())
    site.next()
    result = page.evaluate(
        """() => new Promise(done => {
            const props = {};
            props.itself = props;
            plausible("Circle", {props, callback: ({error}) => done(error.name)});
        })"""
    )
    assert result == "TypeError"
