"""The dashboard in Chromium, under nginx's policy: in place, by keyboard, and for everyone."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from analytics.access import sessions
from analytics.app import create_app
from analytics.keeping import annotations
from analytics.sites import Site
from flask import Flask
from playwright.sync_api import Browser, Page, Route, sync_playwright
from sightings import seen
from sqlalchemy import URL, Engine
from werkzeug.serving import make_server

Keep = Callable[..., None]

# axe-core, https://github.com/dequelabs/axe-core
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# As templates/nginx/headers.conf.j2 has it, but for TLS.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
VIEWS = [
    "blog.test",
    "blog.test?period=day&country=NL&tab=channel&nonsense=1",
    "blog.test?page=/nowhere",
    "blog.test?event=Subscribe",
    "blog.test/properties?event=Subscribe&name=place",
    "blog.test/page",
    "blog.test/source?search=nothing",
    "www.shop.test",
    "",
    "nowhere",
    "../privacy",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "These tests need Chromium. Type: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """Where the service listens, with sites that everybody may see."""
    with served(app) as found:
        yield found


@contextmanager
def served(app: Flask, **changes: Any) -> Iterator[str]:
    """The dashboard of such a service, with sites that everybody may see and other settings."""
    known = app.extensions["settings"]
    sites = tuple(replace(site, public=True) for site in known.sites)
    public = create_app(replace(known, sites=sites, insecure_cookies=True, **changes))

    # With types that are wider than WSGI's, for it only hands them on.
    def door(environ: dict[str, object], start: Callable[..., object]) -> object:
        def begin(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            return start(status, [*headers, ("Content-Security-Policy", POLICY)], *rest)

        return public(environ, begin)  # type: ignore[arg-type]

    server = make_server("127.0.0.1", 0, door, threaded=True)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/stats/"
    server.shutdown()
    thread.join()
    server.server_close()
    public.extensions["engine"].dispose()


@pytest.fixture
def visits(keep: Keep) -> None:
    keep(
        [
            seen("/", visitor=1, country="NL", source="Google", browser="Firefox"),
            seen("/about", visitor=2, country="DE", browser="Chrome"),
            seen("/", days=0, visitor=3, country="NL", browser="Firefox"),
            seen("/", days=0, visitor=3, name="Subscribe", props={"place": "end of post"}),
        ]
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong, such as what the policy forbids."""
    opened = browser.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()
    assert wrong == []


@pytest.mark.usefixtures("visits")
def test_a_click_changes_the_page_in_place_and_back_undoes_it(page: Page, address: str) -> None:
    page.goto(f"{address}blog.test")
    page.evaluate("window.still = true")
    page.get_by_role("link", name="Firefox").click()
    page.get_by_role("link", name="Remove filter: Browser is Firefox").wait_for()
    assert page.url == f"{address}blog.test?browser=Firefox"
    page.locator(".world a").first.click()
    page.get_by_role("link", name="Remove filter: Country is Netherlands").wait_for()
    page.go_back()
    page.get_by_role("link", name="Remove filter: Country").wait_for(state="detached")
    assert page.get_by_role("link", name="Remove filter: Browser is Firefox").is_visible()
    assert page.evaluate("window.still")


@pytest.mark.usefixtures("visits")
def test_a_card_turns_where_it_is(page: Page, address: str) -> None:
    page.goto(f"{address}blog.test")
    page.evaluate("window.scrollTo(0, 500)")
    page.locator("#pages").get_by_role("link", name="Entry").click()
    page.get_by_role("columnheader", name="Entry page").wait_for()
    assert page.url == f"{address}blog.test?tab=entry_page"
    assert page.evaluate("scrollY") == 500


@pytest.mark.usefixtures("visits")
def test_a_click_on_an_event_and_on_a_property_of_it_filter_in_place(
    page: Page, address: str
) -> None:
    page.goto(f"{address}blog.test?period=day")
    page.evaluate("window.still = true")
    page.get_by_role("link", name="Subscribe").click()
    page.get_by_role("link", name="end of post").click()
    page.get_by_role("link", name="Remove filter: place is end of post").wait_for()
    assert page.url == f"{address}blog.test?period=day&event=Subscribe&prop:place=end+of+post"
    assert page.evaluate("window.still")


@pytest.fixture
def refreshed(browser: Browser) -> Iterator[Page]:
    """A page whose minutes pass when the test wants, that counts the refreshes it has had."""
    opened = browser.new_page()
    opened.set_default_timeout(60_000)
    opened.clock.install()
    opened.add_init_script(
        "let refreshes = 0; document.addEventListener('htmx:finally:request', (event) => {"
        " if (event.detail.ctx.sourceElement !== document.body) return;"
        " document.documentElement.dataset.refreshes = ++refreshes; });"
    )
    yield opened
    opened.close()


