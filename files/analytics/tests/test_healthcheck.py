"""The container's health check: exit code 1 with the reason. The rest is in test_gunicorn.py."""

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from analytics import healthcheck

SCRIPT = Path(healthcheck.__file__)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Path]:
    """A webapp's own socket, whose service never answers."""
    path = tmp_path / f"{socket.gethostname()[:12]}.silent.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


def test_the_health_check_gives_the_reason(
    silent: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(healthcheck, "_SECONDS", 0.2)
    monkeypatch.setattr(healthcheck, "_PATIENCE", 0.0)
    for name, reason in (("silent.sock", "timed out"), ("none", "No such file")):
        monkeypatch.setenv("ANALYTICS_SOCKET", str(silent.with_name(name)))
        assert healthcheck.main() == 1
        assert reason in capsys.readouterr().err


def test_a_service_that_starts_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"{socket.gethostname()[:12]}.starting.sock"
    monkeypatch.setenv("ANALYTICS_SOCKET", str(tmp_path / "starting.sock"))

    def start() -> None:
        time.sleep(0.7)
        listener.bind(str(path))
        listener.listen()
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n{}")

    with socket.socket(socket.AF_UNIX) as listener:
        thread = threading.Thread(target=start)
        thread.start()
        assert healthcheck.main() == 0
        thread.join()


def test_the_health_check_is_a_script_that_needs_nothing_else(silent: Path) -> None:
    """It runs beside the service, within its memory limit: as the Dockerfile calls it."""
    load = f"exec(open({str(SCRIPT)!r}).read(), {{'__name__': ''}})"
    code = f"import sys; {load}; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True
    )
    assert "socket" in done.stdout
    assert not re.search(r"'(analytics|flask|http|email|ssl|typing|re)'", done.stdout)


@pytest.mark.parametrize("answer", [b"", b"\xff\r\n\r\n", b"HTTP/1.0 503 No\r\n\r\n{}", b"200"])
def test_an_answer_that_is_not_well_is_told(silent: Path, answer: bytes) -> None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(silent.with_name("answering.sock")))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        assert healthcheck.check(str(silent.with_name("answering.sock")))
        thread.join()
