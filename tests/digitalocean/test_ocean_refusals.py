"""What can't be decided by a machine, or not be had, at Digital Ocean: each one sentence."""

import re
from pathlib import Path
from typing import Any

import pytest

from digitalocean.errors import CloudError
from digitalocean.removal import gone
from digitalocean.ssh_keys import fingerprint
from tests.digitalocean.ocean_lab import (
    DOMAIN,
    FULL,
    NARROW,
    READING,
    ZONE,
    CutClient,
    CutOffError,
    Ocean,
    ocean,
)


def refused(account: Ocean, token: str = FULL, **more: object) -> str:
    """Why a run ends; nothing may have been bought or removed by it."""
    before = account.things()
    with pytest.raises(CloudError) as caught:
        account.run(CutClient(account.url, token), **more)
    assert account.things() == before
    assert token not in caught.value.message
    assert "Traceback" not in caught.value.message
    return str(caught.value.message)


DROPLET = {
    "name": DOMAIN,
    "region": "fra1",
    "size": "s-1vcpu-1gb",
    "image": "debian-13-x64",
    "tags": ["freehold"],
}


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("dop_v1_wrong", ("does not know the token", "the test", "docs/digitalocean.md")),
        (READING, ("may not change SSH keys", "docs/digitalocean.md")),
        (NARROW, ("may not read SSH keys", "docs/digitalocean.md")),
    ],
)
def test_a_token_that_is_not_enough(account: Ocean, token: str, words: tuple[str, ...]) -> None:
    said = refused(account, token)
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"droplet_region": "atlantis1"}, ("no region atlantis1", "fra1", "nyc3")),
        ({"droplet_size": "s-0vcpu"}, ("no size s-0vcpu", "s-1vcpu-1gb")),
        ({"droplet_image": "debian-13-x99"}, ("no image debian-13-x99", "debian-13-x64")),
        ({"domain": "blog.example.net"}, ("no domain of your DNS", ZONE, "manage_dns = False")),
        ({"reserved_address": "203.0.113.9"}, ("no reserved address of your account", '"yes"')),
    ],
)
def test_what_there_is_not(account: Ocean, wrong: dict[str, Any], words: tuple[str, ...]) -> None:
    said = refused(account, **wrong)
    assert all(word in said for word in words), said


def test_the_limit_of_droplets(tmp_path: Path) -> None:
    with ocean(tmp_path, droplet_limit=1) as account:
        account.ask("POST", "/v2/droplets", DROPLET | {"name": "another", "tags": []})
        with pytest.raises(CloudError, match="may have no more droplets"):
            account.run()
        assert account.things()["droplets"] == 1


def test_no_network() -> None:
    client = CutClient("http://127.0.0.1:1", FULL)
    with pytest.raises(CloudError, match=r"can't be reached.*Is this machine online"):
        client.get("/v2/droplets")


def test_two_droplets_of_our_name_and_tag_are_nobodys_guess(account: Ocean) -> None:
    for _ in range(2):
        account.ask("POST", "/v2/droplets", DROPLET)
    said = refused(account)
    assert "2 droplets" in said
    assert "untag" in said


def test_a_droplet_of_our_name_without_our_tag_is_somebody_elses(account: Ocean) -> None:
    account.ask("POST", "/v2/droplets", DROPLET | {"tags": []})
    assert "has not the tag freehold" in refused(account)


def test_such_a_droplet_is_told_also_just_after_ours_was_asked_for(account: Ocean) -> None:
    with pytest.raises(CutOffError):
        account.run(CutAtDroplets(account.url, FULL))
    account.ask("POST", "/v2/droplets", DROPLET | {"tags": ["shop"]})
    assert "has not the tag freehold" in refused(account)


class CutAtDroplets(CutClient):
    """A client whose run is cut off before it asks for the droplet."""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/v2/droplets":
            raise CutOffError
        return super().post(path, body)


def test_a_droplet_that_is_not_yet_found_by_its_tag_is_not_made_twice(account: Ocean) -> None:
    account.order("tag-lags", path="/v2/droplets", seconds=500)
    account.order("cut-after", method="POST", path="/v2/droplets")
    account.run()
    assert account.things()["droplets"] == 1
    assert account.run() == []


