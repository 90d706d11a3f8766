"""What a person sees while something takes long."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """Print a line at once, also into a pipe or a log."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Announce `name`, and say afterwards how long it took."""
    say(f"--> {name} …")
    start = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - start:.0f} s")
