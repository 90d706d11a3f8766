"""What the emulated API is told to do wrong, it does so, as often as it was told."""

import pytest
import requests

from tests.emulator.api_lab import DROPLET, Api


def _droplets(api: Api) -> int:
    with api.cloud.lock:
        return len(api.cloud.state["droplets"])


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("too-many-requests", 429, 0),
        ("server-error", 500, 0),
        ("bad-gateway", 502, 0),
        ("server-error-after", 500, 1),
        ("bad-gateway-after", 502, 1),
        ("cut-before", None, 0),
        ("cut-after", None, 1),
    ],
)
def test_a_request_that_goes_wrong(api: Api, kind: str, status: int | None, done: int) -> None:
    api.misbehave(kind, method="POST", path="/v2/drop*", seconds=7)
    api.get("/v2/droplets")
    if status is None:
        with pytest.raises(requests.ConnectionError):
            api.ask("POST", "/v2/droplets", DROPLET)
    else:
        answer = api.ask("POST", "/v2/droplets", DROPLET)
        assert answer.status_code == status
        assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
        assert ("html" in answer.headers["content-type"]) == (status == 502)
    assert _droplets(api) == done
    # Once was what was ordered.
    assert api.ask("POST", "/v2/droplets", DROPLET).status_code == 202


def test_orders_wait_their_turn_and_are_taken_back(api: Api) -> None:
    api.misbehave("server-error", path="/v2/account", after=1, times=2)
    said = [api.ask("GET", "/v2/account").status_code for _ in range(4)]
    assert said == [200, 500, 500, 200]
    api.misbehave("server-error", times=100)
    requests.delete(f"{api.address}/_emulator/misbehave", timeout=20)
    assert api.ask("GET", "/v2/account").status_code == 200
    wrong = requests.post(f"{api.address}/_emulator/misbehave", json={"kind": "x"}, timeout=20)
    assert wrong.status_code == 422


def test_an_action_that_errors_did_nothing(api: Api) -> None:
    api.misbehave("action-errors")
    number = api.make("/v2/droplets", DROPLET, "droplet", 202)["id"]
    api.done()
    [action] = api.get(f"/v2/droplets/{number}/actions", "action")
    assert action["status"] == "errored"
    assert api.get(f"/v2/droplets/{number}", "droplet")["status"] == "new"


def test_addresses_that_come_late_or_the_other_way_round(api: Api) -> None:
    api.misbehave("no-public-address", seconds=3600)
    late = api.make("/v2/droplets", DROPLET, "droplet", 202)["id"]
    api.misbehave("private-address-first")
    turned = api.make("/v2/droplets", DROPLET, "droplet", 202)["id"]
    api.done()
    networks = api.get(f"/v2/droplets/{late}", "droplet")["networks"]
    assert [one["type"] for one in networks["v4"]] == ["private"]
    assert networks["v6"] == []
    networks = api.get(f"/v2/droplets/{turned}", "droplet")["networks"]
    assert [one["type"] for one in networks["v4"]] == ["private", "public"]


@pytest.mark.parametrize("first", [True, False])
def test_a_reserved_address_is_one_of_its_droplet(api: Api, *, first: bool) -> None:
    if first:
        api.misbehave("reserved-address-first")
    number = api.make("/v2/droplets", DROPLET, "droplet", 202)["id"]
    api.done()
    own, private = api.get(f"/v2/droplets/{number}", "droplet")["networks"]["v4"]
    body = {"droplet_id": number}
    ip = api.make("/v2/reserved_ips", body, "reserved_ip", 202)["ip"]
    api.done()
    networks = api.get(f"/v2/droplets/{number}", "droplet")["networks"]["v4"]
    (reserved,) = (one for one in networks if one["ip_address"] == ip)
    assert reserved["type"] == "public"
    assert networks == ([reserved, own, private] if first else [own, private, reserved])


def test_a_listing_that_lags(api: Api) -> None:
    api.misbehave("listing-lags", method="POST", path="/v2/droplets", seconds=3600)
    number = api.make("/v2/droplets", DROPLET, "droplet", 202)["id"]
    assert api.get("/v2/droplets?tag_name=freehold") == []
    assert api.get(f"/v2/droplets/{number}", "droplet")["id"] == number

    api.make("/v2/tags", {"name": "gone"}, "tag")
    api.misbehave("listing-lags", method="DELETE", seconds=3600)
    assert api.ask("DELETE", "/v2/tags/gone").status_code == 204
    assert "gone" in {tag["name"] for tag in api.get("/v2/tags", "tag")}
    assert api.ask("GET", "/v2/tags/gone").status_code == 404


def test_the_side_door_knows_what_was_asked_and_sent(api: Api) -> None:
    number = api.make("/v2/droplets", DROPLET | {"user_data": "#!/bin/sh\n"}, "", 202)["id"]
    said = requests.get(f"{api.address}/_emulator/requests", timeout=20).json()["requests"]
    assert [(one["method"], one["status"]) for one in said] == [("POST", 202)]
    born = requests.get(f"{api.address}/_emulator/droplets/{number}", timeout=20).json()
    assert born["user_data"] == "#!/bin/sh\n"