@pytest.mark.usefixtures("visits")
def test_numbers_stay_when_a_refresh_fails_and_a_refusal_is_shown(
    refreshed: Page, address: str
) -> None:
    def answer(status: int) -> None:
        body = f"<h1>{status}</h1>"
        refreshed.route(
            "**/stats/blog.test*",
            lambda route: route.fulfill(status=status, body=body, content_type="text/html"),
        )

    refreshed.goto(f"{address}blog.test")
    answer(503)
    refreshed.clock.fast_forward(60_000)
    refreshed.locator("html[data-refreshes='1']").wait_for()
    assert refreshed.locator(".headline").is_visible()
    refreshed.get_by_role("link", name="Firefox").click()
    refreshed.get_by_role("heading", name="503").wait_for()
    assert refreshed.url == f"{address}blog.test?browser=Firefox"
    refreshed.unroute_all()
    refreshed.reload()
    answer(401)
    refreshed.clock.fast_forward(60_000)
    refreshed.get_by_role("heading", name="401").wait_for()


@pytest.mark.usefixtures("visits")
def test_a_late_refresh_undoes_no_click_and_closes_no_menu(refreshed: Page, address: str) -> None:
    def held() -> Route:
        """The next refresh, that was sent and waits for its answer."""
        sent: list[Route] = []
        refreshed.route("**/stats/blog.test*", lambda route: sent.append(route), times=1)
        with refreshed.expect_request("**/stats/blog.test*"):
            refreshed.clock.fast_forward(60_000)
        while not sent:
            refreshed.wait_for_timeout(20)
        return sent[0]

    refreshed.goto(f"{address}blog.test")
    first = held()
    refreshed.get_by_role("link", name="Firefox").click()
    refreshed.get_by_role("link", name="Remove filter: Browser is Firefox").wait_for()
    first.continue_()
    refreshed.locator("html[data-refreshes='1']").wait_for()
    assert refreshed.get_by_role("link", name="Remove filter: Browser is Firefox").is_visible()
    second = held()
    refreshed.get_by_text("Filter", exact=True).click()
    second.continue_()
    refreshed.locator("html[data-refreshes='2']").wait_for()
    assert refreshed.locator("details[open]").count() == 1


def test_the_first_visit_is_shown_and_nothing_moves_before(
    refreshed: Page, address: str, keep: Keep
) -> None:
    refreshed.goto(f"{address}blog.test")
    refreshed.evaluate("window.still = true")
    refreshed.locator("pre").focus()
    refreshed.evaluate("getSelection().selectAllChildren(document.querySelector('pre'))")
    refreshed.clock.fast_forward(5_000)
    refreshed.locator("html[data-refreshes='1']").wait_for()
    assert refreshed.evaluate("document.activeElement.tagName") == "PRE"
    assert "data-domain" in refreshed.evaluate("getSelection().toString()")
    keep([seen("/")])
    refreshed.clock.fast_forward(5_000)
    refreshed.locator(".headline").wait_for()
    assert refreshed.evaluate("window.still")


@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize("metric", ["visitors", "visit_duration"])
def test_no_value_of_the_axis_stands_on_the_curve(
    browser: Browser, address: str, metric: str
) -> None:
    # In German times are long: "2 Min. 30 Sek.".
    page = browser.new_page(locale="de-DE", viewport={"width": 390, "height": 900})
    page.goto(f"{address}blog.test?metric={metric}")
    texts = page.locator(".curve .y")
    rights = texts.evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    lefts = texts.evaluate_all("all => all.map(one => one.getBoundingClientRect().left)")
    curve = page.locator(".curve").evaluate("one => one.getBoundingClientRect().left")
    assert len(rights) > 1
    assert min(lefts) >= 0
    assert max(rights) <= curve
    page.close()


@pytest.mark.parametrize("width", [390, 900, 1024, 1280])
def test_no_number_of_the_period_is_wider_than_its_place(
    browser: Browser, address: str, keep: Keep, width: int
) -> None:
    keep([seen("/", days=3), seen("/about", days=2.9853)])
    page = browser.new_page(locale="de-DE", viewport={"width": width, "height": 900})
    page.goto(f"{address}blog.test")
    figures = page.locator(".figure")
    assert "21 Min. 10 Sek." in figures.last.inner_text()
    assert figures.evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.usefixtures("visits")
