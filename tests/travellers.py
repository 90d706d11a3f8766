"""Visitors of the emulated droplet from anywhere on the globe."""

import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network

from emulator import Droplet
from emulator.ports import Ports, choose_ports
from tests.waiting import wait_until

# A namespace of the droplet's network, joined to it by a pair of interfaces. The droplet only knows
# the way to the part of the globe that an address is in: its own programs, which remember their
# addresses and routes, must not be what a search for a visitor's address finds.
_SETTLE = """set -e
ip netns add traveller
ip link add fh-test-road type veth peer name road netns traveller
ip address add 198.18.0.1/30 dev fh-test-road
ip address add fd00:6672:6565::1/64 dev fh-test-road nodad
ip link set fh-test-road up
ip route add {half} dev fh-test-road
inside="ip -n traveller"
$inside link set road up
$inside address add 198.18.0.2/30 dev road
$inside address add fd00:6672:6565::2/64 dev road nodad
$inside address add {address} dev road {nodad}
"""
_LEAVE = "ip netns del traveller; ip link del fh-test-road"
# Takes connections on the way in, and goes on to nginx from the visitor's address.
_RELAY = """
import asyncio, sys
address, door = sys.argv[1:]

async def carry(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def relay(reader, writer):
    onward = await asyncio.open_connection(door, 443, local_addr=(address, 0))
    await asyncio.gather(carry(reader, onward[1]), carry(onward[0], writer), return_exceptions=True)

async def main():
    await (await asyncio.start_server(relay, "198.18.0.2", 8443)).serve_forever()

asyncio.run(main())
"""


@contextmanager
def travelling(droplet: Droplet, address: str) -> Iterator[Ports]:
    """Ports of this machine through which a visitor comes from `address`, which may be IPv6."""
    ports = droplet.ports
    assert ports
    reached = replace(ports, https=choose_ports().https)
    ipv6 = ":" in address
    door = "fd00:6672:6565::1" if ipv6 else "198.18.0.1"
    half = ip_network(f"{address}/{4 if ipv6 else 1}", strict=False)
    droplet.run(_LEAVE, check=False)
    droplet.run(_SETTLE.format(address=address, half=half, nodad="nodad" if ipv6 else ""))
    relay = f"ip netns exec traveller python3 -c {shlex.quote(_RELAY)} {address} {door}"
    forward = ["-o", "ExitOnForwardFailure=yes"]
    forward += ["-L", f"127.0.0.1:{reached.https}:198.18.0.2:8443"]
    # With a terminal, so that the relay ends with its connection.
    tunnel = subprocess.Popen(
        droplet.login.command("-tt", *forward, relay), stdin=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _answers(reached.https), 60)
        yield reached
    finally:
        tunnel.terminate()
        tunnel.wait()
        droplet.run(_LEAVE, check=False)


def _answers(port: int) -> bool:
    """Whether somebody at the far end of the tunnel speaks."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            # Not TLS, to which nginx says so.
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return bool(connection.recv(1))
    except OSError:
        return False
