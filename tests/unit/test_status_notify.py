"""The host's status program: what two looks make of it, and who is told."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from freehold_host.rows import Row
from freehold_status import __main__ as program
from freehold_status import login, looks, notify
from freehold_status.config import Config
from freehold_status.notify import Message
from tests.unit.status_lab import BAD, GOOD, Quiet, config


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


class Listener(HTTPServer):
    """Takes what is posted."""

    taken: list[tuple[str, dict[str, str], str]]
    status = 204

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Take(Quiet, BaseHTTPRequestHandler):
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


def test_it_is_told_when_nothing_can_be_written_to_the_disk(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = config(tmp_path, listener.address)
    # What stands in the way of the folder does so for root, too.
    made.state.parent.mkdir(parents=True)
    made.state.touch()
    monkeypatch.setattr("freehold_status.config.read", lambda: made)
    monkeypatch.setattr("freehold_status.collect.rows", lambda _: [BAD])
    monkeypatch.setattr(sys, "argv", ["freehold-status", "watch"])
    assert [program.main() for _ in range(3)] == [0, 0, 0]
    assert [json.loads(body)["state"] for _, _, body in listener.taken] == ["error"]


def test_what_is_now_bad_and_now_worse_is_told_once(tmp_path: Path, listener: Listener) -> None:
    made = config(tmp_path, listener.address)
    warned = Row("disk", "warning", "It fills.", "make ssh")
    for row in (GOOD, *(warned, BAD) * 4, warned, GOOD, warned, GOOD, GOOD):
        look(made, row)
    assert [json.loads(body)["state"] for _, _, body in listener.taken] == ["error", "ok"]


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


@pytest.mark.parametrize("answer", [b"SSH-2.0-%b\r\n", b"HTTP/1.1 500 %b\r\n\r\n"])
def test_what_a_webhook_answers_does_nothing_to_a_terminal(
    tmp_path: Path, listener: Listener, answer: bytes
) -> None:
    def serve() -> None:
        taken, _ = server.accept()
        with taken:
            taken.recv(65536)
            taken.sendall(answer % b"\x1b]0;owned\x07 T\0ype: reboot")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        thread = threading.Thread(target=serve)
        thread.start()
        made = config(tmp_path, f"http://127.0.0.1:{server.getsockname()[1]}/secret")
        look(made, BAD)
        look(made, BAD)
        thread.join()
    (row,) = looks.rows(made)
    assert row.state == "warning"
    assert row.text.isprintable()
    assert "owned" in row.text
    assert "Type" not in row.text
    assert "secret" not in row.text
    look(config(tmp_path, listener.address), BAD)
    assert len(listener.taken) == 1, "The looks were not remembered."


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
