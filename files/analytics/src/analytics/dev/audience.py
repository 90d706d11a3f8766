"""Who reads the made-up blog, with what, and where they come from. All numbers are weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from analytics.taking.channels import channel_of
from analytics.taking.sources import of_host, of_tag

T = TypeVar("T")

# Country: weight, hours ahead of UTC, languages with weights.
COUNTRIES: Mapping[str | None, tuple[float, float, Mapping[str, float]]] = {
    "US": (290, -6, {"en": 92, "es": 6, "zh": 1}),
    "DE": (135, 1, {"de": 78, "en": 20, "tr": 1}),
    "GB": (90, 0, {"en": 98, "pl": 1}),
    "NL": (62, 1, {"nl": 60, "en": 39}),
    "FR": (52, 1, {"fr": 82, "en": 17}),
    "CA": (46, -5, {"en": 80, "fr": 20}),
    "IN": (42, 5.5, {"en": 96, "hi": 4}),
    "AU": (26, 10, {"en": 99, "zh": 1}),
    "SE": (24, 1, {"sv": 60, "en": 40}),
    "CH": (23, 1, {"de": 60, "fr": 22, "en": 16, "it": 2}),
    "ES": (20, 1, {"es": 80, "ca": 6, "en": 14}),
    "IT": (19, 1, {"it": 84, "en": 16}),
    "PL": (18, 1, {"pl": 76, "en": 24}),
    "BR": (18, -3, {"pt": 88, "en": 12}),
    "JP": (17, 9, {"ja": 88, "en": 12}),
    "AT": (15, 1, {"de": 84, "en": 16}),
    "BE": (14, 1, {"nl": 50, "fr": 34, "en": 16}),
    "NO": (12, 1, {"nb": 62, "en": 38}),
    "DK": (12, 1, {"da": 58, "en": 42}),
    "FI": (11, 2, {"fi": 60, "en": 40}),
    "IE": (10, 0, {"en": 100}),
    "CZ": (9, 1, {"cs": 74, "en": 26}),
    "PT": (9, 0, {"pt": 70, "en": 30}),
    "NZ": (8, 12, {"en": 100}),
    "RU": (8, 3, {"ru": 90, "en": 10}),
    "UA": (7, 2, {"uk": 66, "en": 20, "ru": 14}),
    "SG": (7, 8, {"en": 90, "zh": 10}),
    "KR": (6, 9, {"ko": 90, "en": 10}),
    "TW": (6, 8, {"zh": 88, "en": 12}),
    "MX": (6, -6, {"es": 90, "en": 10}),
    "RO": (6, 2, {"ro": 60, "en": 40}),
    "GR": (5, 2, {"el": 66, "en": 34}),
    "TR": (5, 3, {"tr": 86, "en": 14}),
    "AR": (5, -3, {"es": 92, "en": 8}),
    "ZA": (5, 2, {"en": 98, "af": 2}),
    "HU": (4, 1, {"hu": 74, "en": 26}),
    "IL": (4, 2, {"he": 60, "en": 40}),
    "CN": (4, 8, {"zh": 94, "en": 6}),
    "PH": (3, 8, {"en": 98, "tl": 2}),
    "ID": (3, 7, {"id": 70, "en": 30}),
    "VN": (3, 7, {"vi": 80, "en": 20}),
    "KE": (2, 3, {"en": 100}),
    "NG": (2, 1, {"en": 100}),
    "CL": (2, -4, {"es": 94, "en": 6}),
    "CO": (2, -5, {"es": 94, "en": 6}),
    "EE": (2, 2, {"et": 60, "en": 40}),
    "SI": (2, 1, {"sl": 64, "en": 36}),
    "TO": (0.2, 13, {"en": 100}),
    None: (9, 0, {"en": 80, "de": 20}),
}

# Browser, system and class of screen.
DEVICES: Mapping[tuple[str | None, str | None, str | None], float] = {
    ("Chrome", "Windows", "Desktop"): 190,
    ("Safari", "iOS", "Mobile"): 175,
    ("Chrome", "Android", "Mobile"): 165,
    ("Firefox", "Windows", "Desktop"): 70,
    ("Firefox", "GNU/Linux", "Desktop"): 68,
    ("Safari", "macOS", "Desktop"): 66,
    ("Chrome", "macOS", "Desktop"): 62,
    ("Edge", "Windows", "Desktop"): 48,
    ("Firefox", "Android", "Mobile"): 36,
    ("Chrome", "GNU/Linux", "Desktop"): 32,
    ("Firefox", "macOS", "Desktop"): 30,
    ("Safari", "iOS", "Tablet"): 18,
    ("Samsung Internet", "Android", "Mobile"): 14,
    ("Chrome", "Android", "Tablet"): 7,
    ("DuckDuckGo", "Android", "Mobile"): 6,
    ("Vivaldi", "GNU/Linux", "Desktop"): 4,
    ("Opera", "Windows", "Desktop"): 4,
    ("Chrome", "ChromeOS", "Desktop"): 3,
    ("GNOME Web", "GNU/Linux", "Desktop"): 1,
    (None, None, None): 3,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """A way to the blog, and how many come by it; `tags` are those of a campaign."""

    weight: float
    referrer: str | None = None
    tags: Mapping[str, str] | None = None

    def fields(self) -> dict[str, str | None]:
        """What an event has of it, found out as of real ones."""
        tags = dict(self.tags or {})
        tag = tags.get("utm_source")
        source = of_host(self.referrer.partition("/")[0]) if self.referrer else None
        source = of_tag(tag) if tag else source
        channel = channel_of(
            source, tag=tag, medium=tags.get("utm_medium"), campaign=tags.get("utm_campaign")
        )
        return {
            "referrer": self.referrer,
            "source": source.name if source else None,
            "channel": channel,
            **tags,
        }


ORIGINS = (
    Origin(420),
    Origin(250, "google.com"),
    Origin(34, "duckduckgo.com"),
    Origin(24, "bing.com"),
    Origin(8, "ecosia.org"),
    Origin(30, "news.ycombinator.com/item"),
    Origin(24, "mastodon.social"),
    Origin(16, "lobste.rs"),
    Origin(18, "reddit.com/r/selfhosted"),
    Origin(12, "github.com"),
    Origin(11, "bsky.app"),
    Origin(10, "t.co"),
    Origin(8, "linkedin.com"),
    Origin(7, "chatgpt.com"),
    Origin(5, "perplexity.ai"),
    Origin(5, "youtube.com"),
    Origin(4, "en.wikipedia.org/wiki/Static_web_page"),
    Origin(4, "indieweb.org/analytics"),
    Origin(3, "blog.fermentation.example/2026/links"),
    Origin(2, "kagi.com"),
    Origin(9, None, {"utm_source": "rss", "utm_medium": "feed"}),
    Origin(5, None, {"utm_source": "fediverse", "utm_medium": "social", "utm_campaign": "launch"}),
)
LUCKY = Origin(0, "news.ycombinator.com/item")
NEWSLETTER = Origin(0, None, {"utm_source": "newsletter", "utm_medium": "email"})

# Readings of the blog at each hour of the reader's day, from midnight on.
HOURS = (9, 6, 4, 3, 3, 5, 12, 24, 40, 52, 56, 54, 50, 52, 54, 52, 48, 44, 42, 46, 50, 46, 34, 19)
# Monday to Sunday, and January to December.
WEEK = (1.1, 1.16, 1.14, 1.1, 0.98, 0.68, 0.76)
MONTHS = (1.06, 1.04, 1.04, 0.98, 0.96, 0.92, 0.82, 0.84, 1.0, 1.06, 1.12, 0.88)


class Chance(Generic[T]):
    """Draws values by their weights."""

    def __init__(self, weights: Mapping[T, float]) -> None:
        self._values: Sequence[T] = list(weights)
        self._sums: list[float] = []
        for weight in weights.values():
            self._sums.append(weight + (self._sums[-1] if self._sums else 0))

    def draw(self, random: Random) -> T:
        """One of the values."""
        return random.choices(self._values, cum_weights=self._sums)[0]
