"""What the owner decides of their analytics."""

from collections.abc import Sequence
from zoneinfo import available_timezones

from settings.faults import Fault

# As analytics.sites.FIELDS has them; the service refuses any other.
COLLECTED = (
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


def zone_name(text: str) -> str:
    """The name of a time zone; Fault for anything else."""
    known = available_timezones()
    if text in known:
        return text
    city = text.rpartition("/")[2].replace(" ", "_").casefold()
    near = sorted(name for name in known if name.rpartition("/")[2].casefold() == city)
    raise Fault(
        f"There is no time zone {text}. They are called by a large city, such as Europe/Berlin.",
        right=near[0] if near else None,
    )


def collected(fields: Sequence[str]) -> Sequence[str]:
    """The names of fields that can be collected; Fault for any other."""
    unknown = [field for field in fields if field not in COLLECTED]
    if unknown:
        raise Fault(f"There is no {', '.join(unknown)}. There are: {', '.join(COLLECTED)}.")
    return fields
