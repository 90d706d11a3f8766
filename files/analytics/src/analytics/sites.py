"""The sites that are counted, and what is kept of each: the owner's decisions, field by field."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics.taking import origins

FIELDS = (
    "referrer",
    "campaign",
    "country",
    "browser",
    "system",
    "screen",
    "language",
    "visitor",
    "engagement",
    "properties",
)
"""What can be kept beside the page itself; each may be off, and is then never computed."""

UTC_ZONE = ZoneInfo("UTC")

_KEEP_DAYS = 400
_LONGEST_LINE = 200

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


@dataclass(frozen=True, slots=True)
class Site:
    """One site with its settings; the defaults are those of a site that is named without any."""

    domain: str
    time_zone: ZoneInfo = UTC_ZONE
    """Whose midnight ends a day."""
    allowed_origins: frozenset[str] = frozenset()
    """The origins whose pages may send events."""
    collect: frozenset[str] = frozenset(FIELDS)
    """Which of FIELDS are kept."""
    honour_do_not_track: bool = True
    """Whether Do Not Track and Global Privacy Control leave a visitor uncounted."""
    keep_days: int = _KEEP_DAYS
    """How long single events are kept."""
    sums_days: int | None = None
    """How long the daily sums are kept, which are made of them; None: for good."""
    ignored_paths: tuple[str, ...] = ()
    """Pages that are not counted, `*` for any characters."""
    kept_parameters: tuple[str, ...] = ()
    """Query parameters that are part of a page's path, such as `id`."""
    server_senders: bool = False
    """Whether servers with a token may send events, without being one of the origins."""
    privacy_contact: str = ""
    """Whom visitors may ask: an e-mail address, a page (https://), or words."""
    public: bool = False
    """Whether everybody may see the numbers; changing anything is the owner's all the same."""
    count_from: str = "script"
    """What tells of page views: the "script" in the page, or the web server's "log"."""

    @property
    def name(self) -> str:
        """The domain without "www.", which trackers may write or leave out."""
        return self.domain.removeprefix("www.")

    def collects(self, field: str) -> bool:
        """Whether that field is kept."""
        # Without a mark nobody knows whose visit an engagement belongs to: it could only be lost.
        needed = {"engagement", "visitor"} if field == "engagement" else {field}
        return needed <= self.collect


def read(text: str) -> tuple[tuple[Site, ...], list[str]]:
    """The sites in a setting's text, and every fault in it.

    The text is a comma list of domains, or a JSON object that has the settings by domain:
    `{"blog.example": {"time_zone": "Europe/Berlin"}}`.
    """
    if not text.lstrip().startswith("{"):
        given: Any = {part.strip().lower(): {} for part in text.split(",") if part.strip()}
    else:
        try:
            given = json.loads(text)
        except ValueError as error:
            return (), [f"is not JSON: {error}."]
    if not given:
        return (), ["is missing; list the sites' domains, such as blog.example."]
    sites: dict[str, Site] = {}
    faults = []
    for domain, settings in given.items():
        site, wrong = _site(domain.lower(), settings)
        faults += [f"{domain!r} {fault}" for fault in wrong]
        if site and (same := sites.setdefault(site.name, site)) is not site:
            faults.append(f"{domain!r} is the same site as {same.domain!r}.")
    return tuple(sites.values()), faults


def _site(domain: str, given: object) -> tuple[Site | None, list[str]]:
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        return None, [
            "is not a domain; write it without scheme, port and path, such as blog.example."
        ]
    if not isinstance(given, Mapping):
        return None, ["must have an object of settings, such as {}."]
    known = {field.name for field in fields(Site)} - {"domain"}
    values: dict[str, Any] = {"allowed_origins": frozenset({f"https://{domain}"})}
    faults = []
    for name, value in given.items():
        try:
            if name not in known:
                raise ValueError(f"is no setting; there are {', '.join(sorted(known))}")
            values[name] = _READ[name](value)
        except ValueError as error:
            faults.append(f"{name} {error}.")
    faults += _too_short(values)
    return (None if faults else Site(domain, **values)), faults


def _too_short(values: Mapping[str, Any]) -> Iterator[str]:
    """Sums that are gone before their events would be made again with each that comes late."""
    events, sums = values.get("keep_days", _KEEP_DAYS), values.get("sums_days")
    if sums and sums < events:
        yield f"sums_days is {sums}, less than the {events} of keep_days, which they are made of."


def _time_zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"is {value!r}, which is no time zone, such as Europe/Berlin or UTC"
        ) from None


def _origins(value: object) -> frozenset[str]:
    return frozenset(_origin(text) for text in _texts(value))


def _origin(text: str) -> str:
    try:
        return origins.parse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} {error}") from None


def _collect(value: object) -> frozenset[str]:
    chosen = frozenset(_texts(value))
    if unknown := chosen - set(FIELDS):
        raise ValueError(f"has {', '.join(sorted(unknown))}; there are {', '.join(FIELDS)}")
    return chosen


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _count_from(value: object) -> str:
    if value not in ("script", "log"):
        raise ValueError(f'is {value!r}; it must be "script" or "log"')
    return str(value)


def _days(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 36500:
        raise ValueError("must be a number of days from 1 to 36500")
    return value


def _days_or_none(value: object) -> int | None:
    return None if value is None else _days(value)


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > _LONGEST_LINE:
        raise ValueError(f"must be one line of at most {_LONGEST_LINE} characters")
    return value.strip()


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


_READ: Mapping[str, Any] = {
    "time_zone": _time_zone,
    "allowed_origins": _origins,
    "collect": _collect,
    "honour_do_not_track": _switch,
    "keep_days": _days,
    "sums_days": _days_or_none,
    "ignored_paths": _texts,
    "kept_parameters": _texts,
    "server_senders": _switch,
    "privacy_contact": _line,
    "public": _switch,
    "count_from": _count_from,
}
