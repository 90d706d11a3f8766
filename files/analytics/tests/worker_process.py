"""A worker as a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from analytics.config import Settings

SOURCE = Path(__file__).parents[1] / "src"
_PATIENCE_SECONDS = 240


@contextmanager
def running(settings: Settings, tmp_path: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A worker; it is killed at the end."""
    variables = {
        "DATABASE_URL": settings.database.render_as_string(hide_password=False),
        "SITES": "blog.test,www.shop.test",
        "SPOOL": str(settings.spool),
        "VISITORS": str(settings.keys),
    }
    environment = {f"ANALYTICS_{name}": value for name, value in variables.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "analytics.worker", *arguments],
        env=environment | {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(done: Callable[[], bool]) -> None:
    """Fails when it is never done; how long that takes is the machine's affair."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, "in time"
        time.sleep(0.05)
