"""The host's status program: what it finds, what it makes of it, and whom it tells."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest

from freehold_host import memory
from freehold_host.rows import Row
from freehold_host.trouble import Trouble
from freehold_rollout.config import Places
from freehold_status import ages, collect, events, login, looks, machine, notify, services, updates
from freehold_status.config import Config, read
from freehold_status.notify import Message
from tests.unit.settings_lab import NOW

MB = 1024 * 1024
GOOD = Row("disk", "ok", "fine")
BAD = Row("disk", "error", "It is full.", "make ssh")
MEMINFO = """\
MemTotal:         1000000 kB
MemFree:            10000 kB
MemAvailable:    {available} kB
SwapTotal:       {swap} kB
SwapFree:        {free} kB
"""


def config(root: Path, url: str = "", kind: str = "webhook") -> Config:
    return Config("blog.test", url, kind, "04:00", root)


def put(path: Path, text: str = "", age: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    at = time.time() - age
    os.utime(path, (at, at))
    return path


# ---- The machine ----


def the_machine(root: Path, available: int = 500000, swap: int = 0, free: int = 0) -> Config:
    put(root / "proc/meminfo", MEMINFO.format(available=available, swap=swap, free=free))
    put(root / "proc/uptime", "86400.00 1.00\n")
    return config(root)


def rows_of(made: Config) -> dict[str, Row]:
    return {row.what: row for row in machine.rows(made)}


@pytest.mark.parametrize(
    ("available", "state"), [(500000, "ok"), (60000, "warning"), (20000, "error")]
)
def test_memory(tmp_path: Path, available: int, state: str) -> None:
    found = rows_of(the_machine(tmp_path, available))["memory"]
    assert (found.state, found.text) == (state, f"{available // 1024} of 976 MB available")
    assert bool(found.type) == (state != "ok")


@pytest.mark.parametrize(
    ("swap", "free", "state"),
    [(0, 0, "ok"), (1000, 500, "ok"), (1000, 100, "warning"), (1000, 10, "error")],
)
def test_swap(tmp_path: Path, swap: int, free: int, state: str) -> None:
    assert rows_of(the_machine(tmp_path, swap=swap, free=free))["swap"].state == state


def test_a_disk_is_judged_by_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def statvfs(free: int, files: int) -> os.statvfs_result:
        # Blocks of 4 KB, of which a twentieth is root's own.
        return os.statvfs_result((4096, 4096, 10**7, free, free, 1000, files, files, 0, 255))

    made = the_machine(tmp_path)
    for free, files, state in (
        *((10**6, 900, "ok"), (200_000, 900, "warning"), (100_000, 900, "error")),
        *((10**6, 30, "warning"), (10**6, 10, "error")),
    ):
        monkeypatch.setattr(os, "statvfs", lambda _, f=free, n=files: statvfs(f, n))
        found = rows_of(made)["disk"]
        assert (found.state, "make ssh" in found.type) == (state, state != "ok"), found


def test_failed_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Callable[[str, str], None]
) -> None:
    made = the_machine(tmp_path)
    program("systemctl", "true")
    assert rows_of(made)["units"] == Row("units", "ok", "none has failed")
    program("systemctl", "echo freehold-rebuild.service loaded failed failed Give the images")
    found = rows_of(made)["units"]
    assert (found.state, found.text) == ("error", "freehold-rebuild.service failed.")
    assert found.type.endswith("systemctl status freehold-rebuild.service")
    program("systemctl", "echo Failed to connect to bus >&2; exit 1")
    assert "Failed to connect" in rows_of(made)["units"].text


def test_a_reboot_comes_by_itself_or_is_told(tmp_path: Path) -> None:
    made = the_machine(tmp_path)
    assert rows_of(made)["reboot"].text == "none is due"
    put(tmp_path / "run/reboot-required", age=5 * ages.HOUR)
    waiting = rows_of(made)["reboot"]
    assert (waiting.state, "04:00 UTC" in waiting.text) == ("ok", True)
    put(tmp_path / "run/reboot-required", age=3 * ages.DAY)
    assert rows_of(made)["reboot"].state == "warning"


def test_the_clock(tmp_path: Path) -> None:
    made = the_machine(tmp_path)
    assert rows_of(made)["clock"].state == "warning"
    put(tmp_path / "proc/uptime", "60.00 1.00\n")
    assert rows_of(made)["clock"].state == "ok", "It was started a minute ago."
    put(tmp_path / "proc/uptime", "86400.00 1.00\n")
    put(tmp_path / "run/systemd/timesync/synchronized", age=600)
    assert rows_of(made)["clock"] == Row("clock", "ok", "compared with others 10 minutes ago")


# ---- Updates ----

APT = """\
Inst libssl3t64 [3.5.1-1] (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])
Inst tzdata [2025b-4] (2025c-0+deb13u1 Debian:13.3/stable, Debian:13-updates/stable [all])
Inst new-kernel (6.12.57 Debian:13.3/stable [amd64])
Conf libssl3t64 (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a program into PATH, before the real one."""
    folder = tmp_path / "programs"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def place(name: str, script: str) -> None:
        put(folder / name, f"#!/bin/sh\n{script}\n").chmod(0o755)

    return place


@pytest.fixture
def apt(tmp_path: Path, program: Callable[[str, str], None]) -> Config:
    """A host whose apt has looked a moment ago, and would upgrade what APT says."""
    put(tmp_path / "var/lib/dpkg/status")
    put(tmp_path / "var/lib/apt/lists/x")
    program("apt-get", f"echo asked >>{tmp_path}/asked; cat <<'END'\n{APT}END")
    return config(tmp_path)


def test_updates_that_wait_are_counted_and_apt_is_asked_once(apt: Config) -> None:
    for _ in range(2):
        found = updates.row(apt)
        assert found.state == "ok"
        assert found.text == "2 wait, 1 of them for security; those install themselves"
    assert (apt.root / "asked").read_text() == "asked\n"
    put(apt.root / "var/lib/dpkg/status", "upgraded", age=-5)
    updates.row(apt)
    assert (apt.root / "asked").read_text() == "asked\n" * 2


def test_security_updates_that_stay_are_told(apt: Config) -> None:
    updates.row(apt)
    known = memory.load(apt.state, "updates")
    memory.store(apt.state, "updates", {**known, "since": time.time() - 4 * ages.DAY})
    assert updates.row(apt).state == "warning"
    # Another one that waits as well makes the first no younger.
    put(apt.root / "var/lib/dpkg/status", "changed", age=-5)
    assert updates.row(apt).state == "warning"


def test_updates_that_nobody_looks_for_are_told(apt: Config) -> None:
    old = time.time() - 5 * ages.DAY
    os.utime(apt.root / "var/lib/apt/lists", (old, old))
    assert updates.row(apt).text == "nobody has looked for them for 5 days."
    put(apt.root / "var/lib/apt/periodic/update-stamp")
    assert updates.row(apt).state == "ok"


# ---- The services ----


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


def test_an_upgrade_that_was_cut_off(tmp_path: Path) -> None:
    state = tmp_path / "var/lib/freehold/upgrade"
    assert list(services.upgraded(tmp_path)) == []
    memory.store(state, "upgrade", {"stage": "begun", "from": 15, "to": 17})
    (row,) = services.upgraded(tmp_path)
    assert (row.state, row.type) == ("error", "make upgrade-database")
    memory.store(state, "upgrade", {"stage": "done", "from": 15, "to": 17})
    (row,) = services.upgraded(tmp_path)
    assert (row.state, "make drop-old-database" in row.text) == ("ok", True)


# ---- Events ----


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webapp(tmp_path: Path) -> Iterator[Path]:
    """A webapp that says how the events are, at the path that the service has for it."""

    class Answer(_Quiet):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/host/status" else 404)
            self.end_headers()
            said = {"what": "events", "state": "ok", "text": "3 today", "type": ""}
            self.wfile.write(json.dumps([said]).encode())

    path = config(tmp_path).webapp
    path.parent.mkdir(parents=True)
    with ThreadingUnixStreamServer(str(path), Answer) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield path
        server.shutdown()


def test_the_webapp_says_how_events_are(tmp_path: Path, webapp: Path) -> None:
    assert events.rows(config(tmp_path)) == [Row("events", "ok", "3 today")]


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


# ---- All of it ----


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


# ---- Two looks ----


def test_one_look_is_not_enough() -> None:
    assert looks.change({}, {}, [BAD]) is None
    found = looks.change({"disk": "error"}, {}, [BAD])
    assert found
    assert (found.wrong, found.mended, found.known) == ([BAD], [], {"disk": "error"})
    assert looks.change({"disk": "error"}, {"disk": "error"}, [BAD]) is None


def test_it_is_mended_when_two_looks_say_so() -> None:
    assert looks.change({"disk": "error"}, {"disk": "error"}, [GOOD]) is None
    found = looks.change({}, {"disk": "error"}, [GOOD])
    assert found
    assert (found.wrong, found.mended, found.known) == ([], ["disk"], {})
    assert found.message("a.test").text == "disk is in order again.\nAll is in order."


def test_what_gets_worse_is_told_and_what_comes_and_goes_is_not() -> None:
    warned = Row("disk", "warning", "It fills.", "make ssh")
    known = {"disk": "warning"}
    assert looks.change({"disk": "warning"}, known, [BAD]) is None
    assert looks.change({"disk": "error"}, known, [BAD])
    before: dict[str, str] = {}
    for row in (warned, GOOD) * 5:
        assert looks.change(before, {}, [row]) is None
        before = looks.states([row])


def test_a_thing_with_two_rows_is_as_bad_as_the_worse() -> None:
    assert looks.states([Row("disk", "warning", "a"), BAD, GOOD]) == {"disk": "error"}


# ---- Who is told ----


class Listener(HTTPServer):
    """Takes what is posted."""

    taken: list[tuple[str, dict[str, str], str]]
    status = 204

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Take(_Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if server.status < 300:
                server.taken.append((self.path, dict(self.headers), body))
            self.send_response(server.status)
            self.end_headers()

    with Listener(("127.0.0.1", 0), Take) as server:
        server.taken = []
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield server
        server.shutdown()


def look(made: Config, *rows: Row) -> None:
    looks.take(made, rows)


def test_it_is_told_once_and_once_more_when_it_is_mended(
    tmp_path: Path, listener: Listener
) -> None:
    made = config(tmp_path, listener.address)
    for row in (GOOD, BAD, BAD, BAD, BAD, GOOD, GOOD, GOOD):
        look(made, row)
    told = [json.loads(body) for _, _, body in listener.taken]
    assert [one["state"] for one in told] == ["error", "ok"]
    assert told[0]["text"] == "blog.test: disk: It is full. Type: make ssh"
    assert told[0]["content"] == told[0]["text"]
    assert told[1]["text"].startswith("blog.test: disk is in order again.")


def test_a_dead_webhook_is_a_row_and_is_told_later(tmp_path: Path, listener: Listener) -> None:
    made = config(tmp_path, listener.address)
    assert [row.state for row in looks.rows(made)] == ["ok"]
    listener.status = 500
    for _ in range(3):
        look(made, BAD, *looks.rows(made))
    (row,) = looks.rows(made)
    assert (row.what, row.state) == ("notify_url", "warning")
    assert "HTTP Error 500" in row.text
    assert listener.address not in row.text, "It may be a secret."
    listener.status = 204
    for _ in range(3):
        look(made, BAD, *looks.rows(made))
    assert [json.loads(body)["state"] for _, _, body in listener.taken] == ["error"]
    assert [one.state for one in looks.rows(made)] == ["ok"]


def test_what_came_and_went_while_it_was_dead_is_not_passed_over(
    tmp_path: Path, listener: Listener
) -> None:
    made = config(tmp_path, listener.address)
    listener.status = 500
    for row in (BAD, BAD, GOOD, GOOD):
        look(made, row)
    assert [one.state for one in looks.rows(made)] == ["warning"]
    listener.status = 204
    for _ in range(3):
        look(made, GOOD)
    ((_, _, body),) = listener.taken
    told = json.loads(body)
    assert (told["state"], "notify_url is in order again." in told["text"]) == ("ok", True)


def test_who_is_named_later_is_told_what_is_wrong_then(tmp_path: Path, listener: Listener) -> None:
    for url in ("", "", "", listener.address, listener.address):
        look(config(tmp_path, url), BAD)
    assert [json.loads(body)["state"] for _, _, body in listener.taken] == ["error"]


def test_a_webhook_that_nobody_answers(tmp_path: Path) -> None:
    made = config(tmp_path, "http://127.0.0.1:9/hook")
    look(made, BAD)
    look(made, BAD)
    (row,) = looks.rows(made)
    assert "Connection refused" in row.text
    assert looks.rows(config(tmp_path)) == [], "Nobody is to be told."


def test_ntfy_gets_words_and_a_title(tmp_path: Path, listener: Listener) -> None:
    made = config(tmp_path, listener.address, "ntfy")
    look(made, BAD)
    look(made, BAD)
    ((_, headers, body),) = listener.taken
    assert (headers["Title"], headers["Priority"]) == ("blog.test", "high")
    assert body == "disk: It is full. Type: make ssh"


def test_healthchecks_gets_a_sign_of_life_at_each_look(tmp_path: Path, listener: Listener) -> None:
    made = config(tmp_path, listener.address, "healthchecks")
    for row in (GOOD, BAD, BAD, BAD, GOOD, GOOD, GOOD):
        look(made, row)
    paths = [path for path, _, _ in listener.taken]
    assert paths == ["/hook"] * 2 + ["/hook/fail"] * 3 + ["/hook"] * 2


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("sftp:anna@backup.example:/srv is not reached", "… is not reached"),
        ("203.0.113.7 and 2001:db8::7 do not answer", "… and … do not answer"),
        (
            "nginx:1.30.6 since 04:00, 9 of 72 MB. Type: x",
            "nginx:1.30.6 since 04:00, 9 of 72 MB. Type: x",
        ),
    ],
)
def test_nothing_personal_is_told(tmp_path: Path, listener: Listener, text: str, left: str) -> None:
    made = config(tmp_path, listener.address, "ntfy")
    for _ in range(2):
        look(made, Row("backup", "error", text))
    ((_, _, body),) = listener.taken
    assert body == f"backup: {left}"


def test_a_long_story_is_cut(tmp_path: Path, listener: Listener) -> None:
    made = config(tmp_path, listener.address, "ntfy")
    notify.post(made, Message("a.test", "error", "x" * 9999))
    assert len(listener.taken[0][2]) <= 2000


# ---- Who logs in ----


def test_a_login_has_three_lines_without_an_address(tmp_path: Path) -> None:
    made = config(tmp_path)
    certificate = Row("certificate", "ok", "203.0.113.7: 61 days left")
    full = Row("memory", "error", "A long story.", "make ssh")
    release = Row("release", "ok", "abc123, 2026-11-26 19:30 UTC, by anna@pc")
    login.write(made, [full, certificate, GOOD, release])
    first, second, third = made.login.read_text().splitlines()
    assert first == "blog.test: out of order: memory. Type: freehold-status"
    assert (
        second == "release: abc123, 2026-11-26 19:30 UTC, by anna@pc; certificate: …: 61 days left"
    )
    assert third.startswith("disk: fine (20")
    login.write(made, [GOOD])
    assert made.login.read_text().startswith("blog.test: all is in order.\n")
