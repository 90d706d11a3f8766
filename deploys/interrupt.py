"""What Ctrl-C does to a run: pyinfra ends with 0, and who waits for it would take that for done."""

import signal
import sys
from types import FrameType

INTERRUPTED = 130


def _end(_number: int, _frame: FrameType | None) -> None:
    print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
    sys.exit(INTERRUPTED)


def fail_when_interrupted() -> None:
    """From now on, an interrupted run ends with what shells call interrupted."""
    signal.signal(signal.SIGINT, _end)
