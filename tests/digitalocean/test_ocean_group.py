"""What the environment says beside the settings: a further group, and another port for SSH."""

import pytest

from tests.digitalocean.owner import DROPLET
from tests.digitalocean.test_ocean_inventory import Tried, owner

__all__ = ["owner"]

STAGING = 'domain = "staging.example.org"\ndroplet_name = "staging"\naliases = []\n'


@pytest.mark.slow
def test_a_further_group_describes_another_droplet(owner: Tried) -> None:
    (owner.project / "group_data" / "staging.py").write_text(STAGING)
    there = {"FREEHOLD_GROUP": "staging", "FREEHOLD_SSH_PORT": "2222"}
    first = owner.type(*DROPLET, **there)
    assert first.code == 0, first.said
    owner.account.asked()
    again = owner.type(*DROPLET, "--json", **there)
    assert again.code == 0, again.said
    assert again.changed() == []
    owner.account.asked()
    hosts, said = owner.hosts(**there)
    assert owner.account.asked() == ["GET /v2/droplets"]
    assert [*hosts] == ["staging"], said
    # The last one's settings win.
    assert hosts["staging"]["groups"] == ["droplets", "staging", "inventory"]
    data = hosts["staging"]["data"]
    assert isinstance(data, dict)
    assert (data["domain"], data["ssh_port"]) == ("staging.example.org", 2222)
    # As ssh and pyinfra look it up.
    pinned = (owner.account.folder / "machine" / "known_hosts").read_text()
    assert pinned == f"[{data['ssh_hostname']}]:2222 {data['_born_host_key']}\n"
    assert data["_pins"] == str(owner.account.folder / "machine")


def test_what_is_wrong_in_the_environment_is_a_sentence(owner: Tried) -> None:
    for name, value, words in (
        ("FREEHOLD_GROUP", "stagign", "group_data has no file of that name"),
        ("FREEHOLD_SSH_PORT", "ssh", "A port is a number from 1 to 65535"),
    ):
        done = owner.type(*DROPLET, **{name: value})
        assert done.code == 1, done.said
        assert words in done.said
        assert "Traceback" not in done.said
        assert owner.account.things()["droplets"] == 0
