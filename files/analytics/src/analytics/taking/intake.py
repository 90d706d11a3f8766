"""Takes events into the spool: once `take` has returned they are on the disk."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from flask import current_app

from analytics.config import Settings
from analytics.sites import Site
from analytics.spool.record import ENGAGEMENT, PAGE_VIEW, Dropped, Record, encode
from analytics.spool.writer import Spool, SpoolError
from analytics.taking import agents, bots, collect, spam
from analytics.taking.bots import Headers
from analytics.taking.collect import Sender
from analytics.taking.drops import Drops
from analytics.taking.payload import Payload
from analytics.taking.visitors import Visitors

_BARE_BROWSER = re.compile(r"(?:Mozilla|Firefox|Chrome|Chromium|Safari|Edge?|Opera|OPR)/[\d.]+")


class Intake:
    """The way of an event from a request to the disk. Any number of threads may use it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spool = Spool(settings.spool)
        self._visitors = Visitors(settings.keys)
        self._drops = Drops()

    def take(self, event: Payload, sender: Sender, headers: Headers) -> int:
        """Keep the event for each of the sites that it names; how many did not count it.
        SpoolError or OSError: nothing was kept, and nothing may be promised.
        """
        now = datetime.now(UTC)
        kept, dropped = self._judge(event, sender, headers, now)
        self._keep(kept, now)
        return dropped

    def take_from_log(self, views: Iterable[tuple[Payload, Sender, Headers]]) -> None:
        """Keep page views that the web server tells of, all with one sync; raises as `take`."""
        now = datetime.now(UTC)
        kept: list[Record] = []
        for event, sender, headers in views:
            kept += self._judge(event, sender, headers, now, counted_from="log")[0]
        self._keep(kept, now)

    def drop(self, site: str, reason: str) -> None:
        """Count what could not be judged."""
        self._drops.add(site, reason)

    def _judge(
        self,
        event: Payload,
        sender: Sender,
        headers: Headers,
        now: datetime,
        *,
        counted_from: str = "script",
    ) -> tuple[list[Record], int]:
        """What the sites that an event names keep of it, and how many do not count it."""
        named = [self._settings.site_of(domain) for domain in event.domains]
        kept = []
        dropped = named.count(None)
        # Once, though a site may be named in several spellings.
        for site in dict.fromkeys(filter(None, named)):
            if event.name == ENGAGEMENT and not site.collects("engagement"):
                # Its mere moment would tell how long the page was read. Nor is it a lost count.
                dropped += 1
                continue
            # Or who has the script in the page and the log as well would be counted twice.
            if event.name == PAGE_VIEW and site.count_from != counted_from:
                reason: str | None = f"counted from the {site.count_from}"
            else:
                reason = why_not(site, event, sender, headers, from_log=counted_from == "log")
            if reason:
                self._drops.add(site.domain, reason)
                dropped += 1
            else:
                kept.append(collect.record_of(site, event, sender, self._visitors, now))
        return kept, dropped

    def _keep(self, kept: list[Record], now: datetime) -> None:
        if kept or self._drops.due():
            records: list[Record | Dropped] = [*kept, *self._drops.take(now)]
            self._spool.append_many(map(encode, records))

    def is_full(self) -> bool:
        """Whether events are refused, as there is no room for them; OSError as of `take`."""
        return self._spool.room() <= 0

    def tidy(self) -> None:
        """What is due though no event comes: an old segment ends, and sums of drops are spooled.

        What is in a segment goes from the disk when it has ended and was stored.
        """
        self._spool.end_old()
        # Of the sums nothing was promised.
        with suppress(SpoolError):
            if not self.is_full():
                self._keep([], datetime.now(UTC))

    def destroy_old_keys(self) -> None:
        """As the worker does, in case that it is down."""
        self._visitors.destroy_old(self._settings.sites, datetime.now(UTC))

    def close(self) -> None:
        """Spool the sums of what was dropped, and seal it all."""
        self._spool.append_many(map(encode, self._drops.take(datetime.now(UTC))))
        self._spool.close()


def warm_up() -> None:
    """Make the tables that know browsers and bots, before a request must wait for them."""
    agents.agent_of("Mozilla/5.0")
    bots.bot("Mozilla/5.0", {})
    spam.spam_referrer("example.org")


def current_intake() -> Intake:
    """The intake of the application that handles this request."""
    found = current_app.extensions["intake"]
    assert isinstance(found, Intake)  # noqa: S101 - narrows the type of Flask's registry
    return found


def why_not(
    site: Site, event: Payload, sender: Sender, headers: Headers, *, from_log: bool
) -> str | None:
    """Why a site does not count an event; None when it does."""
    if sender.is_owner:
        return "owner"
    if site.honour_do_not_track and "1" in (headers.get("DNT"), headers.get("Sec-GPC")):
        return "do not track"
    reason = bots.bot(sender.user_agent, headers)
    if from_log:
        # A page that is loaded ahead runs no script, but nginx is asked for it.
        if reason is None and bots.prefetch(headers):
            reason = bots.Reason.PREFETCH
    elif reason and _is_spared(sender.user_agent or "", reason):
        reason = None
    if reason:
        return f"bot: {reason}"
    if event.referrer and spam.spam_referrer(event.referrer.partition("/")[0]):
        return "spam referrer"
    return "ignored page" if collect.is_ignored(site, event) else None


def _is_spared(user_agent: str, reason: bots.Reason) -> bool:
    """Whether this is a person after all, since it is an event that somebody sent on purpose."""
    # curl is no robot but a person at a terminal, who tries whether events arrive.
    if user_agent.startswith("curl/"):
        return True
    # Programs that fetch pages borrow a browser's name, but run no script: this is a reader who
    # tells no more of the browser.
    return reason is bots.Reason.LIBRARY and _BARE_BROWSER.fullmatch(user_agent) is not None
