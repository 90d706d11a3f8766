"""Referrer spam: sites that visit others only to be seen in their statistics."""

from functools import cache
from importlib.resources import files

_LIST = "vendor/referrer-spam-list/spammers.txt"


def spam_referrer(host: str) -> bool:
    """Whether a host, or a domain that it belongs to, is a known spammer's."""
    labels = host.lower().rstrip(".").split(".")
    # The DNS has at most 127 labels.
    return len(labels) <= 127 and any(
        ".".join(labels[start:]) in _spammers() for start in range(len(labels) - 1)
    )


@cache
def _spammers() -> frozenset[str]:
    """The list in both spellings of a name: browsers send international ones as xn--."""
    lines = files("analytics").joinpath(_LIST).read_text(encoding="utf-8").split()
    return frozenset(lines) | {name.encode("idna").decode() for name in lines}
