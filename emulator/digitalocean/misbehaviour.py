"""Misbehaving on purpose: what was ordered by the side door, and has not happened yet."""

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

# What can be ordered, and what it is.
KINDS = {
    "too-many-requests": "429 with retry-after, before anything is done",
    "server-error": "500, before anything is done",
    "bad-gateway": "502 with a page of HTML, before anything is done",
    "server-error-after": "500, and it is done all the same",
    "bad-gateway-after": "502 with a page of HTML, and it is done all the same",
    "cut-before": "the connection ends, and nothing is done",
    "cut-after": "the connection ends without an answer, and it is done all the same",
    "late": "the answer comes `seconds` later",
    "action-errors": "the next action ends as errored, and does nothing",
    "no-public-address": "a droplet that is active has no public address for `seconds`",
    "private-address-first": "a droplet's private address stands before its public one",
    "reserved-address-first": "a reserved address that leads to a droplet stands before its own",
    "listing-lags": "what is made next is in no listing for `seconds`; what is deleted, still",
    "tag-lags": "a droplet that is made next is not listed by its tag for `seconds`, but by name",
}


@dataclass
class Order:
    """One misbehaviour, `times` over, from the next request that it fits on, leaving out `after`.

    `path` may have the wildcards of a shell.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    times: int = 1
    after: int = 0
    seconds: float = 1.0


class Misbehaviour:
    """The orders that are left."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def take(self, kind: str, method: str, path: str) -> Order | None:
        """The first order of this kind that fits, counted down."""
        for order in self.orders:
            fits = fnmatchcase(method, order.method) and fnmatchcase(path, order.path)
            if order.kind != kind or not fits:
                continue
            if order.after:
                order.after -= 1
                continue
            order.times -= 1
            if order.times < 1:
                self.orders.remove(order)
            return order
        return None

    def shown(self) -> list[dict[str, Any]]:
        """What is left, as JSON."""
        return [asdict(order) for order in self.orders]