def test_keys_choose_periods_and_can_be_switched_off(page: Page, address: str) -> None:
    page.goto(f"{address}blog.test")
    page.keyboard.press("d")
    page.wait_for_url("**?period=day")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**?period=yesterday")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("?")
    page.get_by_label("Keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("y")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 0
    page.reload()
    page.keyboard.press("y")
    assert page.url.endswith("?period=yesterday")


@pytest.mark.usefixtures("visits")
def test_escape_closes_a_menu_and_gives_the_focus_back(page: Page, address: str) -> None:
    page.goto(f"{address}blog.test")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "about"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Filter"
    assert page.locator("details[open]").count() == 0


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A person's page of a site: its icon, which is the site's own, is missing here."""
    context = browser.new_context(user_agent="Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0")
    yield context.new_page()
    context.close()


def test_a_switch_for_visitors_opts_out_and_in_again(visitor: Page, address: str) -> None:
    visitor.goto(f"{address}../privacy")
    visitor.evaluate("localStorage.analytics_ignore = 'true'")
    visitor.reload()
    switch = visitor.get_by_role("switch")
    for out in (False, True):
        switch.click()
        visitor.reload()
        assert switch.is_checked() == out
        marks = visitor.evaluate("[localStorage.plausible_ignore, localStorage.analytics_ignore]")
        assert marks == (["true", None] if out else [None, None])


@pytest.fixture
def own_site(app: Flask, spooled: object) -> Iterator[str]:
    """The service beside a site, whose pages may send events to it."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    origin = f"http://127.0.0.1:{server.server_port}"
    known = app.extensions["settings"]
    site = replace(known.sites[0], domain="127.0.0.1", allowed_origins=frozenset({origin}))
    served = create_app(replace(known, sites=(site,), insecure_cookies=True))
    server.app = served
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield origin
    server.shutdown()
    thread.join()
    server.server_close()
    served.extensions["intake"].close()
    served.extensions["engine"].dispose()


def test_visits_of_a_signed_in_browser_are_not_counted(
    visitor: Page, own_site: str, make_key: Callable[[], str]
) -> None:
    visitor.add_init_script("Object.defineProperty(navigator, 'webdriver', {get: () => false})")
    for dropped in (None, "1"):
        visitor.goto(f"{own_site}/privacy")
        with visitor.expect_response("**/api/event") as answer:
            visitor.evaluate(
                "const script = document.createElement('script'); script.src = '/js/script.js';"
                "script.dataset.local = ''; document.head.append(script)"
            )
        assert answer.value.status == 202
        assert answer.value.headers.get("x-plausible-dropped") == dropped
        visitor.goto(f"{own_site}/stats/sign-in?key={make_key()}")
        visitor.get_by_role("button").first.click()
        visitor.wait_for_url(lambda url: "sign-in" not in url)


@pytest.fixture(params=[("light", 390), ("light", 1440), ("dark", 390), ("dark", 1440)])
def examined(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that axe will look at, by day and night, on a phone and a wide screen."""
    scheme, width = request.param
    context = browser.new_context(
        bypass_csp=True,  # axe is brought in as an inline script
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def axe_finds_nothing(page: Page) -> bool:
    """Whether what is open now, with all that can be unfolded, is for everyone and fits."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.add_script_tag(content=AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", STANDARDS)
    told = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
    assert told == [], page.url
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.usefixtures("visits")
def test_axe_finds_nothing(examined: Page, address: str) -> None:
    for view in VIEWS:
        examined.goto(address + view)
        assert axe_finds_nothing(examined), view
    examined.goto(f"{address}blog.test")
    examined.keyboard.press("?")
    examined.get_by_role("dialog").wait_for()
    assert axe_finds_nothing(examined)


@pytest.mark.usefixtures("visits")
def test_axe_finds_nothing_for_the_owner(
    examined: Page, address: str, engine: Engine, make_key: Callable[[], str]
) -> None:
    key = make_key()
    for view, text in (
        ("sign-in", "make dashboard"),
        ("sign-in?key=mistyped", "This link is over"),
        (f"sign-in?key={key}", "Sign this browser in"),
    ):
        examined.goto(address + view)
        assert text in examined.inner_text("main")
        assert axe_finds_nothing(examined), view
    examined.get_by_role("button", name="Sign this browser in").click()
    examined.get_by_role("heading", name="Your sites").wait_for()
    with engine.begin() as connection:
        sessions.create(connection, "Firefox/140.0", datetime.now(UTC))
        for number in range(7):
            day = datetime.now(UTC).date() - timedelta(days=3)
            annotations.add(connection, Site("blog.test"), day, f"Wrote about {number}")
    for view, text in (
        ("", "Sign out"),
        ("blog.test", "Add a note"),
        ("www.shop.test", "Sign out"),
        ("sessions", "Sign out all others"),
    ):
        examined.goto(address + view)
        assert axe_finds_nothing(examined), view
        assert text in examined.inner_text("body")


def test_axe_finds_nothing_while_the_database_is_away(examined: Page, app: Flask) -> None:
    nowhere = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    with served(app, database=nowhere) as address:
        answer = examined.goto(f"{address}blog.test")
        assert answer
        assert answer.status == 503
        assert "Events are still taken" in examined.inner_text("main")
        assert axe_finds_nothing(examined)
