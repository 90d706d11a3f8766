"""droplet.py and inventory.py as their owner types them, against the emulated Digital Ocean."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from digitalocean.left_out import left_out
from tests.digitalocean.ocean_lab import DOMAIN, FULL, Ocean, ocean
from tests.digitalocean.owner import DROPLET, Owner, describe
from tests.runs import PYINFRA, copy_of_the_project

MOST_REQUESTS = 12


@dataclass
class Tried(Owner):
    """An owner, and what is in the account."""

    account: Ocean


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Tried]:
    project = copy_of_the_project(tmp_path / "project")
    shutil.rmtree(tmp_path / "project" / ".droplets", ignore_errors=True)
    with ocean(tmp_path) as account:
        account.settings()
        key = tmp_path / "login"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        describe(project, tmp_path, key)
        yield Tried(project, tmp_path, account.url, account=account)


def test_two_commands_and_the_second_time_nothing(owner: Tried) -> None:
    first = owner.type(*DROPLET)
    assert first.code == 0, first.said
    owner.account.asked()
    second = owner.type(*DROPLET, "--json")
    assert second.code == 0, second.said
    assert second.changed() == []
    assert len(second.operations()) == 6
    assert len(owner.account.asked()) <= MOST_REQUESTS
    hosts, _ = owner.hosts()
    assert owner.account.asked() == ["GET /v2/droplets"]
    assert hosts[DOMAIN]["groups"] == ["droplets", "inventory"]
    # Whoever reads along learns nothing.
    assert FULL not in first.said + second.said


def test_a_droplet_is_reached_by_its_own_address(owner: Tried) -> None:
    owner.account.order("reserved-address-first", path="/v2/droplets")
    assert owner.type(*DROPLET).code == 0
    owner.account.asked()
    hosts, _ = owner.hosts()
    assert owner.account.asked() == ["GET /v2/droplets"]
    (found,) = owner.account.ask("GET", "/v2/droplets")["droplets"]
    reserved, own = (
        one["ip_address"] for one in found["networks"]["v4"] if one["type"] == "public"
    )
    assert reserved in owner.account.account.state["reserved_ips"]
    data = hosts[DOMAIN]["data"]
    assert isinstance(data, dict)
    assert data["ssh_hostname"] == own
    assert "ssh_known_hosts_file" in data


def test_a_dry_run_says_what_would_be_bought_and_buys_nothing(owner: Tried) -> None:
    done = owner.type(PYINFRA, "@local", "droplet.py", "--dry")
    assert done.code == 0, done.said
    assert "$6.00 a month" in done.said
    assert f"Make the droplet {DOMAIN}: s-1vcpu-1gb in fra1" in done.said
    assert all(one.startswith("GET ") for one in owner.account.asked())


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DIGITALOCEAN_TOKEN": ""}, "There is no token of Digital Ocean"),
        # It is asked again and again before.
        pytest.param(
            {"DIGITALOCEAN_API_URL": "http://127.0.0.1:1"},
            "can't be reached",
            marks=pytest.mark.slow,
        ),
        ({"DIGITALOCEAN_TOKEN": "wrong"}, "does not know the token from DIGITALOCEAN_TOKEN"),
    ],
)
def test_without_an_answer_hosts_written_by_hand_are_there(
    owner: Tried, environment: dict[str, str], words: str
) -> None:
    inventory = owner.project / "inventory.py"
    text = inventory.read_text()
    inventory.write_text(text.replace("= []\n", '= ["203.0.113.7"]\n', 1))
    hosts, said = owner.hosts(**environment)
    assert [*hosts] == ["203.0.113.7"]
    (why,) = left_out(said)
    assert words in why
    # And whoever would buy is told the same.
    done = owner.type(*DROPLET, **environment)
    assert done.code == 1
    assert words in done.said
    assert "Traceback" not in done.said


def test_who_describes_no_droplet_hears_nothing_of_digital_ocean(owner: Tried) -> None:
    key = owner.account.folder / "login"
    describe(owner.project, owner.account.folder, key, droplet_region=None)
    hosts, said = owner.hosts(DIGITALOCEAN_TOKEN="")
    assert hosts == {}
    assert "Digital Ocean" not in said
    assert owner.account.asked() == []
    done = owner.type(*DROPLET)
    assert done.code == 1
    assert 'droplet_region = "fra1"' in done.said


def have_droplets(owner: Tried, *tags: str) -> None:
    body = {
        "region": "fra1",
        "size": "s-1vcpu-1gb",
        "image": "debian-13-x64",
        "names": ["one.example.org", "two.example.org"],
        "tags": ["freehold", *tags],
    }
    owner.account.ask("POST", "/v2/droplets", body)
    while any(
        one["status"] != "active" for one in owner.account.ask("GET", "/v2/droplets")["droplets"]
    ):
        pass


def test_further_tags_are_groups(owner: Tried) -> None:
    have_droplets(owner, "role:mirror")
    hosts, _ = owner.hosts()
    assert [*hosts] == ["one.example.org", "two.example.org"]
    assert {*hosts["one.example.org"]["groups"]} == {"droplets", "inventory", "role_mirror"}  # type: ignore[misc]


def test_a_tag_takes_no_name_from_the_inventory(owner: Tried) -> None:
    inventory = owner.project / "inventory.py"
    by_hand = ' = ["203.0.113.9"]\nmirror = ["203.0.113.9"]\n'
    inventory.write_text(inventory.read_text().replace(" = []\n", by_hand, 1))
    have_droplets(owner, "mirror", "json", "list")
    hosts, said = owner.hosts()
    assert {*hosts} == {"203.0.113.9", "one.example.org", "two.example.org"}
    for host in hosts.values():
        assert {*host["groups"]} == {"droplets", "inventory", "mirror"}  # type: ignore[misc]
    assert "the tag json" in said
    assert "the tag list" in said


@pytest.mark.slow
def test_of_two_of_one_name_none_is_deployed_to(owner: Tried) -> None:
    assert owner.type(*DROPLET).code == 0
    body = {"region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-13-x64", "name": DOMAIN}
    made = owner.account.ask("POST", "/v2/droplets", body | {"tags": ["freehold"]})
    path = f"/v2/droplets/{made['droplet']['id']}"
    while owner.account.ask("GET", path)["droplet"]["status"] != "active":
        pass
    hosts, said = owner.hosts()
    assert hosts == {}
    (why,) = left_out(said)
    assert "untag" in why


def test_the_token_of_doctl_is_found(owner: Tried) -> None:
    config = owner.account.folder / "config" / "doctl" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(f"access-token: {FULL}\ncontext: default\n")
    _, said = owner.hosts(DIGITALOCEAN_TOKEN="")
    assert "token" not in said
    assert owner.account.asked() == ["GET /v2/droplets"]


@pytest.mark.slow
def test_a_key_with_a_passphrase_and_no_agent(owner: Tried) -> None:
    key = owner.account.folder / "locked"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)]
    subprocess.run(command, check=True)
    describe(owner.project, owner.account.folder, key)
    done = owner.type(*DROPLET)
    assert done.code == 1
    assert f"ssh-add {key}" in done.said
    assert owner.account.things()["droplets"] == 0
    # The key that is named opens, whatever the other one does.
    open_key = owner.account.folder / "login"
    both = [f"{key}.pub", open_key.with_suffix(".pub").read_text().strip()]
    describe(owner.project, owner.account.folder, key, authorized_keys=both, ssh_key=str(open_key))
    assert owner.type(*DROPLET).code == 0
    read = owner.type(sys.executable, "-m", "digitalocean.described")
    assert json.loads(read.stdout)["connection"] == {"ssh_key": str(open_key)}


@pytest.mark.slow
def test_a_passphrase_that_is_named_is_for_pyinfra_and_not_for_ssh(owner: Tried) -> None:
    key = owner.account.folder / "locked"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(key)]
    subprocess.run(command, check=True)
    held = {"ssh_key": str(key), "ssh_key_password": "secret"}
    describe(owner.project, owner.account.folder, key, **held)
    assert owner.type(*DROPLET).code == 0
    assert owner.account.things()["droplets"] == 1
    read = owner.type(sys.executable, "-m", "digitalocean.described")
    assert json.loads(read.stdout)["connection"] == {}


def test_give_up_by_name_alone(owner: Tried) -> None:
    assert owner.type(*DROPLET).code == 0
    whole = owner.account.things()
    # Of another, that nobody asked to go.
    other = {"region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-13-x64", "name": "another"}
    owner.account.ask("POST", "/v2/droplets", other)
    # Of a blog that is given up as well.
    shutil.rmtree(owner.account.folder / "site")
    for typed, code, left in (("yes\n", 1, whole["droplets"] + 1), (f"{DOMAIN}\n", 0, 1)):
        done = subprocess.run(
            [sys.executable, "-m", "commands.destroy"],
            cwd=owner.project,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ
            | {
                "DIGITALOCEAN_TOKEN": FULL,
                "DIGITALOCEAN_API_URL": owner.account.url,
                "FREEHOLD_DROPLETS": str(owner.account.folder / "machine"),
            },
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "There is NO backup" in done.stdout
        assert owner.account.things()["droplets"] == left
    left_over = owner.account.things()
    assert (left_over["firewalls"], left_over["reserved_ips"], left_over["checks"]) == (0, 0, 0)
    assert left_over["A blog"] == left_over["TXT _freehold.blog"] == 0
    assert left_over["keys"] == 1


def beside(owner: Tried, **environment: str) -> object:
    data = owner.hosts(**environment)[0][DOMAIN]["data"]
    assert isinstance(data, dict)
    return data.get("_beside")


@pytest.mark.slow
def test_one_that_is_to_take_anothers_place_is_known_as_that(owner: Tried) -> None:
    assert owner.type(*DROPLET).code == 0
    (number,) = owner.account.account.state["droplets"]
    assert beside(owner) is None
    owner.account.ask("POST", "/v2/tags", {"name": "freehold-next"})
    resources = {"resources": [{"resource_id": number, "resource_type": "droplet"}]}
    owner.account.ask("POST", "/v2/tags/freehold-next/resources", resources)
    # The live one, from when on it has both.
    assert beside(owner) is None
    assert beside(owner, FREEHOLD_DROPLET_TAG="freehold-next") is True
