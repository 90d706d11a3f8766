"""What led to a page: by what its address says of that, or else by the page that was before."""

from collections.abc import Sequence

from analytics.spool.record import CAMPAIGN
from analytics.taking import sources
from analytics.taking.channels import channel_of

# In the order in which they count. https://plausible.io/docs/manual-link-tagging
_SOURCE = ("utm_source", "source", "ref")
TAGS = frozenset(CAMPAIGN + _SOURCE)
"""The parameters by which a link tells what led here."""

Parameters = Sequence[tuple[str, str]]


def campaign_of(parameters: Parameters) -> dict[str, str | None]:
    """The `utm_` parameters of a page's address; None for those without a value."""
    tags = dict(pair for pair in parameters if pair[1])
    return {name: tags.get(name) for name in CAMPAIGN}


def source_of(referrer: str | None, parameters: Parameters) -> tuple[str | None, str]:
    """Source and channel by a page's address and, given as host and path, the page before."""
    names = [name for name, _ in parameters]
    tags = {name: value for name, value in parameters if value}
    tag = next((tags[name] for name in _SOURCE if name in tags), None)
    source = None
    if tag:
        source = sources.of_tag(tag)
    elif referrer:
        # Another program's file may have it in upper case.
        source = sources.of_host(referrer.partition("/")[0].lower())
    channel = channel_of(
        source,
        tag=tag,
        medium=tags.get("utm_medium"),
        campaign=tags.get("utm_campaign"),
        parameters=names,
    )
    return source.name if source else None, channel
