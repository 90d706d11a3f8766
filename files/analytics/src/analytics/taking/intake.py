"""Takes events into the spool: once `take` has returned they are on the disk."""

from datetime import UTC, datetime

from flask import current_app

from analytics.config import Settings
from analytics.sites import Site
from analytics.spool.record import Dropped, Record, encode
from analytics.spool.writer import Spool
from analytics.taking import agents, bots, collect, spam
from analytics.taking.bots import Headers
from analytics.taking.collect import Sender
from analytics.taking.drops import Drops
from analytics.taking.payload import Payload
from analytics.taking.visitors import Visitors


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
        named = [self._settings.site_of(domain) for domain in event.domains]
        kept: list[Record | Dropped] = []
        dropped = named.count(None)
        # Once, though a site may be named in several spellings.
        for site in dict.fromkeys(filter(None, named)):
            if reason := _why_not(site, event, sender, headers):
                self._drops.add(site.domain, reason)
                dropped += 1
            else:
                kept.append(collect.record_of(site, event, sender, self._visitors, now))
        if kept or self._drops.due():
            self._spool.append_many(encode(one) for one in [*kept, *self._drops.take(now)])
        return dropped

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


def _why_not(site: Site, event: Payload, sender: Sender, headers: Headers) -> str | None:
    """Why a site does not count an event; None when it does."""
    if sender.is_owner:
        return "owner"
    if site.honour_do_not_track and "1" in (headers.get("DNT"), headers.get("Sec-GPC")):
        return "do not track"
    reason = bots.bot(sender.user_agent, headers)
    # curl is no robot but a person at a terminal, who tries whether events arrive.
    if reason and not (sender.user_agent or "").startswith("curl/"):
        return f"bot: {reason}"
    if event.referrer and spam.spam_referrer(event.referrer.partition("/")[0]):
        return "spam referrer"
    return "ignored page" if collect.is_ignored(site, event) else None
