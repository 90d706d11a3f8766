"""How much of the door one address may take, and one network of many addresses."""

import json

import pytest
from testinfra.host import Host as Target

from tests.host.reading import may_be_disturbed
from tests.host.stranger import Stranger

# How many connections, from each source in turn, are let in while all the others are held.
_HOLD = """
import json, socket, sys, time
door, sources, tries = json.loads(sys.argv[1])
family = socket.AF_INET6 if ":" in door else socket.AF_INET
held = []
for number in range(tries):
    one = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    one.bind((sources[number % len(sources)], 0))
    one.connect_ex((door, 80))
    held.append(one)
time.sleep(2)

def is_in(one):
    try:
        return bool(one.getpeername())
    except OSError:
        return False

print(sum(map(is_in, held)))
"""

# Of each, the kernel knows for a while after its end.
_COME_AND_GO = """
import socket, sys
for _ in range(int(sys.argv[2])):
    with socket.create_connection((sys.argv[1], 80), timeout=20) as one:
        one.shutdown(socket.SHUT_WR)
        one.recv(1)
"""
# More than a kernel with 1 GB has room for by itself.
_MANY = 8000


@pytest.fixture(scope="module", autouse=True)
def undisturbed(host: Target) -> None:
    may_be_disturbed(host)


def _held(stranger: Stranger, door: str, sources: list[str], tries: int) -> int:
    done = stranger.run("python3 -c %s %s", _HOLD, json.dumps([door, sources, tries]))
    assert done.rc == 0, f"The crowd did not come: {done.stderr}"
    return int(done.stdout)


def test_one_address_holds_a_part_of_the_door(stranger: Stranger) -> None:
    assert _held(stranger, stranger.host_ipv4, [stranger.ipv4], 220) == 200


def test_one_network_of_ipv6_holds_no_more(stranger: Stranger) -> None:
    assert _held(stranger, stranger.host_ipv6, stranger.have_more(1), 220) == 200


def test_an_owner_of_many_networks_holds_half_as_much_again(stranger: Stranger) -> None:
    """A /48, and four of its networks, of which each alone holds less than it may."""
    assert _held(stranger, stranger.host_ipv6, stranger.have_more(4), 350) == 300


@pytest.mark.slow
def test_one_who_comes_and_goes_shuts_nobody_out(stranger: Stranger) -> None:
    done = stranger.run("python3 -c %s %s %s", _COME_AND_GO, stranger.host_ipv4, str(_MANY))
    assert done.rc == 0, f"The kernel's table of connections is full: {done.stderr}"
    doors = [(stranger.host_ipv4, 80), (stranger.host_ipv6, 443)]
    assert stranger.reaches(doors) == doors
