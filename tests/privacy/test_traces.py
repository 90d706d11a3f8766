"""What a visit leaves behind: no address anywhere, and no key once its day is over."""

import base64
import secrets
from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.privacy.raw_disk import found, raw_copy
from tests.travellers import travelling
from tests.waiting import wait_until, wait_until_stored

# Of Japan and Germany; new in each run, so that a trace of an earlier one is not mistaken.
ADDRESSES = (
    f"133.11.{secrets.randbelow(256)}.{100 + secrets.randbelow(100)}",
    f"2a02:2e0:{':'.join(f'{0x1000 + secrets.randbelow(0xEFFF):x}' for _ in range(6))}",
)
# The name of the visitors' event, and in a file that was deleted: who does not find it has not
# looked.
CANARY = secrets.token_hex(16)
# Else all that is due within two days would be done at once: images built, packages looked for.
STOP_TIMERS = (
    "systemctl list-units --type timer --state active --plain --no-legend"
    " | cut -d' ' -f1 >/root/timers && xargs systemctl stop </root/timers"
)
START_TIMERS = "xargs systemctl start </root/timers && rm /root/timers"
KEYS = "for key in /run/freehold/keys/*_*; do base64 --wrap=0 $key; echo; done"


@pytest.fixture(scope="module")
def visited(droplet: Droplet, outside: Outside) -> None:
    """A page was read from each address, and what was counted is stored."""
    droplet.run(f"echo {CANARY} >/root/canary; sync; rm /root/canary")
    for address in ADDRESSES:
        with travelling(droplet, address) as ports:
            visitor = Outside(outside.domain, ports)
            assert visitor.get("/").status == 200
            assert visitor.send_event(name=CANARY).status == 202
            assert visitor.get(f"/nothing/{secrets.token_hex(4)}").status == 404

    wait_until_stored(droplet, CANARY, len(ADDRESSES))
    # Of the commands that named the addresses sshd would still hold some, and be swapped with them.
    droplet.login.hang_up()
    # Memory gets short, so that whatever may be swapped is: tail keeps the one line that it gets.
    droplet.run("head --bytes 700M /dev/zero | tail --lines 1 >/dev/null")


def _keys(droplet: Droplet) -> set[bytes]:
    return {base64.b64decode(line) for line in droplet.run(KEYS).split()}


@pytest.fixture(scope="module")
def keys(visited: None, droplet: Droplet) -> Iterator[set[bytes]]:
    """The keys of a day that is over since; the clock is put right at the end."""
    before = _keys(droplet)
    assert before
    assert all(len(key) == 32 for key in before)
    droplet.run(f"{STOP_TIMERS} && systemctl stop systemd-timesyncd && date --set '+2 days'")
    wait_until(lambda: not _keys(droplet) & before, 180)
    yield before
    droplet.set_clock()
    droplet.run(f"systemctl start systemd-timesyncd && {START_TIMERS}")


def _written(address: str) -> set[bytes]:
    """The ways to write an address; four bytes alone are found anywhere by chance."""
    ways = {address.encode()}
    if ":" in address:
        known = IPv6Address(address)
        ways |= {known.packed, known.packed[:8], known.exploded.encode()}
    return ways


def test_the_disk_holds_no_address_and_no_key(
    keys: set[bytes], droplet: Droplet, tmp_path: Path
) -> None:
    addresses = {way for address in ADDRESSES for way in _written(address)}
    written_keys = {way for key in keys for way in (key, base64.b64encode(key), key.hex().encode())}
    with raw_copy(droplet, tmp_path) as disk:
        assert found(disk, {CANARY.encode(), *addresses, *written_keys}) == {CANARY.encode()}


@pytest.mark.parametrize(
    "told",
    [
        f"docker exec {container('db')} pg_dump -U analytics analytics",
        "journalctl --all --output export",
        "set -e; for one in $(docker ps --quiet); do docker logs $one 2>&1; done",
    ],
)
def test_what_is_kept_compressed_holds_no_address(
    keys: set[bytes], droplet: Droplet, told: str
) -> None:
    said = droplet.run(told)
    assert said
    assert [address for address in ADDRESSES if address in said] == []
