"""Bots: visits that no person makes, known by a maintained list and by what gives others away.

https://github.com/monperrus/crawler-user-agents
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Protocol

from ahocorasick_rs import AhoCorasick, Implementation

from analytics.taking.agents import readable
from analytics.taking.patterns import Patterns


class Reason(StrEnum):
    """Why a request doesn't count."""

    AI = "ai"  # reads for a language model
    CRAWLER = "crawler"  # search engines, SEO, archives, and whatever is of no other kind
    EMPTY = "empty"  # a user agent without a letter
    FEED = "feed"  # feed readers
    HEADLESS = "headless"  # browsers that a program drives
    LIBRARY = "library"  # HTTP clients
    MONITOR = "monitor"  # asks whether the site is up and fast
    PREFETCH = "prefetch"  # a browser that loads ahead; `bot` never says so, see `prefetch`
    PREVIEW = "preview"  # pictures of links in chats and networks
    SCANNER = "scanner"  # looks for holes


class Headers(Protocol):
    """A request's headers: a mapping with names spelt as here, or werkzeug's in any spelling."""

    def get(self, name: str, /) -> str | None: ...


# The list's tags; the first that an entry has decides.
_TAGS = {
    "browser-automation": Reason.HEADLESS,
    "ai-crawler": Reason.AI,
    "http-library": Reason.LIBRARY,
    "monitoring": Reason.MONITOR,
    "social-preview": Reason.PREVIEW,
    "feed-reader": Reason.FEED,
    "scanner": Reason.SCANNER,
}

# Patterns of the list that people's browsers match too, and what they become here; None is left
# out. Found among 330,000 user agents of browsers.
_NARROWER = {
    r"008\/": r"^008/",  # Opera Mini/4.4.39008/
    r"AP3A\.240617\.008": None,  # a build of Android 15, on millions of phones
    r"Adventurer": r"^Adventurer",  # a browser
    r"BW\/": r"\bBW/",  # AskTbBW/, a toolbar
    r"Blackboard": r"^Blackboard",  # an app for pupils
    r"Chirp|gotosocial": r"^gotosocial",  # a phone
    r"Fever": r"\bFever/",  # a tablet
    r"Fluid": None,  # a browser on macOS
    r"MetaIAB Facebook": None,  # the browser inside Facebook
    r"Sogou": r"Sogou [ \w]*[sS]pider",  # SogouMobileBrowser
    r"Sonic": r"RankSonic|\bSonic/",  # a phone
    r"Synapse": r"Synapse \(",  # SynapseWorkstation
    r"WhatsApp": r"^WhatsApp",  # the app on a desk
    r"mail\.ru": r"top\.mail\.ru",  # an app's channel
    # By caution: apps fetch previews under these names, and may add them to their browser's.
    r"Tumblr\/": r"^Tumblr/",
    r"Viber": r"^Viber",
    r"okhttp": r"^okhttp",
}

# What gives away those that are on no list. Not "bot" after "u", since Cubot makes phones.
_OTHERS = (
    (r"[pP]hantom(?:JS|js)|CasperJS|[hH]eadless|jsdom|\bCypress/|wkhtmlto", Reason.HEADLESS),
    (r"Cloudflare(?:Observatory|Diagnostics)", Reason.MONITOR),
    (r"[sS]ynthetic|DebugBear|DejaClick|YottaaMonitor", Reason.MONITOR),
    (r"NovaAct", Reason.AI),
    (r"(?:^|[^uU])[bB](?:ot|OT)s?(?:[^a-zA-Z0-9]|$)", Reason.CRAWLER),
    (r"[cC]rawl|CRAWL|[sS]pider(?:[^ \w]|$)|[sS]lurp", Reason.CRAWLER),
    # Where to read about it. Toolbars of Internet Explorer say "from: http://…".
    (r"(?:^|[^: ]|[^:] )https?://", Reason.CRAWLER),
    # A product of its own where Internet Explorer has "MSIE 9.0;" and Konqueror its name.
    (r"^Mozilla/5\.0 .*compatible; (?:[A-JL-Za-z]|K[^o])[\w.-]*(?: [\w.-]+)?/v?\d", Reason.CRAWLER),
    (r"KHTML, like Gecko; ", Reason.CRAWLER),
    (r"^(?:Dalvik|Dart|Java|[rR]est-[cC]lient)/|CFNetwork/", Reason.LIBRARY),
    # One product and its version, and nothing else, such as undici/7.0.
    (r"^[A-Za-z][\w.-]*[/ ]v?\d[\w.-]*$", Reason.LIBRARY),
    # Every browser gives its version behind a slash, or is Links with its parentheses.
    (r"^[^/(]*$", Reason.LIBRARY),
)

