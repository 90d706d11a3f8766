"""What a site keeps of its visitors, field by field, as its settings have it."""

from dataclasses import dataclass

from analytics.sites import Site
from analytics.taking.arrival import TAGS


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that is kept, in a visitor's words; `field` is that of `collect` which decides."""

    what: str
    example: str
    field: str | None = None


VISIT = (
    Kept("when the visit began and how long it took", "24 November 2026, 04:21:07.123; 95 seconds"),
    Kept(
        "the first and the last page, how many there were, and whether anything followed the first",
        "/posts/seed/, 3 pages",
    ),
    Kept("the name of this site that was used, without www.", "blog.example"),
    Kept("a mark that is the same for the rest of the day, explained below", "-5316428", "visitor"),
    Kept(
        "the page of another site that led here, without what follows ? or #, and what kind of"
        " site that is",
        "news.example/item, a social network",
        "referrer",
    ),
    Kept(
        "the campaign or source that a link names (its utm_ parts, source and ref)",
        "newsletter",
        "campaign",
    ),
    Kept("the country", "NL", "country"),
    Kept("the name of the browser, without its version", "Firefox", "browser"),
    Kept("the name of the operating system, without its version", "Android", "system"),
    Kept("the kind of screen, guessed from what the browser calls itself", "Mobile", "screen"),
    Kept("the first language of the browser, without the region", "de", "language"),
)
"""Of a visit: what one visitor does until half an hour of silence."""

EVENT = (
    Kept("when", "24 November 2026, 04:21:07.123"),
    Kept("what happened", "a page was read, or what the page itself calls it"),
    Kept(
        "the path of the page, without what follows ?, and with what follows # only where the page"
        " names its views by it",
        "/posts/seed/",
    ),
    Kept(
        "how long the page was in view and how far it was scrolled",
        "42 seconds, 80 %",
        "engagement",
    ),
    Kept("what the page itself adds to an event", "size: large", "properties"),
)
"""Of each event of a visit."""

_LEFT_OUT = {
    "referrer": "the page that led here",
    "campaign": "campaigns",
    "country": "the country",
    "browser": "the browser",
    "system": "the operating system",
    "screen": "the kind of screen",
    "language": "the language",
    "visitor": "any mark of a visitor",
    "engagement": "reading time and scrolling",
    "properties": "what pages add to events",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is true of one site at this moment."""

    visit: list[Kept]
    event: list[Kept]
    left_out: list[str]
    """What could be kept and is switched off here."""
    contact: str
    contact_href: str | None
    """Where the contact leads; None when it is only to be read."""


def statement_of(site: Site) -> Statement:
    """The statement of a site."""
    return Statement(
        _kept(VISIT, site),
        _kept(EVENT, site),
        _left_out(site),
        site.privacy_contact,
        _href(site.privacy_contact),
    )


def _kept(everything: tuple[Kept, ...], site: Site) -> list[Kept]:
    return [one for one in everything if one.field is None or site.collects(one.field)]


def _left_out(site: Site) -> list[str]:
    left_out = {field: words for field, words in _LEFT_OUT.items() if not site.collects(field)}
    # The owner has said that such a part tells one page from another.
    if "campaign" in left_out and TAGS.intersection(site.kept_parameters):
        left_out["campaign"] += " (but for the parts of an address that are named above)"
    return list(left_out.values())


def _href(contact: str) -> str | None:
    if contact.startswith("https://"):
        return contact
    # An e-mail address, and no sentence that has one in it.
    name, at, domain = contact.rpartition("@")
    return f"mailto:{contact}" if name and at and domain and len(contact.split()) == 1 else None