@pytest.mark.parametrize("wanted", [{"droplet_size": "s-2vcpu-2gb"}, {"droplet_region": "ams3"}])
def test_another_size_or_region_is_another_machine(account: Ocean, wanted: dict[str, Any]) -> None:
    account.run()
    said = refused(account, **wanted)
    assert "another machine" in said
    assert "make rebuild" in said


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"type": "A", "name": "blog", "data": "198.51.100.9"}, ("198.51.100.9", "records delete")),
        ({"type": "AAAA", "name": "www.blog", "data": "2001:db8::9"}, ("2001:db8::9", "www.blog")),
        ({"type": "CNAME", "name": "www.blog", "data": "pages.example."}, ("pages.example",)),
        (
            {"type": "CAA", "name": "blog", "data": "other.example.", "flags": 0, "tag": "issue"},
            ("other.example", "letsencrypt.org"),
        ),
    ],
)
def test_a_record_that_was_not_made_here_stays(
    account: Ocean, record: dict[str, object], words: tuple[str, ...]
) -> None:
    account.ask("POST", f"/v2/domains/{ZONE}/records", record)
    said = refused(account)
    assert all(word in said for word in words), said


def test_a_record_beside_ours_is_not_ours_to_judge(account: Ocean) -> None:
    account.run()
    other = {"type": "A", "name": "blog", "data": "198.51.100.9"}
    account.ask("POST", f"/v2/domains/{ZONE}/records", other)
    assert "198.51.100.9" in refused(account)


def test_a_record_at_a_name_that_came_later_is_not_ours_either(account: Ocean) -> None:
    account.run(aliases=[])
    other = {"type": "A", "name": "www.blog", "data": "198.51.100.9"}
    account.ask("POST", f"/v2/domains/{ZONE}/records", other)
    said = refused(account)
    assert all(word in said for word in ("www.blog", "198.51.100.9", "records delete")), said


def test_a_record_that_was_led_elsewhere_by_hand_is_no_more_ours(account: Ocean) -> None:
    account.run()
    records = account.account.state["records"].values()
    (record,) = (one for one in records if (one["type"], one["name"]) == ("A", "blog"))
    elsewhere = {"type": "A", "data": "198.51.100.9"}
    account.ask("PATCH", f"/v2/domains/{ZONE}/records/{record['id']}", elsewhere)
    assert "198.51.100.9" in refused(account)


def test_a_record_about_wildcards_lets_the_authority_issue(account: Ocean) -> None:
    other = {"type": "CAA", "name": "blog", "data": "other.example.", "flags": 0}
    account.ask("POST", f"/v2/domains/{ZONE}/records", other | {"tag": "issuewild"})
    account.run()
    assert account.things()["CAA blog"] == 2
    assert account.run() == []


def test_a_firewall_of_our_name_before_another_droplet_stays_there(account: Ocean) -> None:
    other = account.ask("POST", "/v2/droplets", DROPLET | {"name": "another", "tags": []})
    number = other["droplet"]["id"]
    rules = [{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}]
    body = {"name": DOMAIN, "droplet_ids": [number], "inbound_rules": rules}
    account.ask("POST", "/v2/firewalls", body)
    said = refused(account)
    assert str(number) in said
    assert "droplet_name" in said
    (found,) = account.account.state["firewalls"].values()
    assert found["droplet_ids"] == [number]


def test_a_reserved_address_that_leads_to_another_droplet_stays_there(account: Ocean) -> None:
    other = account.ask("POST", "/v2/droplets", DROPLET | {"name": "another", "tags": []})
    account.wait_until_active(other["droplet"]["id"])
    body = {"droplet_id": other["droplet"]["id"]}
    ip = account.ask("POST", "/v2/reserved_ips", body)["reserved_ip"]["ip"]
    account.run(reserved_address="no")
    with pytest.raises(CloudError, match="leads to another droplet"):
        account.run(reserved_address=ip)


def test_an_address_that_may_be_ours_is_not_left_for_another(account: Ocean) -> None:
    account.run(manage_dns=False)
    (address,) = account.account.state["reserved_ips"]
    (lost,) = account.account.state["droplets"]
    account.ask("DELETE", f"/v2/droplets/{lost}")
    said = refused(account, manage_dns=False)
    assert f'reserved_address = "{address}"' in said
    assert f"reserved-ip delete {address}" in said
    account.run(manage_dns=False, reserved_address=address)
    assert [*account.account.state["reserved_ips"]] == [address]
    assert account.run(manage_dns=False, reserved_address=address) == []


