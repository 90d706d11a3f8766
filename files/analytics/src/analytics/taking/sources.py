"""Sources: where visitors come from, in the spelling that people know.

The names are of a list that Ghost keeps, vendor/referrers, and of our own sources.toml.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

_FOLDER = Path(__file__).parent
_AD = re.compile(r"[ ._-]?ads?$")


class Kind(StrEnum):
    """What a source is, where channels make a difference. REFERRAL is any other website."""

    SEARCH = "search"
    AI = "ai"
    SOCIAL = "social"
    EMAIL = "email"
    VIDEO = "video"
    SHOPPING = "shopping"
    REFERRAL = "referral"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a visitor came from. `paid` is whether its tag says that it was an advertisement."""

    name: str
    kind: Kind = Kind.REFERRAL
    paid: bool = False


def of_host(host: str) -> Source:
    """The source that a referring host or Android app is part of, or else the host itself.

    The host is in lower case and without "www.".
    """
    rest = host
    while rest:
        if rest in _HOSTS:
            return _HOSTS[rest]
        rest = rest.partition(".")[2]
    return Source(host)


def of_tag(tag: str) -> Source:
    """The source that a page's address names, as in `utm_source=fb`, or else the tag itself.

    A name, a nickname and a host all will do, in any case and with any sign for a blank, and
    "-ads" behind a name means paid.
    """
    key = tag.lower()
    spaced = key.replace("-", " ").replace("_", " ")
    found = _TAGS.get(key) or _HOSTS.get(key.removeprefix("www.")) or _TAGS.get(spaced)
    if found:
        return found
    advertiser = _TAGS.get(_AD.sub("", key))
    return replace(advertiser, paid=True) if advertiser else Source(tag)


def _read() -> tuple[dict[str, Source], dict[str, Source]]:
    """The known sources by host, and by name and nickname in lower case."""
    own = tomllib.loads((_FOLDER / "sources.toml").read_text(encoding="utf-8"))
    nicknames, paid = own.pop("tags"), own.pop("paid")
    kinds = {name: Kind(kind) for kind, names in own.items() for name in names}
    hosts: dict[str, Source] = {}
    tags: dict[str, Source] = {}
    for key, name, medium in _vendored():
        source = Source(name, kinds.get(name) or _kind(medium))
        # Who writes a name that has several kinds, such as Google, means the search engine.
        if source.kind is Kind.SEARCH or name.lower() not in tags:
            tags[name.lower()] = source
        # Some entries are no hosts but what apps write in place of one, such as "bsky".
        (hosts if "." in key else tags).setdefault(key, source)
    for kind, names in own.items():
        for name, own_hosts in names.items():
            tags[name.lower()] = source = Source(name, Kind(kind))
            hosts |= dict.fromkeys(own_hosts, source)
    plain = {re.sub(r"[^a-z0-9]", "", tag): source for tag, source in tags.items()}
    tags = plain | tags
    tags |= {nickname: tags[name.lower()] for nickname, name in nicknames.items()}
    tags |= {tag: replace(tags[name.lower()], paid=True) for tag, name in paid.items()}
    return hosts, tags


def _vendored() -> Iterator[tuple[str, str, str]]:
    """Host, name and medium of each entry of the vendored list.

    Those with a path are left out: browsers tell other sites no more than the host.
    https://w3c.github.io/webappsec-referrer-policy/#default-referrer-policy
    """
    content = json.loads((_FOLDER.parent / "vendor/referrers/referrers.json").read_bytes())
    for key, entry in content.items():
        if "/" not in key:
            yield key.lower().removeprefix("www."), entry["source"], entry["medium"]


def _kind(medium: str) -> Kind:
    return Kind(medium) if medium in ("search", "social", "email") else Kind.REFERRAL


_HOSTS, _TAGS = _read()
