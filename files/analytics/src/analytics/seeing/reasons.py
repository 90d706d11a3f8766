"""Reasons: why events were not counted, in the owner's words."""

from analytics.seeing.printable import printable

# As analytics.taking.intake and analytics.taking.bots name them.
_WORDS = {
    "bot: ai": "AI crawlers",
    "bot: crawler": "Crawlers",
    "bot: empty": "Empty user agents",
    "bot: feed": "Feed readers",
    "bot: headless": "Browsers run by programs",
    "bot: library": "Programs",
    "bot: monitor": "Monitoring",
    "bot: prefetch": "Pages loaded ahead",
    "bot: preview": "Link previews",
    "bot: scanner": "Scanners",
    "do not track": "Asked not to be tracked",
    "ignored page": "Ignored pages",
    "owner": "Your own visits",
    "spam referrer": "Referrer spam",
}


def reason(key: str) -> str:
    """The reason in words; a newer release's one as it is."""
    return _WORDS.get(key, printable(key))
