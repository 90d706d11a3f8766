"""Logs that are not in one place are not asked for at once."""

import subprocess
import sys

import pytest

from settings.paths import PROJECT


@pytest.mark.parametrize("asked", [["nginx", "errors"], ["errors", "db"], ["errors", "errors"]])
def test_errors_are_asked_for_alone(asked: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.logs", *asked],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "make logs SERVICE=errors" in done.stderr
