"""The service as production runs it: gunicorn on a unix socket, asked by the health check."""

import http.client
import os
import random
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from analytics import doorway, healthcheck
from analytics.spool import reader as segments
from analytics.spool.record import Dropped, Record, decode
from sqlalchemy import Engine, text
from web_process import COMMAND, PROJECT, UnixConnection

pytestmark = pytest.mark.integration

VISITOR = "8.8.8.8"
BODY = '{"name": "pageview", "url": "https://blog.test/a", "domain": "blog.test"}'
HEADERS = {"Origin": "https://blog.test", "X-Real-IP": VISITOR, "X-Forwarded-For": VISITOR}
BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass(frozen=True)
class Service:
    """A running gunicorn."""

    socket: Path
    process: subprocess.Popen[str]
    log: Path

    def request(
        self, method: str, path: str, body: str = "", headers: dict[str, str] = BROWSER
    ) -> http.client.HTTPResponse:
        with closing(UnixConnection(self.socket, 30)) as connection:
            connection.request(method, path, body, HEADERS | headers)
            response = connection.getresponse()
            response.read()
        return response

    def spooled(self) -> list[Record | Dropped]:
        found = segments.segments(self.socket.parent / "spool")
        return [decode(one) for each in found for one in segments.read(each, 0).records]


def environment(**settings: str) -> dict[str, str]:
    """What the container sets, and what must have no effect: FLASK_DEBUG."""
    variables = {f"ANALYTICS_{name}": value for name, value in settings.items()}
    return variables | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT / "src"),
        "PYTHONUNBUFFERED": "1",
        "FLASK_DEBUG": "1",
    }


@pytest.fixture
def service(engine: Engine, tmp_path: Path) -> Iterator[Service]:
    """gunicorn with this project's configuration, in a folder of another group, as on the host."""
    if os.geteuid() == 0:
        shutil.chown(tmp_path, group="nogroup")
    tmp_path.chmod(0o2770)
    (tmp_path / "spool").mkdir()
    with running(engine, tmp_path) as made:
        deadline = time.monotonic() + 120
        while (fault := healthcheck.check(str(made.socket))) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert fault is None, made.log.read_text()
        yield made


@contextmanager
def running(engine: Engine, tmp_path: Path, host: str = "") -> Iterator[Service]:
    """A gunicorn in `tmp_path`; with a `host`, on a machine of that name, as in a container."""
    path = tmp_path / "webapp.sock"
    log = tmp_path / f"log{host}"
    url = engine.url.render_as_string(hide_password=False)
    renamed = ["unshare", "--uts", "sh", "-c", f'hostname {host} && exec "$@"', "sh"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*(renamed if host else []), *COMMAND],
            # Where gunicorn would put its control socket.
            env=environment(
                SITES="blog.test",
                SOCKET=str(path),
                SPOOL=str(tmp_path / "spool"),
                VISITORS=str(tmp_path / "keys"),
                DATABASE_URL=url,
            )
            | {"XDG_RUNTIME_DIR": str(tmp_path)},
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            text=True,
        )
    try:
        yield Service(path, process, log)
    finally:
        process.kill()
        process.wait()


def test_from_start_to_stop(service: Service, engine: Engine) -> None:
    """One run, as each start takes a second."""
    folder = service.socket.parent
    assert stat.S_IMODE(service.socket.stat().st_mode) == 0o770
    assert service.socket.stat().st_gid == folder.stat().st_gid

    response = service.request("POST", "/api/event", BODY)
    assert response.status == 202
    (record,) = service.spooled()
    assert isinstance(record, Record)
    assert (record.path, record.country, record.browser) == ("/a", "US", "Firefox")
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700

    assert service.request("GET", f"/api/health?{'x' * 8150}").status == 200, "as nginx takes it"

    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE alembic_version RENAME TO away"))
    try:
        assert service.request("GET", "/api/health").status == 503
        assert "behind" in (healthcheck.check(str(service.socket)) or "")
        assert service.request("POST", "/api/event", BODY).status == 202
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO alembic_version"))

    response = service.request("POST", "/api/event", BODY, {"User-Agent": "python-requests/2.32"})
    assert response.getheader("x-plausible-dropped") == "1"

    names = {path.name for path in folder.iterdir() if path != service.log}
    socket_of_its_own = doorway.own(service.socket).name
    assert names == {"webapp.sock", socket_of_its_own, "spool", "keys"}, "and nothing else"
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(60) == 0
    assert not service.socket.exists()
    reasons = [one.reasons for one in service.spooled() if isinstance(one, Dropped)]
    assert reasons == [{"bot: library": 1}], "what was in memory is spooled at the end"
    (segment,) = segments.segments(folder / "spool")
    assert segments.read(segment, 0).sealed
    log = service.log.read_text()
    assert VISITOR not in log
    assert "Traceback" not in log
    assert "POST /api/event HTTP" not in log, "there is no access log"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a process another host name")
