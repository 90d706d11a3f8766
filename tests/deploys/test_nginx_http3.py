"""HTTP/3, by a client of another make than nginx: answers, reloads, forged addresses."""

import asyncio
import contextlib
import re
import socket

import pytest

from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service
from tests.deploys.nginx_site import LONG
from tests.quic import Answer, Target, ask_once, first_packet, run, visiting

pytest_plugins = ["tests.deploys.nginx_fixtures"]

V4, V6 = ("127.0.0.1", 443), ("::1", 443, 0, 0)


def _ask(lab: Lab, path: str, *, name: str = "blog.test", target: Target = V4) -> Answer:
    family = socket.AF_INET6 if target == V6 else socket.AF_INET
    return ask_once(lab.datagrams(family=family), target, name, lab.certificate.read_text(), path)


@pytest.mark.parametrize("target", [V4, V6])
def test_a_page_comes_over_quic(lab: Lab, target: Target) -> None:
    answer = _ask(lab, "/about", target=target)
    assert (answer.status, answer.text) == (200, "<h1>About</h1>")
    assert _ask(lab, "/missing", target=target).text == "<h1>The site's own 404</h1>"


def test_every_header_comes_over_quic_too(lab: Lab, visitor: Client) -> None:
    over_tcp = {key.lower(): value for key, value in visitor.ask("/about").headers.items()}
    over_quic = dict(_ask(lab, "/about").headers)
    for own in ("connection", "date", "transfer-encoding", "content-length"):
        over_tcp.pop(own, None)
    assert over_tcp["alt-svc"] == 'h3=":443"; ma=86400'
    assert {name: over_quic.get(name) for name in over_tcp} == over_tcp


def test_browsers_are_told_of_it_by_https_alone(visitor: Client) -> None:
    assert "Alt-Svc" not in visitor.ask("/", plain=True).headers


def test_other_names_go_to_the_canonical_one(lab: Lab) -> None:
    answer = _ask(lab, "/x?y=z", name="www.blog.test")
    assert (answer.status, answer.all("location")) == (301, ["https://blog.test/x?y=z"])


def test_a_name_that_is_not_ours_gets_no_handshake(lab: Lab) -> None:
    with pytest.raises(ConnectionError):
        _ask(lab, "/", name="evil.test")


def test_an_event_reaches_the_service_with_its_visitors_address(lab: Lab, service: Service) -> None:
    async def send() -> Answer:
        endpoint = lab.datagrams(source="127.0.5.5")
        async with visiting(endpoint, V4, "blog.test", lab.certificate.read_text()) as visitor:
            return await visitor.ask("/api/event", method="POST", body=b"{}")

    assert run(send()).status == 200
    (seen,) = service.seen
    assert (seen["method"], seen["size"]) == ("POST", 2)
    assert seen["headers"]["x-real-ip"] == "127.0.5.5"


def test_many_requests_side_by_side(lab: Lab) -> None:
    async def ask() -> list[Answer]:
        certificate = lab.certificate.read_text()
        async with visiting(lab.datagrams(), V4, "blog.test", certificate) as visitor:
            return await asyncio.gather(*(visitor.ask("/assets/plain.css") for _ in range(90)))

    assert {(answer.status, answer.text) for answer in run(ask())} == {(200, LONG)}


# ---- Reloads ----


async def _page(lab: Lab) -> str:
    """Ask for a page as browsers do: over TCP when QUIC does not answer; what brought it."""
    try:
        async with asyncio.timeout(2):
            certificate = lab.certificate.read_text()
            async with visiting(lab.datagrams(), V4, "blog.test", certificate) as visitor:
                assert (await visitor.ask("/about")).status == 200
                return "QUIC"
    except (ConnectionError, TimeoutError):
        answer = await asyncio.to_thread(Client(lab).ask, "/about")
        assert answer.status == 200
        return "TCP"


async def _quic_again(lab: Lab) -> None:
    """Wait until ten visitors in a row come over QUIC: the old worker is gone."""
    async with asyncio.timeout(60):
        row = 0
        while row < 10:
            row = row + 1 if await _page(lab) == "QUIC" else 0


def test_who_is_reading_while_it_reloads_gets_the_next_page(lab: Lab) -> None:
    """nginx can't hand a connection of QUIC to another worker (github.com/nginx/nginx/issues/425).

    By the key that outlives the reload the new one mostly says at once that it is gone. While both
    live, a packet may also reach one that says nothing, and the visitor's browser comes over TCP.
    """

    async def reload_under_a_visitor() -> None:
        certificate = lab.certificate.read_text()
        async with visiting(lab.datagrams(), V4, "blog.test", certificate) as visitor:
            assert (await visitor.ask("/about")).status == 200
            await asyncio.to_thread(lab.reload)
            with contextlib.suppress(ConnectionError, TimeoutError):
                # Until the old worker has ended, it may still answer.
                for _ in range(100):
                    await visitor.ask("/about", seconds=2)
        await _page(lab)
        await _quic_again(lab)

    for _ in range(3):
        run(reload_under_a_visitor())


def test_new_visitors_get_in_while_it_reloads(lab: Lab) -> None:
    async def come() -> None:
        for _ in range(30):
            await _page(lab)

    async def all_of_it() -> None:
        coming = asyncio.create_task(come())
        for _ in range(3):
            await asyncio.to_thread(lab.reload)
            await asyncio.sleep(0.2)
        await coming
        await _quic_again(lab)

    run(all_of_it())


# ---- Abuse ----


def _connections(lab: Lab) -> int:
    done = lab.run("curl", "-s", "--unix-socket", "/run/nginx-health.sock", "http://h/status")
    assert done
    found = re.search(r"Active connections: (\d+)", done.stdout)
    assert found
    return int(found[1])


def test_who_forges_its_address_takes_no_connection(lab: Lab) -> None:
    """A first packet is answered by a question, smaller than itself, that only its sender hears."""
    before = _connections(lab)
    for number in range(100):
        with lab.datagrams(source=f"127.0.77.{number + 1}") as endpoint:
            endpoint.settimeout(10)
            packet = first_packet("blog.test")
            endpoint.sendto(packet, V4)
            answer = endpoint.recv(4096)
            assert answer[0] & 0xF0 == 0xF0, "Not a Retry packet (RFC 9000, 17.2.5)."
            assert len(answer) < len(packet) / 3
    assert _connections(lab) <= before + 1


def test_one_connection_has_32_requests_at_once_and_the_rest_wait(lab: Lab) -> None:
    async def allowed() -> int:
        certificate = lab.certificate.read_text()
        async with visiting(lab.datagrams(), V4, "blog.test", certificate) as visitor:
            await visitor.ask("/about")
            return int(visitor.streams_allowed)

    # One was made, and nginx allows another in its place.
    assert run(allowed()) <= 34
