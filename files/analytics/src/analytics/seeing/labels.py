"""Labels: what a value of a dimension is called on the page; the address has the value itself."""

from analytics.countries import name_of
from analytics.seeing.formats import ENGLISH
from analytics.seeing.printable import printable

_UNKNOWN = "Unknown"
# What it means that a visit has no value there.
_WITHOUT = {
    "source": "Direct or unknown",
    "channel": "Direct or unknown",
    "referrer": "No referrer",
    "entry_page": "No page",
    "exit_page": "No page",
    "utm_source": "None",
    "utm_medium": "None",
    "utm_campaign": "None",
    "utm_content": "None",
    "utm_term": "None",
}
_SCREENS = {"Mobile": "Phone"}


def label_of(dimension: str, value: str | None) -> str:
    """The value in the page's language, fit to be shown. None and "" are the unknown."""
    if not value:
        return _WITHOUT.get(dimension, _UNKNOWN)
    if dimension == "country":
        return printable(name_of(value))
    if dimension == "language":
        return printable(ENGLISH.locale.languages.get(value, value))
    if dimension == "screen":
        return _SCREENS.get(value, printable(value))
    return printable(value)
