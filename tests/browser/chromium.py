"""Starts the browser that Debian packages."""

import shutil

from playwright.sync_api import Browser, Playwright

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Without it a page can see that a program drives the browser, and the tracker is silent.
LIKE_A_PERSON = "--disable-blink-features=AutomationControlled"


def chromium() -> str:
    """Where it is."""
    found = shutil.which("chromium")
    assert found, "These tests need Chromium. Type: apt-get install chromium"
    return found


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """A fresh one, with these arguments besides."""
    return playwright.chromium.launch(
        executable_path=chromium(),
        # As root Chromium has no sandbox of its own; it visits nothing but our own pages.
        chromium_sandbox=False,
        args=[*QUIET, *arguments],
        # Playwright would have it forget each page that is left.
        ignore_default_args=["--disable-back-forward-cache"],
    )
