"""Labels: what a value of a dimension is called on the page; the address has the value itself."""

from collections.abc import Mapping

from analytics.countries import name_of, names
from analytics.keeping.dimensions import UNKNOWN
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
_LANGUAGES: Mapping[str, str] = ENGLISH.locale.languages


def label_of(dimension: str, value: str | None) -> str:
    """The value in the page's language, fit to be shown. None and "" are the unknown."""
    if not value:
        return _WITHOUT.get(dimension, _UNKNOWN)
    if dimension == "country":
        return printable(name_of(value))
    if dimension == "language":
        return printable(_LANGUAGES.get(value, value))
    if dimension == "screen":
        return _SCREENS.get(value, printable(value))
    return printable(value)


def called(dimension: str, part: str) -> list[str]:
    """The values whose label is another text, and contains this one, in any case."""
    wanted = part.casefold()
    return [value for value, label in _labels(dimension).items() if wanted in label.casefold()]


def value_of(dimension: str, typed: str) -> str:
    """The value that somebody means who types it or its label, in any case."""
    labels = _labels(dimension)
    if typed in labels:
        return typed
    # "Ga" is a language, and "ga" is the code of another.
    meant = {value.casefold(): value for value in labels}
    meant |= {label.casefold(): value for value, label in labels.items()}
    return meant.get(typed.casefold(), typed)


def _labels(dimension: str) -> dict[str, str]:
    """The labels that are not the value itself, by value."""
    known = {"country": names(), "language": _LANGUAGES, "screen": _SCREENS}.get(dimension, {})
    unknown = {"": label_of(dimension, None)} if dimension in UNKNOWN else {}
    return {**known, **unknown}