@pytest.mark.parametrize("lag", [False, True])
def test_cut_off_before_an_address_leads_anywhere_no_second_one_is_had(
    account: Ocean, *, lag: bool
) -> None:
    if lag:
        account.order("listing-lags", path="/v2/reserved_ips", seconds=20)
    account.order("cut-after", method="POST", path="/v2/reserved_ips")
    with pytest.raises(CutOffError):
        account.run(CutAtAddress(account.url, FULL), manage_dns=False)
    account.run(manage_dns=False)
    assert account.things()["reserved_ips"] == 1
    assert account.run(manage_dns=False) == []


class CutAtAddress(CutClient):
    """A client whose run is cut off when an address was reserved and leads nowhere."""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path.startswith("/v2/reserved_ips/"):
            raise CutOffError
        return super().post(path, body)


def test_an_uptime_check_of_our_name_that_asks_for_another_page_stays(account: Ocean) -> None:
    other = {"name": DOMAIN, "type": "https", "target": f"https://{DOMAIN}/health"}
    made = account.ask("POST", "/v2/uptime/checks", other)["check"]
    said = refused(account)
    assert all(word in said for word in (f"{DOMAIN}/health", "another name", "monitors")), said
    assert account.ask("GET", f"/v2/uptime/checks/{made['id']}")["check"] == made
    # Beside ours it may be as it is.
    account.run(uptime_check=False, uptime_email="")
    path = f"/v2/uptime/checks/{made['id']}"
    account.ask("PUT", path, other | {"name": "health"})
    account.run()
    account.ask("PUT", path, other)
    assert account.run() == []


def test_an_uptime_check_that_asks_otherwise_asks_as_described_again(account: Ocean) -> None:
    account.run()
    (check,) = account.account.state["checks"].values()
    check.update(type="ping", target=f"https://{DOMAIN}")
    assert len(account.run()) == 1
    assert (check["type"], check["target"]) == ("https", f"https://{DOMAIN}/")


def test_an_action_that_errored_is_told_with_its_number(account: Ocean) -> None:
    account.order("action-errors", path="/v2/droplets")
    with pytest.raises(CloudError, match=r"action \d+"):
        account.run()


# ---- what is mended ----


class CutAtRecords(CutClient):
    """A client whose run is cut off after it changed so many records."""

    def __init__(self, url: str, token: str, *, left: int) -> None:
        super().__init__(url, token)
        self._left = left

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = super().put(path, body)
        self._left -= "/records/" in path
        if self._left == 0:
            raise CutOffError
        return answer


def test_a_droplet_that_was_lost_comes_back_at_the_same_address(account: Ocean) -> None:
    account.run()
    (address,) = account.account.state["reserved_ips"]
    (lost,) = account.account.state["droplets"]
    account.ask("DELETE", f"/v2/droplets/{lost}")
    account.run()
    assert [*account.account.state["reserved_ips"]] == [address]
    led = account.ask("GET", f"/v2/reserved_ips/{address}")["reserved_ip"]["droplet"]
    assert led["id"] != int(lost)
    assert account.things()["A blog"] == 1


def test_without_a_reserved_address_the_names_follow_the_droplet(account: Ocean) -> None:
    account.run(reserved_address="no")
    (lost,) = account.account.state["droplets"]
    account.ask("DELETE", f"/v2/droplets/{lost}")
    account.run(reserved_address="no")
    (found,) = account.ask("GET", "/v2/droplets")["droplets"]
    public = next(one for one in found["networks"]["v4"] if one["type"] == "public")
    records = account.ask("GET", f"/v2/domains/{ZONE}/records?per_page=200")["domain_records"]
    assert [one["data"] for one in records if one["type"] == "A"] == [public["ip_address"]] * 2


def test_the_names_follow_a_droplet_that_was_lost_twice_while_they_did(account: Ocean) -> None:
    account.run(reserved_address="no")
    whole = account.things()
    for cut in (1, 2):
        (lost,) = account.account.state["droplets"]
        account.ask("DELETE", f"/v2/droplets/{lost}")
        with pytest.raises(CutOffError):
            account.run(CutAtRecords(account.url, FULL, left=cut), reserved_address="no")
    account.run(reserved_address="no")
    assert account.things() == whole
    assert account.run(reserved_address="no") == []


def test_a_reserved_address_that_is_wanted_later_takes_the_names_over(account: Ocean) -> None:
    account.run(reserved_address="no")
    account.run()
    (address,) = account.account.state["reserved_ips"]
    records = account.account.state["records"].values()
    assert {one["data"] for one in records if one["type"] == "A"} == {address}
    assert account.run() == []


