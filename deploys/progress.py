"""How long each operation took, said of those that one waits for."""

import time

from pyinfra import logger, state
from pyinfra.api.state import BaseStateCallback, State
from typing_extensions import override

WORTH_SAYING = 5.0


class _Stopwatch(BaseStateCallback):
    started = 0.0

    @staticmethod
    @override
    def operation_start(state: State, op_hash: str) -> None:
        _Stopwatch.started = time.monotonic()

    @staticmethod
    @override
    def operation_end(state: State, op_hash: str) -> None:
        took = time.monotonic() - _Stopwatch.started
        if took >= WORTH_SAYING:
            logger.info(f"    took {took:.0f} s")


def say_how_long() -> None:
    """From now on, say of each operation over five seconds how long it took."""
    if not any(isinstance(handler, _Stopwatch) for handler in state.callback_handlers):
        state.add_callback_handler(_Stopwatch())