def test_another_takes_the_traffic_without_a_request_that_fails(
    service: Service, engine: Engine
) -> None:
    """As a redeploy does it (files/lib/freehold_rollout), under requests that never cease."""
    folder = service.socket.parent
    own = folder / "f1ee4a11c0de.webapp.sock"
    statuses: list[int] = []
    stopping = threading.Event()

    def visit(thread: int) -> None:
        for number in count():
            if stopping.is_set():
                return
            body = BODY.replace("/a", f"/{thread}/{number}")
            statuses.append(service.request("POST", "/api/event", body).status)

    with running(engine, folder, "f1ee4a11c0de0000") as newer, ThreadPoolExecutor(4) as threads:
        visitors = [threads.submit(visit, thread) for thread in range(4)]
        try:
            deadline = time.monotonic() + 120
            while healthcheck.check(str(own)):
                assert time.monotonic() < deadline, newer.log.read_text()
                time.sleep(0.1)
            assert service.socket.readlink().name == doorway.own(service.socket).name
            (folder / "switched").symlink_to(own.name)
            (folder / "switched").replace(service.socket)
            while len(statuses) < 100:
                assert time.monotonic() < deadline, "Hardly an event is taken."
                time.sleep(0.1)
            time.sleep(1)
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(60) == 0
            before = len(statuses)
            time.sleep(0.5)
        finally:
            stopping.set()
        for visitor in visitors:
            visitor.result()
        assert len(statuses) > before
        assert set(statuses) == {202}
        newer.process.send_signal(signal.SIGTERM)
        assert newer.process.wait(60) == 0
    paths = [one.path for one in service.spooled() if isinstance(one, Record)]
    assert len(set(paths)) == len(paths) == len(statuses)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a process another host name")
def test_a_name_that_leads_to_nobody_is_taken_by_who_is_ready(
    service: Service, engine: Engine
) -> None:
    """After a boot, or when who served was removed by hand."""
    kill_all(service.process)
    service.process.wait()
    with running(engine, service.socket.parent, "f1ee4a11c0de") as newer:
        deadline = time.monotonic() + 120
        while healthcheck.check(str(service.socket)):
            assert time.monotonic() < deadline, newer.log.read_text()
            time.sleep(0.1)
        assert service.socket.readlink().name == "f1ee4a11c0de.webapp.sock"


@pytest.mark.parametrize("attempt", range(2))
def test_what_was_acknowledged_outlives_kill_9(service: Service, attempt: int) -> None:
    seed = time.time_ns()
    print(f"attempt {attempt}, seed {seed}")
    moment = random.Random(seed).uniform(0, 0.3)  # noqa: S311 - a moment, no secret
    acknowledged: list[str] = []

    def visit(thread: int) -> None:
        for number in count():
            path = f"/{thread}/{number}"
            try:
                if service.request("POST", "/api/event", BODY.replace("/a", path)).status == 202:
                    acknowledged.append(path)
            except (OSError, http.client.HTTPException):
                return

    with ThreadPoolExecutor(4) as threads:
        for thread in range(4):
            threads.submit(visit, thread)
        deadline = time.monotonic() + 10
        while not acknowledged and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moment)
        kill_all(service.process)
    stored = [record.path for record in service.spooled() if isinstance(record, Record)]
    assert acknowledged
    assert set(acknowledged) <= set(stored)
    assert len(set(stored)) == len(stored) <= len(acknowledged) + 4


def kill_all(process: subprocess.Popen[str]) -> None:
    """The master with its worker, at once, as a power cut does."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    for pid in [process.pid, *map(int, listed.split())]:
        os.kill(pid, signal.SIGKILL)


def test_an_address_is_in_no_file(service: Service) -> None:
    assert service.request("POST", "/api/event", BODY).status == 202
    files = [path for path in service.socket.parent.rglob("*") if path.is_file()]
    # In the day's last half hour there is tomorrow's key too.
    assert {path.parent.name for path in files} == {service.socket.parent.name, "keys", "spool"}
    for path in files:
        assert VISITOR.encode() not in path.read_bytes()


def test_the_path_can_not_be_rewritten_by_a_header(service: Service) -> None:
    connection = UnixConnection(service.socket, 30)
    connection.request("GET", "/nothing", headers={"PATH_INFO": "/api/health", "SCRIPT_NAME": "/x"})
    assert connection.getresponse().status == 404
    connection.close()


def test_wrong_settings_are_told_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        COMMAND,
        env=environment(SPOOL="y", SOCKET="x", DATABASE_URL="postgresql://u@h/n"),
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
    assert f"can't listen on {doorway.own(path)} (No such file or directory)" in done.stderr
    assert "Traceback" not in done.stderr
