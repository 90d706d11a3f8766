"""Readers come from all over the world, and the owner sees where from at once."""

import pytest
from playwright.sync_api import Page, Playwright

from emulator import Droplet
from tests.browser.reader import reader, sign_in
from tests.outside import Outside
from tests.runs import PROJECT
from tests.travellers import travelling
from tests.waiting import wait_until

# Of universities and registries, which stay where they are.
READERS = {
    "133.11.0.1": "Japan",
    "200.160.2.3": "Brazil",
    "196.216.2.6": "South Africa",
    "2a02:2e0::1": "Germany",
}
# What a person sees is kept, to be looked at.
PICTURES = PROJECT / ".cache" / "pictures"


@pytest.fixture(scope="module")
def visited(playwright: Playwright, outside: Outside, droplet: Droplet) -> None:
    """A page was read from each of the countries."""
    for address in READERS:
        with (
            travelling(droplet, address) as ports,
            reader(playwright, outside.domain, ports) as page,
        ):
            with page.expect_response("**/api/event") as sent:
                page.goto("/posts/")
            assert sent.value.status == 202


def _countries(page: Page) -> str:
    page.reload()
    return page.inner_text("main")


@pytest.mark.slow
@pytest.mark.usefixtures("visited")
def test_the_owner_sees_at_once_where_readers_are(playwright: Playwright, outside: Outside) -> None:
    with reader(playwright, outside.domain, outside.ports) as page:
        page.set_viewport_size({"width": 1440, "height": 900})
        sign_in(page)
        wait_until(lambda: all(name in _countries(page) for name in READERS.values()), 60)
        assert "/posts/" in page.inner_text("main")
        PICTURES.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            page.screenshot(path=PICTURES / f"world-{scheme}.png", full_page=True)
