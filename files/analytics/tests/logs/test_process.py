"""The web process as production runs it, told by nginx's socket of requests for pages."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from analytics.spool import reader as segments
from analytics.spool.record import Dropped, Record, decode
from web_process import COMMAND, PROJECT

pytestmark = pytest.mark.integration

VISITOR = "8.8.8.8"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


class Process:
    """A running gunicorn, and nginx's end of the socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "log.sock"
        self.log = folder / "log"
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                COMMAND,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(PROJECT / "src"),
                    "ANALYTICS_SITES": json.dumps({"blog.test": {"count_from": "log"}}),
                    "ANALYTICS_SOCKET": str(folder / "webapp.sock"),
                    "ANALYTICS_SPOOL": str(folder / "spool"),
                    "ANALYTICS_VISITORS": str(folder / "keys"),
                    "ANALYTICS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
                    "XDG_RUNTIME_DIR": str(folder),
                },
                cwd=folder,
                stdout=output,
                stderr=output,
            )

    def visit(self, path: str, user_agent: str = BROWSER) -> None:
        seen = {
            **{"method": "GET", "status": "200", "host": "blog.test", "target": path},
            **{"file": "/a.html", "address": VISITOR, "User-Agent": user_agent},
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nginx:
            nginx.sendto(
                b"<190>Nov 25 00:43:19 nginx: " + json.dumps(seen).encode(), str(self.socket)
            )

    def spooled(self) -> list[Record | Dropped]:
        found = segments.segments(self.folder / "spool")
        return [decode(one) for each in found for one in segments.read(each, 0).records]

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def eventually(holds: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 20
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    if os.geteuid() == 0:
        shutil.chown(tmp_path, group="nogroup")
    tmp_path.chmod(0o2770)
    (tmp_path / "spool").mkdir()
    running = Process(tmp_path)
    try:
        # A child of the master may be another than its worker.
        assert eventually(lambda: running.socket.is_socket() and running.workers()), (
            running.log.read_text()
        )
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_page_views_are_kept_from_start_to_stop(process: Process) -> None:
    assert stat.S_IMODE(process.socket.stat().st_mode) == 0o770
    assert process.socket.stat().st_gid == process.folder.stat().st_gid
    # Before the worker is ready: the socket is the master's, and what comes waits in it.
    process.visit("/first")
    assert eventually(process.spooled), process.log.read_text()
    (worker,) = process.workers()
    os.kill(worker, signal.SIGKILL)
    process.visit("/meanwhile")
    assert eventually(lambda: len(process.spooled()) == 2), process.log.read_text()
    process.visit("/third", "Googlebot/2.1")
    process.visit("/last")
    assert eventually(lambda: len(process.spooled()) >= 3)
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(60) == 0
    records = process.spooled()
    paths = [one.path for one in records if isinstance(one, Record)]
    assert paths == ["/first", "/meanwhile", "/last"]
    assert [one.reasons for one in records if isinstance(one, Dropped)] == [{"bot: crawler": 1}]
    for path in process.folder.rglob("*"):
        if path.is_file():
            assert VISITOR.encode() not in path.read_bytes()
    assert "Traceback" not in process.log.read_text()
