"""What this program remembers from one run to the next."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from freehold_certificate.config import Config
from freehold_host.memory import load, store

_NAME = "order"
# How long to wait after the first failed order, the second, and so on.
WAITS = [timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 720, 1440)]


@dataclass(frozen=True)
class Memory:
    """The last failure, in words and when; after how many in a row; and what the owner was told."""

    why: str = ""
    at: float = 0
    count: int = 0
    until: float = 0
    # What was asked for: with other names or another authority it is another order.
    order: str = ""

    def failed(self, why: str, order: str, now: datetime, until: datetime | None) -> "Memory":
        """After one more failure. `until` is when the authority itself said to come back."""
        count = self.count + 1 if order == self.order else 1
        wait = now + WAITS[min(count, len(WAITS)) - 1]
        again = max(wait, until) if until else wait
        return Memory(why, now.timestamp(), count, again.timestamp(), order)

    def waits(self, order: str, now: datetime) -> datetime | None:
        """Until when nothing is to be asked; None when it may be."""
        if order != self.order or now.timestamp() >= self.until:
            return None
        return datetime.fromtimestamp(self.until, UTC)


def key(config: Config) -> str:
    """What an order is known by."""
    return " ".join([config.server, config.profile, config.key_type, *sorted(config.names)])


def recall(config: Config) -> Memory:
    known = {
        name: value for name, value in load(config.state, _NAME).items() if name in asdict(Memory())
    }
    return replace(Memory(), **known)


def remember(config: Config, change: Callable[[Memory], Memory]) -> Memory:
    after = change(recall(config))
    store(config.state, _NAME, asdict(after))
    return after


def forget(config: Config) -> None:
    """After an order that succeeded, or where there is nothing to order any more."""
    remember(config, lambda _: Memory())
