"""What other programs call browsers, systems and screens, and what they are called here."""

import re
from collections.abc import Mapping

from analytics.taking.families import BROWSERS, SYSTEMS

_BROWSERS: Mapping[str, str] = {
    **BROWSERS,
    "BlackBerry Browser": "BlackBerry",
    "DuckDuckGo Privacy Browser": "DuckDuckGo",
    "HeyTapBrowser": "HeyTap",
    "Hi Browser": "Honor",
    "HONOR Browser": "Honor",
    "Huawei Browser Mobile": "Huawei",
    "Microsoft Edge": "Edge",
    "Mobile Silk": "Silk",
    "Opera Mini": "Opera",
    "Puffin Web Browser": "Puffin",
    "Samsung Browser": "Samsung Internet",
    "Seznam Browser": "Seznam",
    "UC Browser Mini": "UC Browser",
    "UC Browser Turbo": "UC Browser",
    "vivo Browser": "Vivo",
    "Whale Browser": "Whale",
}
_SYSTEMS: Mapping[str, str] = {
    **SYSTEMS,
    "Android TV": "Android",
    "Chrome OS": "ChromeOS",
    "Fire OS": "Android",
    "iPadOS": "iOS",
    "Mac": "macOS",
    "macOS": "macOS",
    "Wear OS": "Android",
}
_SCREENS: Mapping[str, str] = {"Laptop": "Desktop", "Ultra-wide": "Desktop"}
PLAUSIBLE: Mapping[str, Mapping[str, str]] = {
    "browser": {
        "DuckDuckGo": "DuckDuckGo Privacy Browser",
        "Edge": "Microsoft Edge",
        "Samsung Internet": "Samsung Browser",
        "Yandex": "Yandex Browser",
    },
    "system": {"macOS": "Mac", "ChromeOS": "Chrome OS"},
}
"""What Plausible calls them that are called otherwise here, by dimension.

https://github.com/matomo-org/device-detector has its names.
"""
_NOTHING = frozenset({"", "(not set)", "(none)", "Direct / None", "Unknown"})
_VERSION = re.compile(r"[ /][\d._]+$")
_COUNTRY = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")
# As Plausible's, in CSS pixels.
_PHONE, _TABLET = 576, 992


def known(value: str | None) -> str | None:
    """None for the words that mean nothing is known."""
    return None if value in _NOTHING else value


def place(value: str | None) -> str | None:
    """Where a visitor came from: of an app its id, before which Plausible has a scheme."""
    found = known(value)
    return found.removeprefix("android-app://") if found else None


def browser(value: str | None) -> str | None:
    """The browser without its version."""
    return _family(value, _BROWSERS)


def system(value: str | None) -> str | None:
    """The system without its version."""
    return _family(value, _SYSTEMS)


def screen(value: str | None) -> str | None:
    """The class of screen."""
    return _SCREENS.get(value or "", known(value))


def screen_of_width(size: str | None) -> str | None:
    """The class of a screen of "width,height,scale" in CSS pixels."""
    width = (size or "").partition(",")[0].partition(".")[0]
    if not (width.isascii() and width.isdecimal()) or not 0 < len(width) < 6 or width == "0":
        return None
    return "Mobile" if int(width) < _PHONE else "Tablet" if int(width) < _TABLET else "Desktop"


def country(value: str | None) -> str | None:
    """The country of ISO 3166-1 or 3166-2 ("US-TX"), two letters."""
    found = _COUNTRY.fullmatch(value or "")
    return found[1] if found and found[1] not in ("ZZ", "XX") else None


def _family(value: str | None, names: Mapping[str, str]) -> str | None:
    # Where there is no version, GoatCounter still writes the space before it.
    family = _VERSION.sub("", (value or "").strip())
    return known(names.get(family, family))
