"""What the emulated API answers has the shape of the published document."""

from tests.emulator.api_lab import ANYWHERE, DROPLET, FIREWALL, Api, check, public_key


def test_the_catalogue_and_the_account(api: Api) -> None:
    assert "fra1" in {region["slug"] for region in api.get("/v2/regions", "region")}
    prices = {size["slug"]: size["price_monthly"] for size in api.get("/v2/sizes", "size")}
    assert prices["s-1vcpu-1gb"] == 6
    assert api.get("/v2/images/debian-13-x64", "image")["distribution"] == "Debian"
    assert api.get("/v2/images?type=application", "image") == []
    assert api.get("/v2/account", "account")["droplet_limit"] == 3


def test_a_key_is_found_by_its_fingerprint(api: Api) -> None:
    made = api.make(
        "/v2/account/keys", {"name": "me", "public_key": f" {public_key()}\n"}, "ssh_key"
    )
    assert made["public_key"] == public_key()
    assert api.get(f"/v2/account/keys/{made['fingerprint']}", "ssh_key") == made
    assert api.get("/v2/account/keys", "ssh_key") == [made]
    assert api.ask("DELETE", f"/v2/account/keys/{made['id']}").status_code == 204
    assert api.ask("GET", f"/v2/account/keys/{made['id']}").status_code == 404


def test_a_droplet_and_its_action(api: Api) -> None:
    answer = api.ask("POST", "/v2/droplets", DROPLET)
    assert answer.status_code == 202
    made, [link] = answer.json()["droplet"], answer.json()["links"]["actions"]
    check("droplet", made)
    check("action_link", link)
    assert (made["status"], made["networks"]) == ("new", {"v4": [], "v6": []})
    action = api.get(f"/v2/actions/{link['id']}", "action")
    assert (action["status"], action["resource_id"]) == ("in-progress", made["id"])

    api.done()
    [droplet] = api.get("/v2/droplets?tag_name=freehold", "droplet")
    assert (droplet["status"], droplet["locked"]) == ("active", False)
    assert [one["type"] for one in droplet["networks"]["v4"]] == ["public", "private"]
    assert len(droplet["networks"]["v6"]) == 1
    assert api.get(link["href"].removeprefix(api.address), "action")["status"] == "completed"
    assert api.get("/v2/droplets?name=blog.test", "droplet") == [droplet]
    assert api.get("/v2/droplets?tag_name=another", "droplet") == []
    assert api.get("/v2/tags/freehold", "tag")["resources"]["droplets"]["count"] == 1


def test_a_droplet_has_the_agent_unless_it_is_not_wanted(api: Api) -> None:
    features = [
        api.make("/v2/droplets", DROPLET | wanted, "droplet", 202)["features"]
        for wanted in ({}, {"with_droplet_agent": True}, {"with_droplet_agent": False})
    ]
    assert ["droplet_agent" in one for one in features] == [True, True, False]


def test_a_firewall_is_replaced_as_a_whole(api: Api) -> None:
    api.make("/v2/tags", {"name": "freehold"}, "tag")
    made = api.make("/v2/firewalls", FIREWALL | {"tags": ["freehold"]}, "firewall", 202)
    path = f"/v2/firewalls/{made['id']}"
    rules = [{"protocol": "udp", "ports": "all", "sources": ANYWHERE}]
    put = api.ask("PUT", path, {"name": "freehold", "inbound_rules": rules})
    assert put.status_code == 200
    after = api.get(path, "firewall")
    # What the body left out is gone; "all" is "0" on the way back.
    assert (after["tags"], after["outbound_rules"]) == ([], [])
    assert after["inbound_rules"] == [{"protocol": "udp", "ports": "0", "sources": ANYWHERE}]
    assert api.get("/v2/firewalls", "firewall") == [after]


def test_records_have_short_names_and_are_asked_for_by_full_ones(api: Api) -> None:
    api.make("/v2/domains", {"name": "blog.test"}, "domain")
    path = "/v2/domains/blog.test/records"
    address = {"type": "A", "name": "www", "data": "203.0.113.7"}
    twice = [api.make(path, address, "domain_record") for _ in range(2)]
    issuer = {"type": "CAA", "name": "@", "data": "letsencrypt.org.", "flags": 0, "tag": "issue"}
    # The last dot is asked for, and not given back.
    assert api.make(path, issuer, "domain_record")["data"] == "letsencrypt.org"
    assert api.get(f"{path}?name=www.blog.test&type=A", "domain_record") == twice
    assert api.get(f"{path}?name=www", "domain_record") == []
    assert {each["type"] for each in api.get(path, "domain_record")} == {"SOA", "NS", "A", "CAA"}
    changed = api.ask("PATCH", f"{path}/{twice[0]['id']}", {"data": "203.0.113.8", "type": "A"})
    assert changed.json()["domain_record"] == twice[0] | {"data": "203.0.113.8"}
    zone = api.get("/v2/domains/blog.test", "domain")["zone_file"]
    assert 'blog.test. 1800 IN CAA 0 issue "letsencrypt.org"\n' in zone


def test_checks_and_alerts(api: Api) -> None:
    check_body = {"name": "blog", "type": "https", "target": "https://blog.test"}
    made = api.make("/v2/uptime/checks", check_body, "check")
    path = f"/v2/uptime/checks/{made['id']}/alerts"
    told = {"email": ["owner@blog.test"], "slack": []}
    alert = {"name": "down", "type": "down", "period": "2m", "notifications": told}
    assert api.get(f"{path}/{api.make(path, alert, 'alert')['id']}", "alert")["period"] == "2m"
    assert api.ask("PUT", path.removesuffix("/alerts"), {"enabled": False}).status_code == 200
    assert api.get("/v2/uptime/checks", "check") == [made | {"enabled": False}]
    assert api.ask("DELETE", path.removesuffix("/alerts")).status_code == 204
    assert api.ask("GET", path).status_code == 404


def test_pages_lead_to_each_other(api: Api) -> None:
    for number in range(5):
        api.make("/v2/tags", {"name": f"tag-{number}"}, "tag")
    path, seen = "/v2/tags?per_page=2", []
    while path:
        document = api.ask("GET", path).json()
        seen += [tag["name"] for tag in document["tags"]]
        pages = document["links"]["pages"]
        path = pages.get("next", "").removeprefix(api.address)
    assert seen == [f"tag-{number}" for number in range(5)]
    assert pages.keys() == {"first", "prev"}
    assert document["meta"] == {"total": 5}
    # All on one page: there is no "pages" to look into.
    assert api.ask("GET", "/v2/tags?per_page=200").json()["links"] == {}
    assert api.ask("GET", "/v2/tags?per_page=201").status_code == 400
