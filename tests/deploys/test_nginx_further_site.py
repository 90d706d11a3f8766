"""A page of a site that is elsewhere, before this droplet's nginx and the real service."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.spool import reader
from analytics.spool.record import Record, decode
from werkzeug.serving import make_server

from settings.load import settings_of
from tests.deploys.nginx_client import Answer, Client
from tests.deploys.nginx_lab import Lab
from tests.unit.settings_lab import right

pytest_plugins = ["tests.deploys.nginx_fixtures"]

SHOP = "https://www.shop.test"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def spool(lab: Lab, tmp_path: Path) -> Iterator[Path]:
    """The folder of events of the service, which counts a further site as well."""
    described = settings_of(right(tmp_path) | {"further_sites": {"shop.test": {}}})
    folder = tmp_path / "spool"
    folder.mkdir()
    app = create_app(
        Settings.from_environment(
            {
                "ANALYTICS_SITES": json.dumps(described.analytics_sites),
                # Nobody listens there: taking an event asks no database.
                "ANALYTICS_DATABASE_URL": "postgresql://u@127.0.0.1:1/n",
                "ANALYTICS_SPOOL": str(folder),
                "ANALYTICS_VISITORS": str(tmp_path / "keys"),
            }
        )
    )
    socket = lab.sockets / "webapp.sock"
    socket.unlink(missing_ok=True)
    server = make_server(f"unix://{socket}", 0, app, threaded=True)
    socket.chmod(0o666)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["intake"].close()
    app.extensions["engine"].dispose()
    socket.unlink(missing_ok=True)


def _send(visitor: Client, origin: str, method: str = "POST") -> Answer:
    """What a browser sends for a page that is open at `origin`, as the tracker asks it to."""
    event = {"n": "pageview", "u": f"{origin}/cart", "d": "shop.test"}
    headers = {"Origin": origin, "User-Agent": AGENT, "Content-Type": "text/plain"}
    return visitor.ask(
        "/api/event", method=method, headers=headers, body=json.dumps(event).encode()
    )


def test_a_page_elsewhere_loads_the_tracker_and_sends_its_events(
    visitor: Client, spool: Path
) -> None:
    script = visitor.ask("/js/script.js", headers={"Referer": f"{SHOP}/"})
    assert (script.status, script.headers.get_content_type()) == (200, "text/javascript")
    assert script.headers.get_all("Cross-Origin-Resource-Policy") == ["cross-origin"]
    for method, status in (("OPTIONS", 204), ("POST", 202)):
        answer = _send(visitor, SHOP, method)
        assert answer.status == status
        assert answer.headers.get_all("Access-Control-Allow-Origin") == [SHOP]
        assert answer.headers.get_all("Vary") == ["Origin"]
    (segment,) = reader.segments(spool)
    (record,) = map(decode, reader.read(segment, 0).records)
    assert isinstance(record, Record)
    assert (record.site, record.path) == ("shop.test", "/cart")


@pytest.mark.parametrize("origin", ["https://evil.test", "http://www.shop.test", "null"])
def test_no_other_page_can_send_any_for_it(visitor: Client, spool: Path, origin: str) -> None:
    answer = _send(visitor, origin)
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert reader.segments(spool) == []


def test_a_page_of_the_first_site_sends_none_for_it(visitor: Client, spool: Path) -> None:
    assert _send(visitor, "https://blog.test").status == 403
    assert reader.segments(spool) == []


def test_what_its_visitors_are_told_is_here(visitor: Client, spool: Path) -> None:
    page = visitor.ask("/privacy?site=shop.test")
    assert page.status == 200
    assert "What is counted on shop.test" in page.text
