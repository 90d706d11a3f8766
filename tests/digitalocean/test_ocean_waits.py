"""What takes its time at Digital Ocean is waited for to its end, and that is told meanwhile."""

import re
from pathlib import Path

import pytest

from digitalocean.errors import CloudError
from tests.digitalocean.ocean_lab import Ocean, ocean

# Longer than the ten seconds after which the owner is told, and shorter than the two minutes after
# which it is given up.
SLOW = 90.0


def told(account: Ocean, words: str) -> bool:
    """Whether the owner was told how long `words` takes."""
    said = [one for one in account.said if re.search(rf"{words}.* for \d+ s …", one)]
    account.said.clear()
    return bool(said)


def test_a_firewall_stands_before_anything_is_made_behind_it(tmp_path: Path) -> None:
    with ocean(tmp_path, action_seconds=SLOW) as account:
        account.run()
        assert told(account, "The cloud firewall blog.example.org: waiting")
        account.run(http3=False)
        assert told(account, "The cloud firewall blog.example.org: waiting")
        (found,) = account.ask("GET", "/v2/firewalls")["firewalls"]
        assert found["status"] == "succeeded"
        assert account.run(http3=False) == []


def test_a_firewall_that_never_stands_is_told(tmp_path: Path) -> None:
    with ocean(tmp_path, action_seconds=10**6) as account:
        with pytest.raises(CloudError, match="has not put the cloud firewall"):
            account.run()
        assert account.things()["droplets"] == 0


def test_a_droplet_without_an_address_is_waited_for(tmp_path: Path) -> None:
    with ocean(tmp_path) as account:
        account.order("no-public-address", seconds=SLOW)
        account.run()
        assert told(account, "The droplet blog.example.org: active, and its public address")


def test_an_address_that_is_locked_is_waited_for(tmp_path: Path) -> None:
    with ocean(tmp_path) as account:
        account.run(reserved_address="no")
        account.account.action_seconds = SLOW
        (number,) = account.account.state["droplets"]
        body = {"droplet_id": int(number)}
        address = account.ask("POST", "/v2/reserved_ips", body)["reserved_ip"]["ip"]
        account.run(reserved_address=address)
        assert told(account, f"The reserved address {address}: locked")
        led = account.ask("GET", f"/v2/reserved_ips/{address}")["reserved_ip"]["droplet"]
        assert led["id"] == int(number)
