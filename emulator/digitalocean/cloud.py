"""The emulated account and what acts on it: what each request is answered from."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from flask import current_app, request

from emulator.digitalocean.addresses import Addresses
from emulator.digitalocean.limits import Limits
from emulator.digitalocean.machines import Machines
from emulator.digitalocean.misbehaviour import Misbehaviour
from emulator.digitalocean.state import State, Thing
from emulator.digitalocean.tokens import Tokens

# The real ones take about a minute to create a droplet and seconds to move an address.
ACTION_SECONDS = 2.0
# What a new account may have.
DROPLETS = 3
RESERVED_IPS = 3
EMAIL = "owner@blog.test"


@dataclass
class Cloud:
    """One account, kept in `folder`."""

    folder: Path
    machines: Machines
    action_seconds: float = ACTION_SECONDS
    droplet_limit: int = DROPLETS
    reserved_ip_limit: int = RESERVED_IPS
    # The only one that it knows to be the owner's.
    email: str = EMAIL
    limits: Limits = field(default_factory=Limits)
    # A test's moves on when its client waits.
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state = State(self.folder / "state.json")
        self.tokens = Tokens(self.folder / "tokens.json")
        self.addresses = Addresses(self.folder)
        self.misbehaviour = Misbehaviour()
        self._ghosts: list[tuple[str, Thing, float]] = []
        # What was asked of the API, for those who count.
        self.requests: list[Thing] = []
        # One request at a time: what it sees of the account is what is true.
        self.lock = threading.RLock()

    def add(self, kind: str, identifier: object, thing: Thing) -> Thing:
        """Have one thing more; it may be told to be in no listing at first."""
        lag = self.misbehaviour.take("listing-lags", request.method, request.path)
        thing["_listed_from"] = self.now + (lag.seconds if lag else 0)
        self.state[kind][str(identifier)] = thing
        return thing

    def listed(self, kind: str) -> list[Thing]:
        """The things of a kind that a listing knows of."""
        self._ghosts = [ghost for ghost in self._ghosts if ghost[2] > self.now]
        gone = [thing for of, thing, _ in self._ghosts if of == kind]
        there = [each for each in self.state[kind].values() if each["_listed_from"] <= self.now]
        return [*there, *gone]

    def remove(self, kind: str, identifier: object) -> None:
        """Have one thing less; listings may be told to show it for a while yet."""
        thing = self.state[kind].pop(str(identifier))
        lag = self.misbehaviour.take("listing-lags", request.method, request.path)
        if lag:
            self._ghosts.append((kind, thing, self.now + lag.seconds))

    @property
    def now(self) -> float:
        return self.clock()


def cloud() -> Cloud:
    """The account of the request at hand."""
    return cast(Cloud, current_app.extensions["cloud"])
