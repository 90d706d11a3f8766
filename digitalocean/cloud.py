"""One account at Digital Ocean: what there is, and making things there exactly once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from digitalocean.client import Client
from digitalocean.errors import CloudError, RefusedError, UnsureError
from digitalocean.facts import Facts
from digitalocean.notes import Notes
from digitalocean.waiting import Waiting

Json = dict[str, Any]
Found = TypeVar("Found")

# Seconds between looks at a list that may lag behind: to the end of a note (digitalocean/notes.py).
LOOKS = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 12.0)
# Of an action: at first often, for most take seconds.
POLLS = (2.0, 2.0, 3.0, 3.0, 5.0)
ACTION_SECONDS = 900.0
ATTEMPTS = 3


class Cloud:
    """What operations act on. `say` tells the owner how it goes."""

    def __init__(self, client: Client, folder: Path, name: str, say: Callable[[str], None]) -> None:
        self.client = client
        self.facts = Facts(client)
        self.notes = Notes(folder, name, client.now)
        self.folder = folder
        self.say = say

    def made(
        self,
        what: str,
        path: str,
        body: Json,
        look: Callable[[], Found | None],
        keep: Callable[[Json], None],
        fine_if: str = "",
        known: Json | None = None,
    ) -> None:
        """Make `what` by a POST of `body`, unless an earlier request already did.

        `look` asks the API anew whether it is there, `keep` takes in the answer. It is sent again
        only after no list had it for longer than any was seen to lag; what is `known` of before is
        noted for the next run. A refusal that has the words `fine_if` says that it is there, though
        no list may have it yet.
        """
        if self.notes.is_fresh(what):
            self.say(f"    {what} was asked for a moment ago: looking whether it is there …")
            if self._is_seen(what, look):
                return
        for attempt in range(ATTEMPTS):
            self.notes.begin(what, **(known or {}))
            try:
                keep(self.client.post(path, body))
            except RefusedError as error:
                if fine_if and fine_if in error.words and self._is_seen(what, look):
                    return
                self.notes.forget(what)
                raise
            except UnsureError as error:
                self.say(f"    {error.message} Looking whether {what} was made …")
                # What went before may have taken minutes of the note's time.
                self.notes.begin(what, **(known or {}))
                if self._is_seen(what, look):
                    return
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return

    def _is_seen(self, what: str, look: Callable[[], Found | None]) -> bool:
        """Whether `look` finds it before it is certain that it was never made."""
        waiting = self.waiting(f"Looking for {what}")
        patience = self.notes.left(what)
        pauses = iter(LOOKS)
        while look() is None:
            if waiting.waited >= patience:
                return False
            pause = next(pauses, LOOKS[-1])
            waiting.pause(min(pause, patience - waiting.waited), "in no list yet")
        return True

    def act(self, path: str, body: Json, what: str, is_done: Callable[[], bool]) -> None:
        """Begin an action and wait for its end; `is_done` looks whether it is as wanted."""
        for attempt in range(ATTEMPTS):
            try:
                action = self.client.post(path, body)["action"]["id"]
            except UnsureError:
                if is_done():
                    return
                if attempt == ATTEMPTS - 1:
                    raise
            except RefusedError as error:
                # Another action of the same droplet or address has to end first.
                if "pending event" not in error.words or attempt == ATTEMPTS - 1:
                    raise
                self.client.sleep(LOOKS[-1])
            else:
                self.follow(action, what)
                return

    def follow(self, action: int, what: str) -> None:
        """Wait for the end of an action. Raises CloudError with its id when it went wrong."""
        waiting = self.waiting(what)
        polls = iter(POLLS)
        while True:
            status = self.client.get(f"/v2/actions/{action}")["action"]["status"]
            if status == "completed":
                return
            if status == "errored":
                raise CloudError(
                    f"Digital Ocean could not finish this: {what} (action {action}). Try again; "
                    "if it stays so, name that action to their support."
                )
            if waiting.waited >= ACTION_SECONDS:
                raise CloudError(
                    f"{what}: not finished after {waiting.waited:.0f} s (action {action}). Type "
                    "the same again: it goes on from there."
                )
            waiting.pause(next(polls, POLLS[-1]), status)

    def waiting(self, what: str) -> Waiting:
        """Begin to wait for `what`."""
        return Waiting(self.client.sleep, self.say, what)
