"""What stays out of order from one look to the next, and whether the owner knows.

A single look may fall into a deploy or a reboot, so what counts is what two in a row have seen.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from freehold_host import memory
from freehold_host.rows import STATES, Row, worst
from freehold_host.trouble import Trouble
from freehold_status import ages, notify
from freehold_status.config import Config
from freehold_status.notify import Message

_NAME = "looks"
_NOTIFY = "notify_url"
States = Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """What the owner does not know yet, and what is known from then on."""

    wrong: list[Row]
    """Rows that stay out of order, the new ones and the old ones."""
    mended: list[str]
    known: dict[str, str]

    def message(self, domain: str) -> Message:
        """In words."""
        said = [f"{one} is in order again." for one in self.mended]
        said += [
            f"{row.what}: {row.text}{f' Type: {row.type}' if row.type else ''}"
            for row in self.wrong
        ]
        if not self.known:
            said.append("All is in order.")
        state = worst(self.known.values())
        return Message(domain, state, notify.impersonal("\n".join(said)))


def states(rows: Sequence[Row]) -> dict[str, str]:
    """The worst state of each thing that is out of order."""
    found: dict[str, str] = {}
    for row in rows:
        if row.state != "ok":
            found[row.what] = worst((found.get(row.what, "ok"), row.state))
    return found


def change(before: States, known: States, rows: Sequence[Row]) -> Change | None:
    """What is to be told after a look, if anything is.

    + before: what the look before has seen out of order
    + known: what the owner was told to be out of order
    """
    now = states(rows)
    steady = {
        what: _steady(*(seen.get(what, "ok") for seen in (before, now, known)))
        for what in {*before, *now, *known}
    }
    after = {what: state for what, state in steady.items() if state != "ok"}
    if after == known:
        return None
    return Change(
        wrong=[row for row in rows if row.state != "ok" and row.what in after],
        mended=sorted(known.keys() - after.keys()),
        known=after,
    )


def _steady(before: str, now: str, known: str) -> str:
    """What two looks agree on; `known` where they don't.

    That it is out of order they agree on, too, if one of them calls it worse than the other.
    """
    if (before == "ok") != (now == "ok"):
        return known
    low, high = sorted((before, now), key=STATES.index)
    return known if known in (low, high) else high


def take(config: Config, rows: Sequence[Row]) -> None:
    """Remember a look, and tell what has changed; a webhook that is dead is asked again."""
    # Whether it can be told, it can't be told.
    rows = [row for row in rows if row.what != _NOTIFY]
    seen = _seen(config)
    before, known, fault = (seen.get(name, {}) for name in ("before", "known", "fault"))
    found = change(before, known, rows)
    try:
        # Whoever is named later is told what is out of order then.
        if config.notify_url:
            _tell(config, found, known, rows, was_dead=bool(fault))
            known = found.known if found else known
        fault = {}
    except Trouble as trouble:
        fault = {"at": fault.get("at", time.time()), "why": str(trouble)}
    after = {"before": states(rows), "known": known, "fault": fault}
    memory.store(config.memory, _NAME, after)
    # That the disk is full is told, too.
    with contextlib.suppress(OSError):
        memory.store(config.state, _NAME, after)


def _seen(config: Config) -> dict[str, Any]:
    return memory.load(config.memory, _NAME) or memory.load(config.state, _NAME)


def _tell(
    config: Config, found: Change | None, known: States, rows: Sequence[Row], *, was_dead: bool
) -> None:
    # Whoever waits for a sign of life gets one at each look; and what came and went while nobody
    # answered is not passed over in silence.
    if not found and (was_dead or config.notify_kind == "healthchecks"):
        wrong = [row for row in rows if row.what in known and row.state != "ok"]
        found = Change(wrong, [_NOTIFY] if was_dead else [], dict(known))
    if found:
        notify.post(config, found.message(config.domain))


def rows(config: Config) -> list[Row]:
    """Whether the owner can be told at all."""
    if not config.notify_url:
        return []
    fault = _seen(config).get("fault", {})
    if not fault:
        return [Row(_NOTIFY, "ok", "was reached when there was something to tell")]
    text = f"{fault['why']} So it has been for {ages.words(time.time() - fault['at'])}."
    return [Row(_NOTIFY, "warning", text, "make deploy, after notify_url is mended")]
