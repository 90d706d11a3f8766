"""What the owner decides of their analytics."""

import re
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


# As analytics.config and analytics.sites have them.
_PATH = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
_TAKEN = re.compile(r"/(api|stats)(/|$)")
# What nginx has room for (nginx.conf.j2).
_LONGEST_PATH = 200
_LONGEST_CONTACT = 200


def page_path(text: str) -> str:
    """The path of a page that nothing else has, or ""; Fault for anything else."""
    if text and (not _PATH.fullmatch(text) or text.endswith(".js")):
        raise Fault(
            'It must be a path such as "/privacy": letters, digits, dots and hyphens, and no slash'
            ' or ".js" at its end; or "" for no such page.'
        )
    return _free(text)


def script_path(text: str) -> str:
    """The path of a script that nothing else has; Fault for anything else."""
    if not _PATH.fullmatch(text) or not text.endswith(".js"):
        raise Fault(
            'It must be a path that ends in ".js", such as "/js/script.js": letters, digits, dots'
            " and hyphens."
        )
    return _free(text)


def _free(text: str) -> str:
    if _TAKEN.match(text):
        raise Fault("There the analytics service has something else; choose another path.")
    if len(text) > _LONGEST_PATH:
        raise Fault(f"It must have at most {_LONGEST_PATH} characters.")
    return text


def path_patterns(given: Sequence[str]) -> Sequence[str]:
    """Patterns of pages' paths; Fault for those that no path is like."""
    if wrong := [one for one in given if not one.startswith(("/", "*"))]:
        raise Fault(f"A page's path begins with /: {', '.join(map(repr, wrong))}")
    return given


def parameter_names(given: Sequence[str]) -> Sequence[str]:
    """Names of parameters of pages' addresses; Fault for more or less than a name."""
    if wrong := [one for one in given if not one or re.search(r"[?&=#\s]", one)]:
        raise Fault(f'It must be the bare name, such as "id": {", ".join(map(repr, wrong))}')
    return given


def contact(text: str) -> str:
    """One line of words, an address or nothing; Fault for anything else."""
    if not text.isprintable() or len(text) > _LONGEST_CONTACT:
        raise Fault(f"It must be one line of at most {_LONGEST_CONTACT} characters.")
    return text


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
