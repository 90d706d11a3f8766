"""Reasons: why events were not counted, in the owner's words."""

from analytics.seeing.printable import printable

# As analytics.taking (bots, events, intake) and analytics.logs name them.
_WORDS = {
    "another origin": "Sent for several sites, from where this one takes none",
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
    "counted from the log": "Told of by the script, counted from the log",
    "counted from the script": "Told of by the log, counted from the script",
    "do not track": "Asked not to be tracked",
    "ignored page": "Ignored pages",
    "log: not kept": "Page views while the disk was full or failed",
    "log: too many": "Page views in a flood",
    "log: unreadable": "Requests that could not be read",
    "owner": "Your own visits",
    "spam referrer": "Referrer spam",
}


def reason(key: str) -> str:
    """The reason in words; a newer release's one as it is."""
    return _WORDS.get(key, printable(key))
