"""What the real API refuses, the emulated one refuses, in the same form."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.digitalocean.tokens import Tokens
from emulator.errors import EmulatorError
from tests.emulator.api_lab import ANYWHERE, DROPLET, FIREWALL, Api, api_in, public_key

_ADDRESS = {"type": "A", "name": "www", "data": "203.0.113.7"}
_RULE: dict[str, Any] = {"protocol": "tcp", "ports": "22", "sources": ANYWHERE}
_RECORDS = "/v2/domains/blog.test/records"
_LOOK = [f"{noun}:read" for noun in ("droplet", "image", "regions", "sizes", "actions")]


def _rule(**fields: object) -> dict[str, object]:
    return {"name": "freehold", "inbound_rules": [_RULE | fields]}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/v2/account/keys", {"name": "me"}, "public_key is a required field"),
        ("/v2/account/keys", {"name": "me", "public_key": "ssh-ed25519 AAAA"}, "Key invalid"),
        ("/v2/account/keys", {"name": "me", "public_key": public_key(1)}, "already in use"),
        ("/v2/droplets", DROPLET | {"region": "mars1"}, "invalid region"),
        ("/v2/droplets", DROPLET | {"region": "nyc2"}, "Region is not available"),
        ("/v2/droplets", DROPLET | {"size": "512mb"}, "invalid size"),
        (
            "/v2/droplets",
            DROPLET | {"region": "tor1", "size": "s-1vcpu-512mb-10gb"},
            "Size is not available in this region",
        ),
        ("/v2/droplets", DROPLET | {"image": "debian-99-x64"}, "invalid image"),
        ("/v2/droplets", DROPLET | {"name": "no spaces"}, "valid hostname"),
        ("/v2/droplets", {k: v for k, v in DROPLET.items() if k != "name"}, "name is a required"),
        ("/v2/droplets", DROPLET | {"ssh_keys": ["aa:bb"]}, "aa:bb are invalid key identifiers"),
        ("/v2/droplets", DROPLET | {"tags": ["no spaces"]}, "Tag name"),
        ("/v2/droplets", DROPLET | {"ipv6": "yes"}, "ipv6 must be true or false"),
        (
            "/v2/droplets",
            DROPLET | {"with_droplet_agent": "no"},
            "with_droplet_agent must be true or false",
        ),
        ("/v2/droplets", DROPLET | {"user_data": "ä" * 32_769}, "64KB"),
        ("/v2/firewalls", {"name": "freehold"}, "at least one inbound or outbound rule"),
        ("/v2/firewalls", FIREWALL | {"name": "-"}, "name must be"),
        ("/v2/firewalls", FIREWALL | {"tags": ["unknown"]}, "tag unknown does not exist"),
        ("/v2/firewalls", FIREWALL | {"droplet_ids": [1]}, "droplet 1 not found"),
        ("/v2/firewalls", _rule(protocol="esp"), "protocol must be one of"),
        ("/v2/firewalls", _rule(ports=22), "ports must be a string"),
        ("/v2/firewalls", _rule(ports="99-1"), "no port"),
        ("/v2/firewalls", _rule(sources={"addresses": ["anywhere"]}), "invalid address"),
        ("/v2/firewalls", _rule(sources={}), "at least one source"),
        ("/v2/domains", {"name": "blog.test"}, "name already exists"),
        ("/v2/domains", {"name": "localhost"}, "not a valid domain name"),
        (_RECORDS, _ADDRESS | {"data": "::1"}, "IPv4"),
        (_RECORDS, _ADDRESS | {"ttl": 5}, "ttl must be from 30"),
        (_RECORDS, _ADDRESS | {"type": "AAAA"}, "IPv6"),
        (_RECORDS, {"type": "CNAME", "name": "b", "data": "blog.test"}, "end with a dot"),
        (
            _RECORDS,
            {"type": "CAA", "name": "@", "data": "a.test.", "flags": 0},
            "tag is a required",
        ),
        (_RECORDS, {"type": "CNAME", "name": "@", "data": "a.test."}, "cannot share"),
        ("/v2/reserved_ips", {}, "Either a droplet_id or a region"),
        ("/v2/reserved_ips", {"droplet_id": 1}, "could not be found"),
        ("/v2/uptime/checks", {"name": "x", "type": "https", "target": "blog.test"}, "https://"),
    ],
)
def test_a_body_that_is_wrong(api: Api, path: str, body: object, words: str) -> None:
    api.make("/v2/account/keys", {"name": "me", "public_key": public_key(1)}, "ssh_key")
    api.make("/v2/domains", {"name": "blog.test"}, "domain")
    before = json.dumps(api.cloud.state.things())
    answer = api.ask("POST", path, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["id"] == "unprocessable_entity"
    assert words in answer.json()["message"]
    assert json.dumps(api.cloud.state.things()) == before


def test_alerts_go_to_the_owner(api: Api) -> None:
    check = {"name": "blog", "target": "https://blog.test"}
    made = api.make("/v2/uptime/checks", check, "check")
    assert made["type"] == "https"
    path = f"/v2/uptime/checks/{made['id']}/alerts"
    told = {"email": ["other@blog.test"], "slack": []}
    alert = {"name": "down", "type": "down", "period": "2m", "notifications": told}
    for body, words in (
        (alert, "not a verified email"),
        (alert | {"notifications": {"email": []}}, "slack is a required field"),
        (alert | {"notifications": told | {"email": []}, "period": "2h"}, "period must be one of"),
        (alert | {"notifications": told | {"email": []}, "type": "latency"}, "threshold"),
    ):
        answer = api.ask("POST", path, body)
        assert answer.status_code == 422, answer.text
        assert words in answer.json()["message"]


def test_largest_user_data_is_taken(api: Api) -> None:
    api.make("/v2/droplets", DROPLET | {"user_data": "ä" * 32_768}, "droplet", 202)


def test_a_firewalls_name_is_its_own(api: Api) -> None:
    api.make("/v2/firewalls", FIREWALL, "firewall", 202)
    again = api.ask("POST", "/v2/firewalls", FIREWALL)
    assert (again.status_code, again.json()["message"]) == (409, "duplicate name")


def test_a_record_is_not_changed_by_half(api: Api) -> None:
    api.make("/v2/domains", {"name": "blog.test"}, "domain")
    alias = {"type": "CNAME", "name": "www", "data": "blog.test."}
    made = api.make(_RECORDS, alias, "domain_record")
    # As with the real one: its own data, that it shows without the dot, is what it refuses.
    half = api.ask("PUT", f"{_RECORDS}/{made['id']}", {"ttl": 60})
    assert (half.status_code, "end with a dot" in half.text) == (422, True)
    assert api.ask("PUT", f"{_RECORDS}/{made['id']}", alias | {"ttl": 60}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v2/droplets/1",
        "/v2/droplets/one",
        "/v2/actions/1",
        "/v2/account/keys/1",
        "/v2/firewalls/1",
        "/v2/domains/other.test",
        "/v2/domains/other.test/records",
        "/v2/reserved_ips/127.9.9.9",
        "/v2/nothing",
    ],
)
def test_what_is_not_there(api: Api, path: str) -> None:
    answer = api.ask("GET", path)
    assert (answer.status_code, answer.json()["id"]) == (404, "not_found")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_body_that_is_no_object(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    for data in ("{", "[]"):
        answer = requests.post(f"{api.address}/v2/tags", data=data, headers=headers, timeout=20)
        assert answer.status_code == 400, answer.text
    form = requests.post(
        f"{api.address}/v2/tags",
        data={"name": "x"},
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=20,
    )
    assert form.status_code == 400


def test_tokens_do_what_their_scopes_say(tmp_path: Path) -> None:
    scopes = {
        "all": ["*"],
        "look": ["read"],
        "keys": ["ssh_key:read", "ssh_key:create"],
        "plain": ["droplet:create", *_LOOK],
        "zone": ["domain:create", "domain:read"],
    }
    (tmp_path / "tokens.json").write_text(json.dumps(scopes))
    key = {"name": "me", "public_key": public_key()}
    with api_in(tmp_path) as api:
        for token, method, path, body, status in (
            ("", "GET", "/v2/account", None, 401),
            ("wrong", "GET", "/v2/account", None, 401),
            ("look", "GET", "/v2/account", None, 200),
            ("look", "POST", "/v2/account/keys", key, 403),
            ("look", "DELETE", "/v2/droplets/1", None, 403),
            ("keys", "POST", "/v2/account/keys", key, 201),
            ("keys", "DELETE", "/v2/account/keys/1", None, 403),
            ("keys", "GET", "/v2/droplets", None, 403),
            ("plain", "GET", "/v2/droplets", None, 200),
            ("plain", "GET", "/v2/droplets?tag_name=freehold", None, 403),
            ("zone", "POST", "/v2/domains", {"name": "blog.test"}, 201),
            ("zone", "POST", _RECORDS, _ADDRESS, 403),
            ("zone", "DELETE", f"{_RECORDS}/1", None, 403),
            # To name a tag is to make it, and to name a key is to read it.
            ("plain", "POST", "/v2/droplets", DROPLET, 403),
            ("plain", "POST", "/v2/droplets", DROPLET | {"tags": []}, 202),
        ):
            answer = api.ask(method, path, body, token)
            assert answer.status_code == status, (token, method, path, answer.text)


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        (["droplet:read"], "actions:read, image:read, regions:read, sizes:read"),
        (["tag:create"], "tag:read"),
        (["reserved_ip:create", "reserved_ip:read", *_LOOK], "project:read"),
    ],
)
def test_a_token_has_what_its_scopes_require(
    tmp_path: Path, scopes: list[str], missing: str
) -> None:
    (tmp_path / "tokens.json").write_text(json.dumps({"few": scopes}))
    with pytest.raises(EmulatorError, match=f"without {missing}$"):
        Tokens(tmp_path / "tokens.json")


def test_the_limits_of_the_account(tmp_path: Path) -> None:
    with api_in(tmp_path, action_seconds=0, droplet_limit=2, reserved_ip_limit=1) as api:
        names = {"names": ["a", "b", "c"]} | {k: v for k, v in DROPLET.items() if k != "name"}
        assert "droplet limit" in api.ask("POST", "/v2/droplets", names).json()["message"]
        for _ in range(2):
            api.make("/v2/droplets", DROPLET, "droplet", 202)
        assert api.ask("POST", "/v2/droplets", DROPLET).status_code == 422
        api.make("/v2/reserved_ips", {"region": "fra1"}, "reserved_ip", 202)
        assert "limit" in api.ask("POST", "/v2/reserved_ips", {"region": "fra1"}).text


def test_too_many_requests(api: Api) -> None:
    for _ in range(10):
        assert api.ask("GET", "/v2/account/keys").status_code == 200
    listing = api.ask("GET", "/v2/account/keys")
    assert (listing.status_code, listing.json()["id"]) == (429, "too_many_requests")
    assert 1 <= int(listing.headers["retry-after"]) <= 60
    assert api.ask("GET", "/v2/account").headers["ratelimit-remaining"] == str(5000 - 11)