# What makes a pattern more than a word, once its escaped punctuation is away.
_SPECIAL = re.compile(r"[.^$*+?{}\[\]()|\\]")
_ESCAPED = re.compile(r"\\([^\w])")

# Sec-Purpose is the standard's (https://wicg.github.io/nav-speculation/prefetch.html), the others
# are of older Chromium, Safari and Firefox.
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def bot(user_agent: str | None, headers: Headers) -> Reason | None:
    """Why this is no person's visit; None for people. A missing user agent is no bot's mark.

    A look-up takes about 2 µs, so that no user agent need be kept in a cache.
    """
    # Chromium names itself here even under a borrowed user agent.
    if "HeadlessChrome" in (headers.get("Sec-CH-UA") or ""):
        return Reason.HEADLESS
    # https://www.rfc-editor.org/rfc/rfc9110#field.from: robots say whom to write to, browsers don't
    if headers.get("From"):
        return Reason.CRAWLER
    if user_agent is None:
        return None
    text = readable(user_agent)
    if not any(character.isalpha() for character in text):
        return Reason.EMPTY
    listed = _listed()
    # The first that the list has decides, and its words come before its other patterns.
    if words := listed.words.find_matches_as_indexes(text, overlapping=True):
        return listed.reasons[min(word for word, _, _ in words)]
    found = listed.patterns.first(text)
    return None if found is None else listed.pattern_reasons[found]


def prefetch(headers: Headers) -> bool:
    """Whether a browser loads this ahead, for a page that may never be looked at."""
    values = (headers.get(name) or "" for name in _PURPOSES)
    return any(value.lower().startswith(("prefetch", "prerender", "preview")) for value in values)


@dataclass(frozen=True, slots=True)
class _Listed:
    """What gives bots away: words, each with its reason, and regular expressions."""

    words: AhoCorasick
    reasons: list[Reason]
    patterns: Patterns
    pattern_reasons: list[Reason]


@cache
def _listed() -> _Listed:
    """All of the list in 2 MB; a user agent takes 1 µs.

    As one regular expression in Python it takes 400 µs.
    """
    words: dict[str, Reason] = {}
    patterns: dict[str, Reason] = {}
    for pattern, reason in (*_entries(), *_OTHERS):
        word = _ESCAPED.sub(r"\1", pattern)
        if not _SPECIAL.search(_ESCAPED.sub("", pattern)):
            words.setdefault(word, reason)
        else:
            patterns.setdefault(pattern, reason)
    return _Listed(
        AhoCorasick(words, implementation=Implementation.ContiguousNFA),
        [*words.values()],
        Patterns(patterns),
        [*patterns.values()],
    )


def _entries() -> Iterator[tuple[str, Reason]]:
    # Its package would keep all examples and descriptions in memory: 2 MB that nobody reads.
    path = distribution("crawler-user-agents").locate_file(
        "crawleruseragents/crawler-user-agents.json"
    )
    for entry in json.loads(Path(str(path)).read_text(encoding="utf-8")):
        pattern = _NARROWER.get(entry["pattern"], entry["pattern"])
        if pattern is not None:
            yield pattern, _reason(entry.get("tags", []))


def _reason(tags: list[str]) -> Reason:
    return next((reason for tag, reason in _TAGS.items() if tag in tags), Reason.CRAWLER)
