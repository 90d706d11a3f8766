"""References of container images."""

import re

from settings.faults import Fault

REFERENCE = re.compile(
    r"(?P<name>(?:[a-z0-9.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)
# The official image of 18 and later keeps its data in another folder than the compose file mounts.
POSTGRES = range(14, 18)


def image(reference: str) -> str:
    """`reference` when it names one version of an image.

    Raises Fault.
    """
    parts = REFERENCE.fullmatch(reference)
    if not parts:
        raise Fault("It is not a reference of an image: NAME:VERSION is needed.")
    if not parts["tag"] and not parts["digest"]:
        raise Fault("It names no version, so that it would be another image every day.")
    if not parts["digest"] and parts["tag"] == "latest":
        raise Fault("latest is another image every day; name a version.")
    if not parts["digest"] and not re.search(r"\d", parts["tag"]):
        raise Fault(f"{parts['tag']} is not a version: it moves on by itself.")
    return reference


def postgres_major(reference: str) -> int:
    """The major version of PostgreSQL that `reference` names, which its volume is called by.

    Raises Fault when the tag does not begin with one, or the image is not supported.
    """
    parts = REFERENCE.fullmatch(reference)
    major = re.match(r"\d+", parts["tag"] or "") if parts else None
    if not major:
        raise Fault("Its tag must begin with PostgreSQL's version, for the data is kept under it.")
    if int(major[0]) not in POSTGRES:
        raise Fault(
            f"PostgreSQL {POSTGRES[0]} to {POSTGRES[-1]} are supported: the image of {major[0]} "
            "keeps its data elsewhere."
        )
    if parts and "alpine" in parts["tag"]:
        raise Fault(
            "Alpine's keeps the data as another user, and sorts texts in another order. Name the "
            f"image of Debian, such as {parts['name']}:{parts['tag'].partition('-')[0]}"
        )
    return int(major[0])
