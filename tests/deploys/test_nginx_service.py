"""What nginx passes to the service, and what it answers in its place."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service

pytest_plugins = ["tests.deploys.nginx_fixtures"]


@pytest.mark.parametrize(
    "target",
    [
        *("/api/event", "/api", "/api/", "/api//event", "/api/event?a=%20b&c", "/api/a%2Fb"),
        *("/api///", "/js/script.js", "/js/script.js?v=1"),
    ],
)
def test_the_service_sees_what_was_sent(visitor: Client, service: Service, target: str) -> None:
    assert visitor.ask(target).json["target"] == target


@pytest.mark.parametrize(
    "target",
    ["/apix", "/api/../about", "/api/%2e%2e/about", "/API/event", "/js/", "/js/script.js/"],
)
def test_what_only_looks_like_it_never_gets_there(
    visitor: Client, service: Service, target: str
) -> None:
    assert visitor.ask(target).status in {200, 404}
    assert service.seen == []


def test_an_event_arrives_whole(visitor: Client, service: Service) -> None:
    answer = visitor.ask("/api/event", method="POST", body=b"x" * 65536)
    assert (answer.json["method"], answer.json["size"]) == ("POST", 65536)


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.42"])
def test_who_a_visitor_is_comes_from_the_connection(
    lab: Lab, service: Service, source: str
) -> None:
    forged = {
        "X-Forwarded-For": "8.8.8.8",
        "X-Real-IP": "8.8.8.8",
        "X-Sender-Forwarded-For": "8.8.8.8",
        "Forwarded": "for=8.8.8.8;proto=http;host=evil.test",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Port": "8888",
        "X-Forwarded-Prefix": "/8.8.8.8",
        "True-Client-IP": "8.8.8.8",
        "Proxy": "http://8.8.8.8",
        "Script_Name": "/8.8.8.8",
    }
    headers = Client(lab, source=source).ask("/api/event", headers=forged).json["headers"]
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == source
    assert (headers["x-forwarded-proto"], headers["host"]) == ("https", "blog.test")
    assert not [value for value in headers.values() if "8.8.8.8" in value or "evil" in value]
    assert not {"forwarded", "x-forwarded-port", "x-forwarded-prefix", "proxy"} & set(headers)


def test_what_a_sender_with_a_token_says_of_its_visitor_arrives_by_another_name(
    lab: Lab, service: Service
) -> None:
    said = {
        "Authorization": "Bearer freehold_events_x",
        "X-Forwarded-For": "8.8.8.8",
        "X-Sender-Forwarded-For": "9.9.9.9",
    }
    headers = Client(lab, source="127.0.0.42").ask("/api/event", headers=said).json["headers"]
    assert headers["x-sender-forwarded-for"] == "8.8.8.8"
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.42"
    assert headers["authorization"] == said["Authorization"]


def test_over_ipv6_too(lab: Lab, service: Service) -> None:
    headers = Client(lab, target="::1").ask("/api/event").json["headers"]
    assert headers["x-forwarded-for"] == "::1"


def _pieces(size: int) -> Iterator[bytes]:
    yield from (b"x" * 1024 for _ in range(size // 1024))


@pytest.mark.parametrize("body", [b"x" * 65537, _pieces(70_000)], ids=["announced", "chunked"])
def test_a_body_over_64_kilobytes_is_refused(
    visitor: Client, service: Service, body: bytes | Iterator[bytes]
) -> None:
    answer = visitor.ask("/api/event", method="POST", body=body)
    assert (answer.status, list(answer.json)) == (413, ["error"])
    assert answer.headers["Content-Type"] == "application/json"
    assert service.seen == []


def test_slow_headers_and_pauses_in_bodies_are_cut_off(lab: Lab) -> None:
    def seconds(start: bytes, drip: bytes) -> float:
        with Client(lab, source="127.0.7.1").secure() as connection:
            began = time.monotonic()
            connection.sendall(start)
            connection.settimeout(1)
            while time.monotonic() - began < 15:
                try:
                    if not connection.recv(4096):
                        break
                except TimeoutError:
                    connection.sendall(drip)
                except OSError:
                    break
            return time.monotonic() - began

    headers = b"GET / HTTP/1.1\r\nHost: blog.test\r\n"
    body = b"POST /api/event HTTP/1.1\r\nHost: blog.test\r\nContent-Length: 100\r\n\r\n{"
    with ThreadPoolExecutor() as pool:
        # Headers are bounded as a whole, dripping or not; of a body each pause is, and the whole is
        # not. How much those that drip can hold, the next test asks.
        taken = list(pool.map(seconds, [headers, headers, body], [b"X", b"", b""]))
    assert all(9 <= second <= 13 for second in taken), taken


def test_slow_bodies_of_many_addresses_leave_the_site_its_connections(
    lab: Lab, service: Service
) -> None:
    begun = (
        b"POST /api/event HTTP/1.1\r\nHost: blog.test\r\nContent-Length: 65536\r\n\r\n{",
        b"POST /api/event HTTP/1.1\r\nHost: blog.test\r\nTransfer-Encoding: chunked\r\n\r\n1;a",
    )
    late = Client(lab, source="127.0.15.100")
    with contextlib.ExitStack() as open_:
        for number in range(100):
            source = f"127.0.15.{1 + number // 20}"
            connection = open_.enter_context(Client(lab, source=source).secure())
            connection.sendall(begun[number % 2])
        time.sleep(0.5)
        refused = late.ask("/api/event", method="POST", body=b"{}")
        assert (refused.status, list(refused.json)) == (429, ["error"])
        assert late.ask("/about").status == 200
        assert service.seen == [], "A body must not get there before it is whole."
    time.sleep(0.5)
    assert late.ask("/api/event", method="POST", body=b"{}").status == 200


def test_without_the_service_the_site_is_untouched(visitor: Client) -> None:
    answer = visitor.ask("/api/event", method="POST", body=b"{}")
    assert (answer.status, list(answer.json)) == (503, ["error"])
    assert answer.headers["Content-Type"] == "application/json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert visitor.ask("/about").status == 200


@pytest.mark.parametrize("status", [403, 404, 405, 413, 429, 500, 502, 503, 504])
def test_the_services_own_errors_pass_unchanged(
    visitor: Client, service: Service, status: int
) -> None:
    answer = visitor.ask(f"/api/status/{status}")
    assert (answer.status, answer.headers["X-Service"]) == (status, "itself")
    assert answer.json["target"] == f"/api/status/{status}"
    assert "Retry-After" not in answer.headers
    assert "Allow" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_may_have_arrived_is_not_sent_again(
    visitor: Client, service: Service, method: str
) -> None:
    assert visitor.ask("/api/hangs-up", method=method, body=b"{}").status == 503
    assert service.count("/api/hangs-up") == 1


def test_no_event_is_sent_on_a_connection_that_may_be_closing(
    visitor: Client, service: Service
) -> None:
    for _ in range(10):
        assert visitor.ask("/api/event", method="POST", body=b"{}").status == 200
    assert service.connections == 10


def test_the_service_made_anew_is_found_at_once(lab: Lab, service: Service) -> None:
    service.shutdown()
    path = lab.sockets / "webapp.sock"
    path.unlink()
    assert Client(lab).ask("/api/event").status == 503
    with Service(path) as another:
        assert Client(lab).ask("/api/event").status == 200
        another.shutdown()


def test_one_sender_cannot_flood_the_service(lab: Lab, service: Service) -> None:
    flood = Client(lab, source="127.0.9.1").flood("POST", 150)
    assert sum(answer.status == 200 for answer in flood) >= 50
    refused = [answer for answer in flood if answer.status == 429]
    # How many depends on how fast this machine is just now.
    assert refused
    for answer in refused:
        assert (answer.headers["Retry-After"], list(answer.json)) == ("1", ["error"])
    other = Client(lab, source="127.0.9.2").ask("/api/event", method="POST", body=b"{}")
    assert other.status == 200
    reading = Client(lab, source="127.0.9.1").flood("GET", 150)
    assert {answer.status for answer in reading} == {200}


# ---- The page for visitors ----


def test_the_page_for_visitors_is_the_services(visitor: Client, service: Service) -> None:
    answer = visitor.ask("/privacy?a=b")
    assert (answer.status, answer.json["target"]) == (200, "/privacy?a=b")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert visitor.ask("/privacy", method="POST").status == 405
    for other in ("/privacy/", "/privacy/more", "/privacyx"):
        assert visitor.ask(other).status == 404, other
    assert service.count("/privacy?a=b") == len(service.seen)


@pytest.mark.parametrize(
    ("name", "location"), [("privacy.html", None), ("privacy/index.html", "/privacy/")]
)
def test_a_page_for_visitors_of_the_sites_own_wins(
    lab: Lab, visitor: Client, service: Service, name: str, location: str | None
) -> None:
    page = lab.site.with_name("own") / name
    page.parent.mkdir(parents=True)
    page.write_text("<h1>Our own words</h1>")
    lab.switch_site("own")
    try:
        answer = visitor.ask("/privacy")
        assert answer.headers["Location"] == location
        assert answer.headers.get_all("Cache-Control") == ["no-cache"]
        assert (answer if location is None else visitor.ask(location)).text == page.read_text()
    finally:
        lab.switch_site("1")
        shutil.rmtree(lab.site.with_name("own"))
    assert service.seen == []


def test_without_the_service_the_page_for_visitors_is_away(visitor: Client) -> None:
    answer = visitor.ask("/privacy")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
