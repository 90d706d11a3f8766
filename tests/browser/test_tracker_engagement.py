"""How long a page was read, and how far down."""

from playwright.sync_api import Page

from tests.browser.tracked_site import Site, hide


def scroll(page: Page, line: float) -> None:
    """Scrolls, and waits until the page was told."""
    page.evaluate(
        """line => new Promise(done => {
            addEventListener("scroll", done, {once: true});
            scrollTo(0, line);
        })""",
        line,
    )


def test_leaving_tells_how_far_and_how_long(site: Site, page: Page) -> None:
    site.body = "<br>" * 2000
    page.goto(site.url("/long"))
    site.next()
    height = page.evaluate("document.documentElement.scrollHeight")
    scroll(page, height / 2 - 500)
    page.wait_for_timeout(300)
    scroll(page, 0)
    page.goto(site.url("/next"))
    told = site.next("engagement")
    assert (told["u"], told["d"], told["sd"]) == (site.url("/long"), "site.test", 50)
    assert 300 <= told["e"] < 5000
    assert site.next()["u"] == site.url("/next")


def test_a_short_page_is_seen_whole(site: Site, page: Page) -> None:
    page.goto(site.url())
    site.next()
    page.evaluate("dispatchEvent(new Event('blur'))")
    assert site.is_silent(), "the window still has the focus"
    page.goto("about:blank")
    assert site.next("engagement")["sd"] == 100


def stop_the_clock(page: Page) -> None:
    """From here on time goes by when the test says so."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)


def test_time_in_the_background_does_not_count(site: Site, page: Page) -> None:
    stop_the_clock(page)
    page.goto(site.url())
    site.next()
    page.clock.run_for(1000)
    hide(page, hidden=True)
    assert site.next("engagement")["e"] == 1000
    page.clock.run_for(60_000)
    hide(page, hidden=False)
    page.clock.run_for(2999)
    hide(page, hidden=True)
    assert site.is_silent(), "nothing new, and less than three seconds"
    hide(page, hidden=False)
    page.clock.run_for(1)
    hide(page, hidden=True)
    assert site.next("engagement")["e"] == 3000


def test_time_without_the_focus_does_not_count(site: Site, page: Page) -> None:
    stop_the_clock(page)
    page.goto(site.url())
    site.next()
    page.clock.run_for(4000)
    # Playwright has every page believe that it has the focus.
    page.evaluate("() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')) }")
    assert site.next("engagement")["e"] == 4000
    page.clock.run_for(5000)
    page.evaluate("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')) }")
    page.clock.run_for(3000)
    page.goto("about:blank")
    assert site.next("engagement")["e"] == 3000


def test_what_is_new_is_told_when_the_tab_is_closed(site: Site, page: Page) -> None:
    page.goto(site.url())
    site.next()
    page.close(run_before_unload=True)
    site.next("engagement")


def test_each_page_of_an_application_has_its_own_time_and_depth(site: Site, page: Page) -> None:
    site.body = "<br>" * 200
    stop_the_clock(page)
    page.goto(site.url("/first"))
    site.next()
    scroll(page, 100_000)
    page.clock.run_for(5000)
    scroll(page, 0)
    page.clock.run_for(100)
    page.evaluate("history.pushState(null, '', '/second')")
    site.next()
    first = site.next("engagement")
    assert (first["u"], first["sd"], first["e"]) == (site.url("/first"), 100, 5100)
    page.clock.run_for(2000)
    page.evaluate("history.pushState(null, '', '/third')")
    second = site.next("engagement")
    assert (second["u"], second["e"]) == (site.url("/second"), 2000)
    assert second["sd"] < 50
