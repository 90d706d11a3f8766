"""What goes when the droplet is given up, and what stays because it is not surely ours."""

from pathlib import Path
from typing import Any

import pytest

from digitalocean.errors import CloudError
from digitalocean.removal import gone
from digitalocean.staying import staying
from tests.digitalocean.ocean_lab import DOMAIN, LOOKING, ZONE, CutClient, Ocean, ocean

RECORDS = f"/v2/domains/{ZONE}/records"
DROPLET = {"region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-13-x64", "name": DOMAIN}
FOREIGN = "198.51.100.9"
PLAIN: dict[str, Any] = {"reserved_address": "no", "uptime_check": False, "uptime_email": ""}


def give_up(account: Ocean, **more: object) -> tuple[list[str], list[str]]:
    """What is said to go, and what to stay; the one is gone then."""
    settings, cloud = account.settings(**more), account.cloud()
    going, left = gone(cloud, settings), staying(cloud, settings)
    for one in going:
        one.remove()
    return [one.sentence for one in going], left


def kept(account: Ocean) -> dict[str, int]:
    return {what: number for what, number in account.things().items() if number}


def test_a_record_beside_ours_stays(account: Ocean) -> None:
    account.run()
    account.ask("POST", RECORDS, {"type": "A", "name": "blog", "data": FOREIGN})
    going, left = give_up(account)
    (address,) = [one.split()[-1] for one in going if one.startswith("the record A of blog")]
    assert address.startswith("127.")
    (stays,) = [one for one in left if FOREIGN in one]
    assert "doctl compute domain records delete" in stays
    assert kept(account) == {"keys": 1, "A blog": 1, "CAA blog": 1}
    assert any("CAA" in one for one in left)


def test_a_check_of_our_name_that_asks_for_another_page_stays(account: Ocean) -> None:
    other = {"name": DOMAIN, "type": "https", "target": "https://shop.example.org/"}
    account.run(uptime_check=False, uptime_email="")
    account.ask("POST", "/v2/uptime/checks", other)
    _, left = give_up(account)
    assert any("https://shop.example.org/" in one for one in left)
    assert account.things()["checks"] == 1


@pytest.mark.parametrize("tag", ["freehold-next", "freehold-old"])
def test_while_a_rebuild_is_not_at_its_end_nothing_goes(account: Ocean, tag: str) -> None:
    account.run()
    made = account.ask("POST", "/v2/droplets", DROPLET | {"tags": [tag]})["droplet"]
    before = account.things()
    with pytest.raises(CloudError, match=tag) as caught:
        give_up(account)
    assert f"droplet delete {made['id']}" in caught.value.message
    assert "make rebuild" in caught.value.message
    assert account.things() == before
    account.ask("DELETE", f"/v2/droplets/{made['id']}")
    give_up(account)
    assert kept(account) == {"keys": 1, "CAA blog": 1}


def test_the_firewall_stays_before_another_droplet(account: Ocean) -> None:
    account.run()
    other: dict[str, Any] = DROPLET | {"name": "another", "tags": ["freehold"]}
    made = account.ask("POST", "/v2/droplets", other)["droplet"]
    going, left = give_up(account)
    assert not any("firewall" in one for one in going)
    assert any("firewall" in one and "another" in one for one in left)
    assert account.things()["firewalls"] == 1
    account.ask("DELETE", f"/v2/droplets/{made['id']}")
    give_up(account)
    assert kept(account) == {"keys": 1, "CAA blog": 1}


def test_what_the_settings_want_no_more_stays_and_is_told(account: Ocean) -> None:
    account.run()
    (address,) = account.account.state["reserved_ips"]
    (check,) = account.account.state["checks"]
    _, left = give_up(account, **PLAIN)
    assert any(f"reserved-ip delete {address}" in one for one in left)
    assert any(f"uptime delete {check}" in one for one in left)
    assert (account.things()["reserved_ips"], account.things()["checks"]) == (1, 1)


def test_what_the_token_may_not_see_is_not_told(tmp_path: Path) -> None:
    kinds = ("domain", "firewall")
    scopes = [*LOOKING, *(f"{kind}:read" for kind in kinds)]
    with ocean(tmp_path, tokens={"dop_v1_some": scopes}) as account:
        account.run()
        cloud = account.cloud(CutClient(account.url, "dop_v1_some"))
        left = staying(cloud, account.settings(**PLAIN))
        assert not any("address" in one or "uptime" in one for one in left)
        assert any("domain" in one for one in left)


def test_an_address_that_the_settings_name_stays(account: Ocean) -> None:
    address = account.ask("POST", "/v2/reserved_ips", {"region": "fra1"})["reserved_ip"]["ip"]
    account.run(reserved_address=address)
    _, left = give_up(account, reserved_address=address)
    assert any(address in one and "costs" in one for one in left)
    assert kept(account) == {"keys": 1, "CAA blog": 1, "reserved_ips": 1}


@pytest.mark.parametrize("removed", [1, 4, 7])
def test_cut_off_anywhere_the_same_goes_on(account: Ocean, removed: int) -> None:
    account.run()
    for one in gone(account.cloud(), account.settings())[:removed]:
        one.remove()
    give_up(account)
    assert kept(account) == {"keys": 1, "CAA blog": 1}
