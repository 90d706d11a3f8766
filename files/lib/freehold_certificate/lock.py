"""One at a time: the owner, a deploy, certbot's timer and its hook may all come at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from freehold_certificate.config import Config


@contextmanager
def alone(config: Config, name: str) -> Iterator[None]:
    """Hold the lock of that name, after whoever holds it."""
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (config.state / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
