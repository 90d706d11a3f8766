"""Listings: one page at a time, with links to the others."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from emulator.digitalocean.errors import RefusedError
from emulator.digitalocean.state import Thing, shown

MOST = 200
USUAL = 20


def _asked(name: str, default: int, most: int | None = None) -> int:
    try:
        number = int(request.args.get(name, default))
    except ValueError:
        raise RefusedError(400, f"{name} must be a number.") from None
    if number < 1 or (most and number > most):
        raise RefusedError(400, f"{name} must be from 1 to {most or 'any'}.")
    return number


def listing(
    root: str, things: Sequence[Thing], view: Callable[[Thing], Thing] = shown
) -> dict[str, Any]:
    """The page that was asked for, of `things` as `view` shows them, under the name `root`."""
    size, page = _asked("per_page", USUAL, MOST), _asked("page", 1)
    last = max(1, -(-len(things) // size))
    these = things[(page - 1) * size : page * size]

    def link(number: int) -> str:
        query = request.args.to_dict() | {"page": str(number)}
        return f"{request.base_url}?{urlencode(query)}"

    pages: dict[str, str] = {}
    if page > 1:
        pages |= {"first": link(1), "prev": link(page - 1)}
    if page < last:
        pages |= {"next": link(page + 1), "last": link(last)}
    return {
        root: [view(thing) for thing in these],
        "links": {"pages": pages} if pages else {},
        "meta": {"total": len(things)},
    }
