"""Waiting for the other side: how long it is, and a word to the owner every ten seconds."""

from collections.abc import Callable

TELL_EVERY = 10.0


class Waiting:
    """One wait, for `what`."""

    def __init__(
        self, sleep: Callable[[float], None], say: Callable[[str], None], what: str
    ) -> None:
        self.waited = 0.0
        self._sleep = sleep
        self._say = say
        self._what = what
        self._told = 0.0

    def pause(self, seconds: float, state: str) -> None:
        """Wait a little more; `state` is how it stands now."""
        if self.waited - self._told >= TELL_EVERY:
            self._say(f"    {self._what}: {state} for {self.waited:.0f} s …")
            self._told = self.waited
        self._sleep(seconds)
        self.waited += seconds
