"""Channels: the few groups into which Google Analytics, and Plausible after it, put all sources.

https://support.google.com/analytics/answer/9756891 defines them;
https://plausible.io/docs/top-referrers#channels adds the AI assistants.
"""

import re
from collections.abc import Collection

from analytics.taking.sources import Kind, Source

DIRECT = "Direct"

_PAID = {
    Kind.SHOPPING: "Paid Shopping",
    Kind.SEARCH: "Paid Search",
    Kind.SOCIAL: "Paid Social",
    Kind.VIDEO: "Paid Video",
}
_ORGANIC = {
    Kind.SHOPPING: "Organic Shopping",
    Kind.SOCIAL: "Organic Social",
    Kind.VIDEO: "Organic Video",
    Kind.AI: "AI Assistants",
    Kind.SEARCH: "Organic Search",
    Kind.EMAIL: "Email",
}
# The parameters by which an advertiser marks a click on its result page.
_CLICKS = {"Google": "gclid", "Bing": "msclkid"}

_PAID_MEDIUM = re.compile(r"cp|^ppc$|^retargeting$|^paid")
_SHOP = re.compile(r"(?:[^a-df-z]|^)shop|shopping")
_EMAIL = re.compile(r"e[ _-]?mail|newsletter")
_PUSH_MEDIUM = re.compile(r"push$|mobile|notification")
_DISPLAY_MEDIUMS = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL_MEDIUMS = frozenset(
    {"social", "social-network", "social-media", "sm", "social network", "social media"}
)


def channel_of(
    source: Source | None,
    *,
    tag: str | None = None,
    medium: str | None = None,
    campaign: str | None = None,
    parameters: Collection[str] = (),
) -> str:
    """The channel of a visit, never raising.

    `tag` is what the page's address says of the source, as `utm_source` does; `medium` and
    `campaign` are its `utm_medium` and `utm_campaign`; `parameters` are the names of the others.
    """
    if source is None and not medium and not campaign:
        return DIRECT
    tag, medium, campaign = (tag or "").lower(), (medium or "").lower(), (campaign or "").lower()
    if "cross-network" in campaign:
        return "Cross-network"
    kind = source.kind if source else Kind.REFERRAL
    if _SHOP.search(campaign):
        kind = Kind.SHOPPING
    return (
        _paid(kind, source, medium, parameters)
        or _organic(kind, medium)
        or _tagged(tag, medium)
        or ("Referral" if source or medium in ("referral", "app", "link") else DIRECT)
    )


def _paid(
    kind: Kind, source: Source | None, medium: str, parameters: Collection[str]
) -> str | None:
    paid = _PAID_MEDIUM.search(medium) is not None
    if source is not None:
        # Google's banners on other pages mark each click as well.
        clicked = medium not in _DISPLAY_MEDIUMS and _CLICKS.get(source.name) in parameters
        paid = paid or source.paid or clicked
    if paid and kind in _PAID:
        return _PAID[kind]
    if medium in _DISPLAY_MEDIUMS:
        return "Display"
    return "Paid Other" if paid else None


def _organic(kind: Kind, medium: str) -> str | None:
    """Social and video mediums come before search engines and mail, as in both models."""
    if kind is Kind.SHOPPING:
        return _ORGANIC[kind]
    if kind is Kind.SOCIAL or medium in _SOCIAL_MEDIUMS:
        return _ORGANIC[Kind.SOCIAL]
    if kind is Kind.VIDEO or "video" in medium:
        return _ORGANIC[Kind.VIDEO]
    if medium == "organic":
        return _ORGANIC[Kind.SEARCH]
    return _ORGANIC.get(kind)


def _tagged(tag: str, medium: str) -> str | None:
    """The channels that only the words of the owner's own tags tell."""
    if _EMAIL.search(tag) or _EMAIL.search(medium):
        return "Email"
    if medium == "affiliate":
        return "Affiliates"
    if medium == "audio":
        return "Audio"
    if "sms" in (tag, medium):
        return "SMS"
    if tag == "firebase" or _PUSH_MEDIUM.search(medium):
        return "Mobile Push Notifications"
    return None
