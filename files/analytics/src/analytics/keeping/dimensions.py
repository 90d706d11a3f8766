"""By what visits and events are summed, and its number in the table `daily`."""

TOTAL = 1
"""The whole day; its value is 0."""
ENTRY, EXIT = 2, 3
PAGE, EVENT = 20, 21

# Of a visit: the number of each, and where the value stands (v: visits, c: clients, a: arrivals).
# With "0" what is unknown is a value too ("Direct", "Unknown"); without, such visits are left out.
VISIT: dict[str, tuple[int, str]] = {
    "total": (TOTAL, "0"),
    "entry_page": (ENTRY, "nullif(v.entry, 0)"),
    "exit_page": (EXIT, "nullif(v.exit, 0)"),
    "source": (4, "coalesce(a.source, 0)"),
    "channel": (5, "coalesce(a.channel, 0)"),
    "referrer": (6, "a.referrer"),
    "utm_source": (7, "a.utm_source"),
    "utm_medium": (8, "a.utm_medium"),
    "utm_campaign": (9, "a.utm_campaign"),
    "utm_content": (10, "a.utm_content"),
    "utm_term": (11, "a.utm_term"),
    "country": (12, "coalesce(c.country, 0)"),
    "browser": (13, "coalesce(c.browser, 0)"),
    "system": (14, "coalesce(c.system, 0)"),
    "screen": (15, "coalesce(c.screen, 0)"),
    "language": (16, "coalesce(c.language, 0)"),
    "hostname": (17, "a.hostname"),
}

UNKNOWN = frozenset(name for name, (_, where) in VISIT.items() if where.startswith("coalesce"))
"""Those of VISIT where the unknown is a value."""

NUMBERS: dict[str, int] = {name: number for name, (number, _) in VISIT.items()} | {
    "page": PAGE,
    "event": EVENT,
}
"""The number of each dimension, by name."""
