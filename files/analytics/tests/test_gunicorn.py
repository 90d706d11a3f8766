"""The service as production runs it: gunicorn on a unix socket, asked by the health check."""

import http.client
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from analytics import healthcheck
from analytics.models import Event
from sqlalchemy import Engine, text

Events = Callable[[], list[Event]]

PROJECT = Path(__file__).parents[1]
VISITOR = "8.8.8.8"
BODY = '{"name": "pageview", "url": "https://blog.test/a", "domain": "blog.test"}'
HEADERS = {"Origin": "https://blog.test", "X-Real-IP": VISITOR, "X-Forwarded-For": VISITOR}


@dataclass(frozen=True)
class Service:
    """A running gunicorn."""

    socket: Path
    process: subprocess.Popen[str]
    log: Path

    def request(self, method: str, path: str, body: str = "") -> http.client.HTTPResponse:
        connection = healthcheck._UnixConnection(str(self.socket))
        connection.request(method, path, body, HEADERS)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response


def environment(**settings: str) -> dict[str, str]:
    """What the container sets, and what must have no effect: FLASK_DEBUG."""
    variables = {f"ANALYTICS_{name}": value for name, value in settings.items()}
    return variables | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT / "src"),
        "PYTHONUNBUFFERED": "1",
        "FLASK_DEBUG": "1",
    }


COMMAND = [
    *(sys.executable, "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")),
    "analytics.app:create_app()",
]


@pytest.fixture
def service(engine: Engine, tmp_path: Path) -> Iterator[Service]:
    """gunicorn with this project's configuration, in a folder of another group, as on the host."""
    if os.geteuid() == 0:
        shutil.chown(tmp_path, group="nogroup")
    tmp_path.chmod(0o2770)
    path = tmp_path / "webapp.sock"
    log = tmp_path / "log"
    url = engine.url.render_as_string(hide_password=False)
    with log.open("w") as output:
        process = subprocess.Popen(
            COMMAND,
            # Where gunicorn would put its control socket.
            env=environment(SITES="blog.test", SOCKET=str(path), DATABASE_URL=url)
            | {"XDG_RUNTIME_DIR": str(tmp_path)},
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            text=True,
        )
    deadline = time.monotonic() + 20
    while (fault := healthcheck.check(str(path))) and time.monotonic() < deadline:
        time.sleep(0.1)
    try:
        assert fault is None, log.read_text()
        yield Service(path, process, log)
    finally:
        process.kill()
        process.wait()


def test_from_start_to_stop(service: Service, events: Events, engine: Engine) -> None:
    """One run, as each start takes a second."""
    assert stat.S_IMODE(service.socket.stat().st_mode) == 0o770
    assert service.socket.stat().st_gid == service.socket.parent.stat().st_gid

    response = service.request("POST", "/api/event", BODY)
    assert response.status == 202
    (stored,) = events()
    assert (stored.path, stored.country) == ("/a", "US")

    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE alembic_version RENAME TO away"))
    try:
        assert service.request("GET", "/api/health").status == 503
        assert "behind" in (healthcheck.check(str(service.socket)) or "")
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO alembic_version"))

    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE events RENAME COLUMN path TO way"))
    try:
        assert service.request("POST", "/api/event", BODY).status == 500
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE events RENAME COLUMN way TO path"))

    assert [path.name for path in service.socket.parent.iterdir() if path != service.log] == [
        "webapp.sock"
    ], "gunicorn writes nothing but its socket"
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(10) == 0
    assert not service.socket.exists()
    log = service.log.read_text()
    assert "Traceback" in log, "a fault of ours is logged"
    assert VISITOR not in log
    assert "POST /api/event HTTP" not in log, "there is no access log"


def test_an_address_is_in_no_column(service: Service, engine: Engine) -> None:
    service.request("POST", "/api/event", BODY)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT e::text FROM events e")).scalars().all()
    assert len(rows) == 1
    assert VISITOR not in rows[0]
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", rows[0])


def test_the_path_can_not_be_rewritten_by_a_header(service: Service) -> None:
    connection = healthcheck._UnixConnection(str(service.socket))
    connection.request("GET", "/nothing", headers={"PATH_INFO": "/api/health", "SCRIPT_NAME": "/x"})
    assert connection.getresponse().status == 404
    connection.close()


def test_wrong_settings_are_told_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        COMMAND,
        env=environment(ALLOWED_ORIGINS="*", SOCKET="x", DATABASE_URL="postgresql://u@h/n"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "3 settings are wrong" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_folder_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "webapp.sock"
    done = subprocess.run(
        COMMAND,
        env=environment(SITES="a.test", SOCKET=str(path), DATABASE_URL="postgresql://u@h/n"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"can't listen on {path} (No such file or directory)" in done.stderr
    assert "Traceback" not in done.stderr


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
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert "analytics.healthcheck" in done.stdout
    assert not re.search(r"'(flask|sqlalchemy|psycopg|click)'", done.stdout)
