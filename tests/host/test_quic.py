"""The door from outside: HTTP/3."""

import json

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.containers import container
from tests.host.stranger import Stranger
from tests.host.visitor import Visitor
from tests.quic import first_packet


@pytest.fixture(scope="module")
def speaks_quic(described: Host) -> None:
    """Only where the owner has not switched it off."""
    if not described.data["http3"]:
        pytest.skip("http3 is off")


@pytest.mark.usefixtures("speaks_quic")
def test_the_site_comes_over_quic_too(visitor: Visitor) -> None:
    over_tcp, over_quic = visitor.ask("/"), visitor.ask_over_quic("/")
    assert over_tcp.headers["Alt-Svc"] == 'h3=":443"; ma=86400', "No browser will try it."
    assert (over_quic.status, over_quic.text) == (200, over_tcp.text)
    for name in ("Content-Security-Policy", "Strict-Transport-Security", "X-Frame-Options"):
        assert over_quic.all(name) == over_tcp.headers.get_all(name)
    assert visitor.ask_over_quic("/api/health").status == 200


@pytest.mark.usefixtures("speaks_quic")
def test_quic_answers_at_both_families_and_takes_nobodys_word(
    stranger: Stranger, visitor: Visitor
) -> None:
    """A first packet, from outside: it is asked back before anything is opened for it."""
    script = """
import json, socket, sys
packet, answers = bytes.fromhex(sys.argv[1]), []
for address in sys.argv[2:]:
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(kind, socket.SOCK_DGRAM) as asking:
        asking.settimeout(20)
        asking.sendto(packet, (address, 443))
        answers.append(asking.recv(4096)[0])
print(json.dumps(answers))
"""
    packet = first_packet(visitor.name).hex()
    done = stranger.run(
        "python3 -c %s %s %s %s", script, packet, stranger.host_ipv4, stranger.host_ipv6
    )
    assert done.rc == 0, f"UDP 443 leads nowhere: {done.stderr}"
    # RFC 9000, 17.2.5: a Retry packet.
    assert [first & 0xF0 for first in json.loads(done.stdout)] == [0xF0, 0xF0]


@pytest.mark.slow
@pytest.mark.usefixtures("speaks_quic")
def test_one_address_gets_few_connections_of_quic(stranger: Stranger, visitor: Visitor) -> None:
    """Each has many requests; after the test before, whose connections count."""
    script = """
import json, select, socket, sys
packet, asking = bytes.fromhex(sys.argv[1]), []
for _ in range(40):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(packet, (sys.argv[2], 443))
    asking.append(one)
answered = set()
while waiting := select.select([one for one in asking if one not in answered], [], [], 10)[0]:
    answered |= set(waiting)
print(len(answered))
"""
    packet = first_packet(visitor.name).hex()
    done = stranger.run("python3 -c %s %s %s", script, packet, stranger.host_ipv4)
    assert done.rc == 0, done.stderr
    assert 4 <= int(done.stdout) <= 8, "One address takes all that nginx bears."


def test_how_busy_it_is_nobody_outside_is_told(host: Target, visitor: Visitor) -> None:
    told = host.check_output(
        f"docker exec {container('nginx')} curl -s --unix-socket /run/nginx-health.sock"
        " http://localhost/status"
    )
    assert told.startswith("Active connections: ")
    for path in ("/status", "/nginx_status", "/stub_status", "/metrics"):
        assert "Active connections" not in visitor.ask(path).text
