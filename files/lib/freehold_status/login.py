"""Three lines for who logs in, kept ready: nobody waits for them at a prompt."""

import time
from collections.abc import Sequence

from freehold_host.rows import Row
from freehold_status.config import Config
from freehold_status.notify import without_addresses

_SECOND = ("release", "events", "spool", "certificate")
_THIRD = ("disk", "memory", "updates", "reboot", "backup")


def lines(domain: str, rows: Sequence[Row]) -> list[str]:
    """How it is; what is done and when; what is left."""
    wrong = [row for row in rows if row.state != "ok"]
    first = f"{domain}: all is in order."
    if wrong:
        names = ", ".join(dict.fromkeys(row.what for row in wrong))
        first = f"{domain}: out of order: {names}. Type: freehold-status"
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return [first, _of(rows, _SECOND), f"{_of(rows, _THIRD)} ({at})"]


def _of(rows: Sequence[Row], chosen: Sequence[str]) -> str:
    # What is out of order has its name in the first line, and may be long.
    known = {row.what: row for row in rows if row.what in chosen and row.state == "ok"}
    told = [f"{name}: {known[name].text.rstrip('.')}" for name in chosen if name in known]
    return without_addresses("; ".join(told))


def write(config: Config, rows: Sequence[Row]) -> None:
    """Whole or not at all, for somebody may log in at this moment."""
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = config.login.with_suffix(".new")
    new.write_text("".join(f"{line}\n" for line in lines(config.domain, rows)))
    new.replace(config.login)
