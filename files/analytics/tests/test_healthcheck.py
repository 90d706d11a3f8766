"""The container's health check: exit code 1 with the reason. The rest is in test_gunicorn.py."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from analytics import healthcheck

SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Path]:
    """A socket whose service never answers."""
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


def test_the_health_check_gives_the_reason(
    silent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(healthcheck, "_SECONDS", 0.2)
    for path, reason in ((silent, "timed out"), (silent.with_name("none"), "No such file")):
        monkeypatch.setenv("ANALYTICS_SOCKET", str(path))
        assert healthcheck.main() == 1
        assert reason in capsys.readouterr().err


def test_the_health_check_loads_neither_flask_nor_sqlalchemy() -> None:
    """It runs twice a minute beside the service, within its memory limit."""
    code = "import sys, analytics.healthcheck; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "analytics.healthcheck" in done.stdout
    assert not re.search(r"'(flask|sqlalchemy|psycopg|click)'", done.stdout)