def test_a_firewall_that_was_loosened_is_as_described_again(account: Ocean) -> None:
    account.run()
    (found,) = account.account.state["firewalls"].values()
    rule = {"protocol": "tcp", "ports": "5432", "sources": {"addresses": ["0.0.0.0/0"]}}
    account.ask("POST", f"/v2/firewalls/{found['id']}/rules", {"inbound_rules": [rule]})
    assert len(account.run()) == 1
    assert account.run() == []
    ports = {one["ports"] for one in found["inbound_rules"]}
    assert ports == {"0", "22", "80", "443"}


@pytest.mark.parametrize("by_hand", ["203.0.113.7/24", "203.0.113.0-9"])
def test_an_address_that_was_written_by_hand_is_replaced(account: Ocean, by_hand: str) -> None:
    account.run()
    (found,) = account.account.state["firewalls"].values()
    found["inbound_rules"][0]["sources"]["addresses"] = [by_hand]
    assert len(account.run()) == 1
    assert account.run() == []


def test_ssh_for_some_is_ssh_for_some_at_both_firewalls(account: Ocean) -> None:
    account.run(ssh_allowed_from=["203.0.113.7", "2001:db8:1::/48"], http3=False)
    (found,) = account.account.state["firewalls"].values()
    inbound = {
        (one["protocol"], one["ports"]): one["sources"]["addresses"]
        for one in found["inbound_rules"]
    }
    assert inbound.pop(("tcp", "22")) == ["203.0.113.7/32", "2001:db8:1::/48"]
    assert {*inbound} == {("tcp", "80"), ("tcp", "443"), ("icmp", "0")}
    assert account.run(ssh_allowed_from=["203.0.113.7", "2001:db8:1::/48"], http3=False) == []


def test_a_key_that_is_in_the_account_under_another_name_stays_so(account: Ocean) -> None:
    line = account.settings().authorized_key_lines[0]
    body = {"name": "laptop", "public_key": line}
    made = account.ask("POST", "/v2/account/keys", body)["ssh_key"]
    assert made["fingerprint"] == fingerprint(line)
    account.run()
    assert [one["name"] for one in account.account.state["keys"].values()] == ["laptop"]


def test_the_droplet_is_born_with_the_key_that_is_pinned(account: Ocean) -> None:
    account.run()
    (number,) = account.account.state["droplets"]
    born = account.ask("GET", f"/_emulator/droplets/{number}")
    (pin,) = (account.folder / "machine" / "known_hosts").read_text().splitlines()
    address, kind, key = pin.split()
    assert f"{kind} {key}" in born["user_data"]
    assert born["user_data"].startswith("#cloud-config\n")
    found = account.ask("GET", f"/v2/droplets/{number}")["droplet"]
    assert address in [one["ip_address"] for one in found["networks"]["v4"]]


DOCS = Path(__file__).parents[2] / "docs" / "digitalocean.md"


def scopes_in(text: str) -> list[str]:
    return sorted(set(re.findall(r"`([a-z_]+:(?:create|read|update|delete))`", text)))


def test_the_scopes_that_the_docs_name_are_enough_to_look(tmp_path: Path) -> None:
    (line,) = (line for line in DOCS.read_text().splitlines() if "that only look" in line)
    token = "dop_v1_looking"
    with ocean(tmp_path, tokens={token: scopes_in(line)}) as account:
        account.run()
        cloud = account.cloud(CutClient(account.url, token))
        assert [one.name for one in cloud.facts.droplets("freehold")] == [DOMAIN]


@pytest.mark.parametrize(
    "left_out", ["reserved_address", "uptime_check", "its firewall", "nothing"]
)
def test_a_token_of_the_docs_can_be_had(tmp_path: Path, left_out: str) -> None:
    rows = (line for line in DOCS.read_text().splitlines() if line.startswith("   | "))
    kept = [row for row in rows if left_out not in row and "destroy" not in row]
    with ocean(tmp_path, tokens={"dop_v1_part": scopes_in("".join(kept))}):
        pass


def test_the_scopes_that_the_docs_name_are_enough(tmp_path: Path) -> None:
    token, scopes = "dop_v1_as_documented", scopes_in(DOCS.read_text())
    with ocean(tmp_path, tokens={token: scopes}) as account:
        account.run(CutClient(account.url, token))
        account.run(CutClient(account.url, token), http3=False, uptime_email="")
        settings = account.settings()
        (lost,) = account.account.state["droplets"]
        account.ask("DELETE", f"/v2/droplets/{lost}")
        account.run(CutClient(account.url, token))
        for one in gone(account.cloud(CutClient(account.url, token)), settings):
            one.remove()
        assert account.things()["droplets"] == account.things()["A blog"] == 0
