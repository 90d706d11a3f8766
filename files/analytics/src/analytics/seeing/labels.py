"""Labels: what a value of a dimension is called on the page; the address has the value itself."""

from collections.abc import Mapping

from analytics import countries
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
# Stored as Plausible spells them, by which its clients filter.
_SOURCES = {
    "StackExchange": "Stack Exchange",
    "StackOverflow": "Stack Overflow",
    "Vkontakte": "VKontakte",
    "Youtube": "YouTube",
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "language": ENGLISH.locale.languages,
    "screen": _SCREENS,
    "source": _SOURCES,
}


def label_of(dimension: str, value: str | None) -> str:
    """The value in the page's language, fit to be shown. None and "" are the unknown."""
    if not value:
        return _WITHOUT.get(dimension, _UNKNOWN)
    return printable(_names(dimension).get(value, value))


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
    unknown = {"": label_of(dimension, None)} if dimension in UNKNOWN else {}
    return {**_names(dimension), **unknown}


def _names(dimension: str) -> Mapping[str, str]:
    return countries.names() if dimension == "country" else _NAMES.get(dimension, {})
