"""What this machine works at while its connections live on."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import gevent

P = ParamSpec("P")
T = TypeVar("T")


def aside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a thread of the system's own, and wait for it.

    gevent has made all other threads one with ours: no word would be said on a connection while
    we compress or hash, and a host takes who is silent for gone (deploys/lock.py). `function` is
    to ask no host.
    """

    raised: list[Exception] = []

    def caught() -> T | None:
        try:
            return function(*args, **kwargs)
        # What that thread raises itself, gevent prints with its traceback.
        except Exception as error:
            raised.append(error)
            return None

    result: T = gevent.get_hub().threadpool.apply(caught)
    if raised:
        raise raised[0]
    return result
