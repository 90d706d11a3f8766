"""Development tells the service of pages as nginx does."""

import socket
from pathlib import Path

import pytest
from analytics.dev import access_log, site
from analytics.logs import datagram
from analytics.logs.request import Request, why_no_view
from flask import Flask
from werkzeug.test import Client

GERMAN = {"Accept-Language": "de-AT"}


@pytest.fixture
def browser(tmp_path: Path) -> Client:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("front")
    (folder / "about.html").write_text("about")
    (folder / "a.css").write_text("p {}")
    door = site.in_front_of(Flask(__name__), folder)
    return Client(access_log.telling(door, tmp_path / "log.sock"))


def test_a_page_is_told_and_others_are_told_apart(browser: Client, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "log.sock"))
        listener.settimeout(5)

        def told(path: str, method: str = "GET") -> Request:
            browser.open(path, method=method, headers=GERMAN, buffered=True)
            return datagram.parse(listener.recv(65536))

        page = told("/about?utm_source=fb")
        assert why_no_view(page) is None
        assert (page.target, page.host) == ("/about?utm_source=fb", "localhost")
        assert page.sender.language == "de-AT"
        assert why_no_view(told("/")) is None
        assert why_no_view(told("/a.css")) == "no page"
        assert why_no_view(told("/missing")) == "error"
        assert why_no_view(told("/", "HEAD")) == "another method"
        assert why_no_view(told("/api/health")) is not None


def test_a_page_is_shown_when_nobody_listens(browser: Client) -> None:
    shown = browser.get("/about", buffered=True)
    assert shown.status_code == 200
