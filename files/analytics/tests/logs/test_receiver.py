"""Page views that come by the socket, and floods of them."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from analytics.config import Settings
from analytics.logs import datagram
from analytics.logs.backlog import Backlog
from analytics.logs.receiver import Receiver
from analytics.spool.record import Dropped
from analytics.spool.writer import SpoolFullError
from analytics.taking.intake import Intake
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Spooled = Callable[..., list[Any]]
BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SEEN = {
    **{"method": "GET", "status": "200", "host": "blog.test", "target": "/a", "file": "/a.html"},
    **{"address": "8.8.8.8", "User-Agent": BROWSER},
}


class Door:
    """A receiver with its intake, and nginx's end of the socket."""

    def __init__(self, settings: Settings, path: Path) -> None:
        self.intake = Intake(settings)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(path))
        self._nginx = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._nginx.connect(str(path))
        self.receiver = Receiver(settings, self.intake, self._listener)

    def send(self, data: bytes = b"", **values: str) -> None:
        named = {name.replace("_", "-"): value for name, value in values.items()}
        self._nginx.send(
            data or b"<190>Nov 25 00:43:19 nginx: " + json.dumps(SEEN | named).encode()
        )

    def finish(self) -> None:
        """Start, stop, and seal the spool: what was sent before is kept."""
        self.receiver.start()
        self.receiver.stop()
        self.intake.close()

    def close(self) -> None:
        self._listener.close()
        self._nginx.close()


@pytest.fixture
def door(app: Flask, spooled: Spooled, tmp_path: Path) -> Iterator[Door]:
    old: Settings = app.extensions["settings"]
    blog, shop = old.sites
    made = Door(replace(old, sites=(shop, replace(blog, count_from="log"))), tmp_path / "log.sock")
    yield made
    made.close()


def test_a_page_view_is_kept_and_a_mark_is_the_script_s(door: Door, spooled: Spooled) -> None:
    door.send(target="/a?utm_source=fb", Accept_Language="de-AT,de", Referer="https://x.test/y")
    door.finish()
    (record,) = spooled()
    assert (record.path, record.country, record.browser) == ("/a", "US", "Firefox")
    assert (record.language, record.source, record.referrer) == ("de", "Facebook", "x.test/y")
    assert record.visitor != 0


def test_who_is_not_counted_is_counted_by_reason(door: Door, spooled: Spooled) -> None:
    door.send(User_Agent="Googlebot/2.1")
    door.send(User_Agent="curl/8.0")
    door.send(DNT="1")
    door.send(own="1")
    door.send(Sec_Purpose="prefetch;prerender")
    door.send(Referer="https://semalt.com/")
    door.send(b"\xff no object")
    door.send(target="/" + "x" * 3000)
    door.send(b"x" * (datagram.MAX_BYTES + 1))
    door.finish()
    assert spooled() == []
    (drops,) = spooled(Dropped)
    assert (drops.site, drops.reasons) == (
        "blog.test",
        {
            **{"bot: crawler": 1, "bot: library": 1, "bot: prefetch": 1, "do not track": 1},
            **{"owner": 1, "spam referrer": 1, "log: unreadable": 3},
        },
    )


def test_other_requests_and_other_sites_leave_no_trace(door: Door, spooled: Spooled) -> None:
    door.send(status="404")
    door.send(method="HEAD")
    door.send(file="/a.css")
    door.send(host="other.test")
    door.finish()
    assert spooled() == spooled(Dropped) == []


def test_a_site_that_counts_from_the_script_ignores_the_log(door: Door, spooled: Spooled) -> None:
    door.send(host="www.shop.test")
    door.finish()
    (drops,) = spooled(Dropped)
    assert (drops.site, drops.reasons) == ("www.shop.test", {"counted from the script": 1})


def test_a_site_that_counts_from_the_log_takes_the_script_s_other_events(
    client_with: Callable[..., FlaskClient],
    spooled: Spooled,
    send: Callable[..., TestResponse],
) -> None:
    client = client_with(count_from="log")
    event = {"name": "pageview", "url": "https://blog.test/a", "domain": "blog.test"}
    assert send(client).headers["x-plausible-dropped"] == "1"
    assert "x-plausible-dropped" not in send(client, event | {"name": "Order"}).headers
    assert [record.name for record in spooled()] == ["Order"]


def test_an_owner_who_counts_from_the_log_is_not_told_to_add_a_script(
    client_with: Callable[..., FlaskClient],
) -> None:
    waiting = {
        kind: client_with(count_from=kind, public=True).get("/stats/blog.test").text
        for kind in ("script", "log")
    }
    assert "Waiting for the first visit" in waiting["log"]
    assert "script.js" in waiting["script"]
    assert "script.js" not in waiting["log"]


def test_a_disk_that_fails_ends_nothing(
    door: Door, spooled: Spooled, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: object) -> None:
        raise SpoolFullError("8.8.8.8 is no room")

    with monkeypatch.context() as patched:
        patched.setattr(door.intake, "take_from_log", full)
        door.send()
        door.receiver.start()
        deadline = time.monotonic() + 5
        while not caplog.records and time.monotonic() < deadline:
            time.sleep(0.01)
    door.send(target="/b", file="/b.html")
    door.receiver.stop()
    door.intake.close()
    assert [record.path for record in spooled()] == ["/b"]
    assert spooled(Dropped)[0].reasons == {"log: not kept": 1}
    assert "8.8.8.8" not in caplog.text


def test_of_a_flood_each_is_kept_or_counted(
    door: Door, spooled: Spooled, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.receiver._backlog = Backlog(limit_bytes=2000)
    free, take = threading.Event(), door.intake.take_from_log

    def slow(views: list[Any]) -> None:
        free.wait(10)
        take(views)

    monkeypatch.setattr(door.intake, "take_from_log", slow)
    door.receiver.start()
    for _ in range(40):
        door.send()
    # None of them waits in the kernel any more when the last is told of.
    door.receiver._stopping.set()
    door.receiver._threads[0].join()
    free.set()
    door.receiver.stop()
    door.intake.close()
    lost = sum(drop.reasons["log: too many"] for drop in spooled(Dropped))
    assert 0 < lost < 40
    assert len(spooled()) == 40 - lost


def test_a_backlog_takes_so_many_bytes_and_no_more() -> None:
    backlog = Backlog(limit_bytes=1000)
    assert [backlog.put(b"x" * 400) for _ in range(4)] == [True, True, False, False]
    assert backlog.take(1) == [b"x" * 400]
    assert backlog.put(b"y")
    backlog.close()
    assert backlog.take(9) == [b"x" * 400, b"y"]
    assert backlog.take(9) == []
