"""From what a tracker sent to what is kept: a field that a site does not collect is never made."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import urlencode

from analytics.countries import country_of
from analytics.sites import Site
from analytics.spool.record import Record
from analytics.taking.agents import agent_of
from analytics.taking.arrival import campaign_of, source_of
from analytics.taking.payload import MAX_URL_BYTES, Payload
from analytics.taking.visitors import Visitors

# What the column holds, 24 days. No visit lasts longer than one.
_LONGEST_ENGAGEMENT_MS = 2**31 - 1
# ISO 639, without the region: few speak de-LI, and many speak de. Nothing else that a visitor may
# write into the header is kept.
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?![^-])")


@dataclass(frozen=True, slots=True)
class Sender:
    """What a request says of who sent it. It is looked at, and never kept as it is."""

    address: str
    user_agent: str | None
    language: str | None
    """The first of the browser's languages, such as `de-AT`."""
    is_owner: bool = False
    """Whether the browser is signed in to the statistics."""

    def __repr__(self) -> str:
        """Nothing: an exception's text may come to rest in a log."""
        return "Sender()"


def record_of(
    site: Site, event: Payload, sender: Sender, visitors: Visitors, now: datetime
) -> Record:
    """The event as the site keeps it; OSError when the day's key can't be read or made."""
    visitor, next_visitor = (
        visitors.marks(site, sender.address, sender.user_agent or "", now)
        if site.collects("visitor")
        else (0, 0)
    )
    engagement = site.collects("engagement")
    engaged = event.engagement_ms
    return Record(
        time=round(now.timestamp() * 1000),
        site=site.domain,
        name=event.name,
        path=path_of(site, event),
        hostname=event.hostname,
        visitor=visitor,
        next_visitor=next_visitor,
        interactive=event.interactive,
        scroll=event.scroll_depth if engagement else None,
        engaged=min(engaged, _LONGEST_ENGAGEMENT_MS) if engagement and engaged else None,
        props=dict(event.props) or None if site.collects("properties") else None,
        **_came_from(site, event),
        **_came_with(site, sender),
    )


def path_of(site: Site, event: Payload) -> str:
    """The page's path, with those query parameters that the site keeps."""
    return page_of(site, event.path, event.parameters)


def page_of(site: Site, path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """A decoded path, with those of the parameters that the site keeps."""
    given = dict(parameters)
    kept = [(name, given[name]) for name in site.kept_parameters if name in given]
    path = f"{path}?{urlencode(kept)}" if kept else path
    # Encoded anew, it may be three times as long as it came, and longer than an index can hold.
    return path.encode()[:MAX_URL_BYTES].decode(errors="ignore")


def is_ignored(site: Site, event: Payload) -> bool:
    """Whether the site does not count that page."""
    return any(fnmatchcase(event.path, pattern) for pattern in site.ignored_paths)


def _came_from(site: Site, event: Payload) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    campaign = site.collects("campaign")
    if site.collects("referrer"):
        # What a link says of itself is part of the campaign.
        source, channel = source_of(event.referrer, event.parameters if campaign else ())
        found |= {"referrer": event.referrer, "source": source, "channel": channel}
    if campaign:
        found |= campaign_of(event.parameters)
    return found


def _came_with(site: Site, sender: Sender) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    if site.collects("country"):
        found["country"] = country_of(sender.address)
    if site.collect & {"browser", "system", "screen"}:
        agent = agent_of(sender.user_agent)
        for field in ("browser", "system", "screen"):
            if site.collects(field):
                found[field] = getattr(agent, field)
    if site.collects("language") and (language := _LANGUAGE.match(sender.language or "")):
        found["language"] = language[1].lower()
    return found
