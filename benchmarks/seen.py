"""How soon the owner sees a reader: from the event's answer until the country is on the dashboard.

Run by `make bench` on its fresh droplet; `python -m benchmarks.seen` asks the one that runs.
"""

import time

from playwright.sync_api import Page, sync_playwright

from emulator import Droplet, current
from tests.browser.reader import reader, sign_in
from tests.travellers import travelling

DOMAIN = "blog.test"
# Of universities and registries, which stay where they are; none is in a test, so that on a droplet
# that was tested before it is new, too.
READERS = {
    "130.216.1.1": "New Zealand",
    "196.21.45.1": "South Africa",
    "200.16.16.1": "Argentina",
    "2001:da8::1": "China",
    "137.132.1.1": "Singapore",
}
GIVEN_UP_SECONDS = 60.0


def _until_seen(owner: Page, country: str) -> float:
    """Seconds until a reload shows the country."""
    since = time.monotonic()
    while country not in owner.inner_text("main"):
        if time.monotonic() - since > GIVEN_UP_SECONDS:
            raise TimeoutError(f"{country} was not seen in {GIVEN_UP_SECONDS:.0f} s")
        owner.reload()
    return time.monotonic() - since


def seen(droplet: Droplet) -> dict[str, float]:
    """Seconds by country, for one reader in Chromium from each, one after the other."""
    ports = droplet.ports
    if ports is None:
        raise SystemExit("This needs an emulated droplet. Type: make up")
    took = {}
    with sync_playwright() as playwright, reader(playwright, DOMAIN, ports) as owner:
        sign_in(owner)
        for address, country in READERS.items():
            with (
                travelling(droplet, address) as road,
                reader(playwright, DOMAIN, road) as visitor,
            ):
                with visitor.expect_response("**/api/event"):
                    visitor.goto("/posts/")
                took[country] = _until_seen(owner, country)
    return took


if __name__ == "__main__":
    for name, seconds in seen(current()).items():
        print(f"{name}: {seconds:.1f} s")
